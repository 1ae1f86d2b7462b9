#include "catalog/service.h"

#include <algorithm>
#include <map>

namespace hf::catalog {
namespace {

constexpr std::size_t kNameMax = 64, kTextMax = 4096, kChildrenMax = 10'000;
constexpr std::int64_t kIntegerMax = (std::int64_t(1) << 53) - 1;

// A value ready to be bound, with its text kept alive.
struct Stored {
  std::string text;
  std::int64_t integer = 0;
  enum { none, is_text, is_integer } kind = none;

  [[nodiscard]] db::Value value() const {
    if (kind == is_text) return std::string_view(text);
    if (kind == is_integer) return integer;
    return std::monostate{};
  }
};

bool is_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._+~-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kNameMax && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_plain(std::string_view text) {
  return text.size() <= kTextMax && is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
         });
}

// What is wrong with a value, or nothing.
std::string stored_of(const Field& field, const Json& json, Stored& out) {
  if (field.type == FieldType::integer) {
    if (!json.is_int64() || json.get_int64() < 0 || json.get_int64() > kIntegerMax) return "takes a whole number";
    out.integer = json.get_int64(), out.kind = Stored::is_integer;
    return {};
  }
  if (!json.is_string()) return "takes text";
  const std::string_view text = json.get_string();
  out.text = text, out.kind = Stored::is_text;
  switch (field.type) {
    case FieldType::name: return is_name(text) ? "" : "takes 1 to 64 letters, digits and . _ + ~ -";
    case FieldType::text:
    case FieldType::reference:
      return !text.empty() && is_plain(text) ? "" : "takes UTF-8 text of 1 to 4096 bytes without control characters";
    case FieldType::country:
      return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; })
                 ? ""
                 : "takes two capital letters (ISO 3166-1), such as DE";
    case FieldType::sha256:
      out.text = to_lower(text);
      return text.size() == 64 && from_hex(text) ? "" : "takes 64 hex digits";
    case FieldType::choice: {
      if (std::find(field.choices.begin(), field.choices.end(), text) != field.choices.end()) return {};
      std::string choices;
      for (const auto choice : field.choices) choices += (choices.empty() ? "" : ", ") + std::string(choice);
      return "is one of " + choices;
    }
    case FieldType::time: {
      const auto time = parse_rfc3339(text);
      if (!time) return "takes a time such as 2026-11-23 or 2026-11-23T09:30:00Z";
      out.integer = micros(*time), out.kind = Stored::is_integer;
      return {};
    }
    case FieldType::integer: break;
  }
  return {};
}

// Where a member is, for people and as a JSON pointer.
struct Place {
  std::string text, pointer;
  [[nodiscard]] Place member(std::string_view name) const {
    std::string token;
    for (const char c : name) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return {text + (text.empty() ? "" : ".") + std::string(name), pointer + "/" + token};
  }
  [[nodiscard]] Place item(std::size_t n) const {
    return {text + "[" + std::to_string(n) + "]", pointer + "/" + std::to_string(n)};
  }
};

void add_problem(std::vector<FieldProblem>& problems, const Place& place, std::string_view what) {
  problems.push_back({place.text, place.pointer, std::string(what)});
}

// All fields of `json`, in the order of `fields`; problems collected.
std::vector<Stored> read_fields(const std::vector<Field>& fields, const std::vector<Children>& children,
                                const JsonObject& json, const Place& record, std::vector<FieldProblem>& problems) {
  std::vector<Stored> values(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto* value = json.if_contains(fields[i].name);
    const auto where = record.member(fields[i].name);
    if (!value || value->is_null()) {
      if (fields[i].required) add_problem(problems, where, "is missing");
      continue;
    }
    if (const auto problem = stored_of(fields[i], *value, values[i]); !problem.empty())
      add_problem(problems, where, problem);
  }
  for (const auto& [name, value] : json) {
    const bool known =
        std::any_of(fields.begin(), fields.end(), [&, &key = name](const Field& f) { return f.name == key; }) ||
        std::any_of(children.begin(), children.end(), [&, &key = name](const Children& c) { return c.name == key; });
    if (!known) add_problem(problems, record.member(name), "is not a field");
  }
  return values;
}

Result<void> resolve_references(const db::Reader& reader, const std::vector<Field>& fields,
                                std::vector<Stored>& values) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].type != FieldType::reference || values[i].kind == Stored::none) continue;
    const auto id = resolve(reader, *find_entity(fields[i].target), values[i].text);
    if (!id)
      return fail(ErrorKind::invalid, "HF-CATALOG-0002", std::string(fields[i].name) + ": " + id.error().message,
                  id.error().detail);
    values[i].integer = *id, values[i].kind = Stored::is_integer;
  }
  return {};
}

const Stored* value_of(const std::vector<Field>& fields, const std::vector<Stored>& values, std::string_view name) {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == name) return &values[i];
  return nullptr;
}

std::string_view first_segment(std::string_view path) { return path.substr(0, path.find('/')); }
std::string_view parent_of(std::string_view path) { return path.substr(0, path.rfind('/')); }

// What the schema cannot say: references stay within the product.
Result<void> check_rules(const Entity& entity, const std::vector<Stored>& values,
                         const std::vector<std::vector<Stored>>& children) {
  const auto& spec = entity.spec();
  const auto* product = value_of(spec.fields, values, "product");
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    const auto& field = spec.fields[i];
    if (!product || field.type != FieldType::reference || field.name == "product" || values[i].text.empty()) continue;
    if (first_segment(values[i].text) != product->text)
      return fail(ErrorKind::invalid, "HF-CATALOG-0002",
                  std::string(field.name) + " '" + values[i].text + "' is not of product '" + product->text + "'");
  }
  if (spec.name == "release") {
    const auto* kind = value_of(spec.fields, values, "kind");
    const auto* reason = value_of(spec.fields, values, "mixed_reason");
    if (kind->text == "mixed" && reason->kind == Stored::none)
      return fail(ErrorKind::invalid, "HF-CATALOG-0004",
                  "a mixed release needs mixed_reason: why the security updates could not be delivered separately (CRA "
                  "Annex I Part II (2))");
    std::map<std::string, std::string, std::less<>> modules;
    for (const auto& child : children) {
      const auto& build = child.front().text;
      if (first_segment(build) != product->text)
        return fail(ErrorKind::invalid, "HF-CATALOG-0002",
                    "build '" + build + "' is not of product '" + product->text + "'");
      const auto [other, fresh] = modules.emplace(parent_of(build), build);
      if (!fresh)
        return fail(ErrorKind::invalid, "HF-CATALOG-0004",
                    "a release has one build a module, but has both '" + other->second + "' and '" + build + "'");
    }
  }
  return {};
}

Json shown(const Field& field, const db::Row& row, std::size_t i) {
  if (row.is_null(i)) return nullptr;
  if (field.type == FieldType::time) return Json(format_rfc3339(row.time(i)));
  if (field.type == FieldType::integer) return Json(row.int64(i));
  return Json(row.text(i));
}

JsonObject read_record(const Entity& entity, const db::Row& row) {
  JsonObject object{{"path", row.text(2)}, {"entry", row.int64(1)}};
  std::size_t i = 3;
  for (const auto& field : entity.spec().fields) {
    if (field.name == "code") object["code"] = row.text(2).substr(row.text(2).rfind('/') + 1);
    else object[field.name] = shown(field, row, i++);
  }
  return object;
}

struct ReadRecord {
  std::vector<Stored> values;
  std::vector<std::vector<Stored>> child_values;
  std::vector<const Entity::ChildStatements*> child_of;
  std::vector<FieldProblem> problems;
};

ReadRecord read_all(const Entity& entity, const JsonObject& record) {
  const auto& spec = entity.spec();
  ReadRecord read;
  read.values = read_fields(spec.fields, spec.children, record, {}, read.problems);
  for (const auto& child : entity.children) {
    const auto* array = record.if_contains(child.children->name);
    if (!array) continue;
    const auto where = Place{}.member(child.children->name);
    if (!array->is_array() || array->get_array().size() > kChildrenMax) {
      add_problem(read.problems, where, "takes a list of at most 10000 objects");
      continue;
    }
    for (std::size_t n = 0; n < array->get_array().size(); ++n) {
      const auto* object = array->get_array()[n].if_object();
      if (!object) {
        add_problem(read.problems, where.item(n), "takes an object");
        continue;
      }
      read.child_values.push_back(read_fields(child.children->fields, {}, *object, where.item(n), read.problems));
      read.child_of.push_back(&child);
    }
  }
  return read;
}

auto no_such(const Entity& entity, std::string_view path) {
  return fail(ErrorKind::not_found, "HF-CATALOG-0005",
              "there is no " + std::string(entity.spec().name) + " '" + std::string(path.substr(0, 200)) + "'");
}

}  // namespace

std::vector<FieldProblem> problems_of(const Entity& entity, const JsonObject& record) {
  return read_all(entity, record).problems;
}

Result<std::string> create(ledger::Transaction& transaction, const Entity& entity, const JsonObject& record) {
  const auto& spec = entity.spec();
  auto [values, child_values, child_of, problems] = read_all(entity, record);
  if (!problems.empty()) {
    std::string text;
    for (const auto& [where, pointer, what] : problems) text += (text.empty() ? "" : "; ") + where + " " + what;
    return fail(ErrorKind::invalid, "HF-CATALOG-0001", "not " + std::string(spec.noun) + ": " + text);
  }

  HF_CHECK(check_rules(entity, values, child_values));
  std::string path = value_of(spec.fields, values, spec.key)->text;
  if (!spec.parent.empty()) path = value_of(spec.fields, values, spec.parent)->text + "/" + path;
  HF_CHECK(resolve_references(transaction.db(), spec.fields, values));
  for (std::size_t n = 0; n < child_values.size(); ++n)
    HF_CHECK(resolve_references(transaction.db(), child_of[n]->children->fields, child_values[n]));

  HF_TRY(const auto id, transaction.db().next_id());
  JsonObject facts = record;
  facts["path"] = path;
  const auto product = first_segment(path);
  std::vector<std::string> subjects{std::string(spec.name) + ":" + path};
  if (spec.parent == "product" || spec.parent == "module") subjects.push_back("product:" + std::string(product));
  HF_TRY(const auto entry,
         transaction.append(std::string(spec.name) + ".created", std::move(subjects), std::move(facts)));

  std::vector<db::Value> row{id, entry.value, std::string_view(path)};
  for (std::size_t i = 0; i < spec.fields.size(); ++i)
    if (spec.fields[i].name != "code") row.push_back(values[i].value());
  if (auto done = transaction.db().execute_many(*entity.insert, row, row.size()); !done) {
    if (done.error().code == "HF-DB-0002")
      return fail(ErrorKind::conflict, "HF-CATALOG-0003", std::string(spec.name) + " '" + path + "' exists already",
                  done.error().detail);
    return fail(done.error());
  }
  HF_CHECK(transaction.prove(entry, *entity.proven, id));

  for (std::size_t n = 0; n < child_values.size(); ++n) {
    HF_TRY(const auto child_id, transaction.db().next_id());
    std::vector<db::Value> child_row{child_id, entry.value, id};
    for (const auto& value : child_values[n]) child_row.push_back(value.value());
    if (auto done = transaction.db().execute_many(*child_of[n]->insert, child_row, child_row.size()); !done) {
      if (done.error().code == "HF-DB-0002")
        return fail(ErrorKind::conflict, "HF-CATALOG-0003",
                    std::string(child_of[n]->children->name) + " names the same thing twice", done.error().detail);
      return fail(done.error());
    }
    HF_CHECK(transaction.prove(entry, *child_of[n]->proven, child_id));
  }
  return path;
}

Result<std::int64_t> resolve(const db::Reader& reader, const Entity& entity, std::string_view path) {
  HF_TRY(const auto id, reader.find(
                            *entity.resolve, [](const db::Row& row) { return row.int64(0); }, path));
  if (!id) return no_such(entity, path);
  return *id;
}

Result<JsonObject> show(const db::Reader& reader, const Entity& entity, std::string_view path) {
  std::int64_t id = 0;
  HF_TRY(auto found,
         reader.find(
             *entity.find, [&](const db::Row& row) { return id = row.int64(0), read_record(entity, row); }, path));
  if (!found) return no_such(entity, path);
  for (const auto& child : entity.children) {
    JsonArray items;
    HF_CHECK(reader.each(
        *child.select,
        [&](const db::Row& row) {
          JsonObject item;
          for (std::size_t i = 0; i < child.children->fields.size(); ++i)
            item[child.children->fields[i].name] = shown(child.children->fields[i], row, i);
          items.push_back(std::move(item));
          return true;
        },
        id));
    (*found)[child.children->name] = std::move(items);
  }
  return std::move(*found);
}

Result<std::vector<JsonObject>> list(const db::Reader& reader, const Entity& entity, std::string_view parent,
                                     const Page& page) {
  // '0' is the character after '/': the range "parent/" to "parent0" is exactly what is below the parent.
  const std::string first = parent.empty() ? std::string() : std::string(parent) + "/";
  const std::string end = parent.empty() ? "\xf4\x8f\xbf\xbf" : std::string(parent) + "0";
  return reader.select(
      *entity.list, [&](const db::Row& row) { return read_record(entity, row); }, std::max(first, page.after), end,
      page.limit);
}

}  // namespace hf::catalog
