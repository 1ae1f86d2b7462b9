#include "sbom/grammar/check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "sbom/digest.h"
#include "sbom/grammar/digest_set.h"
#include "sbom/grammar/path.h"
#include "sbom/grammar/scalar.h"
#include "sbom/grammar/wording.h"

namespace hf::sbom::grammar {
namespace {

namespace od = json::od;
using View = std::string_view;

constexpr std::uint64_t kTrue = 0x51ed270b, kFalse = 0x7b1f9a3d, kNull = 0x2d4c9e11;
const Node kAny{};

std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return fold(a ^ kMix, b ^ kSecret); }

class Checker {
 public:
  Checker(od::document& document, View text, const Limits& limits, bool (*elsewhere)(View))
      : document_(document), text_(text), limits_(limits), elsewhere_(elsewhere) {}

  Outcome run(const Node& root) {
    od::value value;
    if (const auto error = document_.get_value().get(value)) {
      malformed(error);
    } else {
      walk(value, root);
      const char* more = nullptr;
      if (!stopped_ && document_.current_location().get(more) != simdjson::OUT_OF_BOUNDS)
        stop("HF-SBOM-0002", "there is more text after the end of the document");
    }
    if (!outcome_.stopped) dangling();
    return std::move(outcome_);
  }

 private:
  // ---- findings
  void find(View code, std::string message) { find(path_.pointer(), code, std::move(message)); }
  void find(std::string pointer, View code, std::string message) {
    if (stopped_) return;
    if (outcome_.findings.size() >= limits_.findings_max) {
      outcome_.findings.push_back(
          {"", "HF-SBOM-0111",
           "there are more findings; the first " + std::to_string(limits_.findings_max) + " are listed"});
      stopped_ = true;
      return;
    }
    outcome_.findings.push_back({std::move(pointer), code, std::move(message)});
  }
  void stop(View code, std::string message) {
    if (stopped_) return;
    stopped_ = outcome_.stopped = true;
    outcome_.findings = {{path_.pointer(), code, std::move(message)}};
  }
  void malformed(simdjson::error_code error) { malformed(View(simdjson::error_message(error))); }
  void malformed(View why) {
    std::string where;
    const char* location = nullptr;
    if (!document_.current_location().get(location) && location >= text_.data() &&
        location <= text_.data() + text_.size())
      where = " near byte " + std::to_string(location - text_.data());
    stop("HF-SBOM-0002",
         "the text is not one JSON text in valid UTF-8, or it is cut off" + where + ": " + std::string(why));
  }

  // ---- values; each returns a digest that is equal for equal JSON values
  std::uint64_t walk(od::value value, const Node& node) {
    const View token = value.raw_json_token();
    switch (token.empty() ? '\0' : token.front()) {
      case '{': return object(value, node);
      case '[': return list(value, node);
      case '"': return text(value, node);
      case 't':
      case 'f': return boolean(without_trailing_space(token), node);
      case 'n':
        if (without_trailing_space(token) != "null") malformed("a bad literal");
        else if (node.kind != Kind::any)
          find("HF-SBOM-0102", "null where " + std::string(wanted(node)) + " is expected");
        return kNull;
      default: return number(without_trailing_space(token), node);
    }
  }

  const Node* pick(const Node& node, const Node* Node::*alternative, Kind kind, Kind other) {
    if (node.kind == Kind::any) return &kAny;
    if (node.kind == kind || node.kind == other) return &node;
    if (node.kind == Kind::choice && node.*alternative) return node.*alternative;
    return nullptr;
  }
  const Node& mismatch(const Node& node, View got) {
    find("HF-SBOM-0102", std::string(got) + " where " + std::string(wanted(node)) + " is expected");
    return kAny;
  }

  bool deeper() {
    if (path_.depth() < limits_.depth_max) return true;
    stop("HF-SBOM-0001",
         "the document nests deeper than the limit of " + std::to_string(limits_.depth_max) + " levels");
    return false;
  }

  std::uint64_t object(od::value value, const Node& given) {
    if (!deeper()) return 0;
    const Node* node = pick(given, &Node::if_object, Kind::object, Kind::select);
    if (!node) node = &mismatch(given, "an object");
    od::object object;
    if (const auto error = value.get_object().get(object)) return malformed(error), 0;
    if (node->kind == Kind::select) {
      node = select(object, *node);
      if (stopped_) return 0;
    }
    return members(object, *node);
  }

  // The class of an SPDX 3 element is the text of one of its members, which canonical JSON sorts late.
  const Node* select(od::object& object, const Node& node) {
    od::value named;
    View name;
    bool found = false;
    if (const auto error = object.find_field_unordered(node.member).get(named); !error) {
      json::RawString raw;
      found = json::raw_string(named, raw);
      name = raw.body;
    } else if (error != simdjson::NO_SUCH_FIELD) {
      malformed(error);
      return &kAny;
    }
    const auto index = found ? node.names.find(name) : NameTable::kNone;
    bool filled = false;
    if (const auto error = object.reset().get(filled)) malformed(error);
    if (index != NameTable::kNone) return node.classes[index];
    if (node.otherwise && has_form(name, Form::iri)) return node.otherwise;
    if (!found) find("HF-SBOM-0101", "the required member '" + std::string(node.member) + "' is missing");
    else
      find(path_.pointer() + "/" + std::string(node.member), "HF-SBOM-0103",
           quoted(name) + " is no class that can stand here");
    return &kAny;
  }

  std::uint64_t members(od::object& object, const Node& node) {
    MemberSet seen;
    std::uint64_t digest = 0x6f62;
    std::vector<View> others;
    DigestSet many;
    path_.enter();
    for (auto item : object) {
      od::field field;
      if (const auto error = std::move(item).get(field)) {
        malformed(error);
        break;
      }
      View key;
      if (!key_of(field, key)) break;
      path_.at(key);
      const Node* type = &kAny;
      std::uint64_t name = 0;
      if (const auto index = node.names.find(key); index != NameTable::kNone) {
        if (seen.contains(index)) repeated(key);
        seen.insert(index);
        type = node.properties[index].type;
        name = node.digests[index];
      } else {
        if (node.closed) find("HF-SBOM-0106", quoted(key) + " is no member of " + std::string(node.name));
        if (is_new(key, others, many)) others.push_back(key);
        else repeated(key);
        name = digest_of(key);
      }
      digest += mix(name, walk(field.value(), *type));
      if (stopped_) break;
    }
    path_.leave();
    if (stopped_) return 0;
    seen_ = seen;
    if (!seen.covers(node.required)) missing(node, seen);
    for (const auto& rule : node.rules) hold(rule, node, seen);
    return digest;
  }

  bool key_of(od::field& field, View& key) {
    const char* const raw = field.key().raw();
    const char* end = raw;
    while (*end != '"' && *end != '\\') ++end;
    if (*end == '"') {
      key = {raw, static_cast<std::size_t>(end - raw)};
      return true;
    }
    if (const auto error = field.unescaped_key().get(key)) return malformed(error), false;
    return true;
  }
  void repeated(View key) { find("HF-SBOM-0109", "the member " + quoted(key) + " stands twice in one object"); }
  static bool is_new(View key, const std::vector<View>& others, DigestSet& many) {
    if (others.size() < 16) return std::find(others.begin(), others.end(), key) == others.end();
    if (others.size() == 16)
      for (const auto other : others) (void)many.insert(digest_of(other));
    return many.insert(digest_of(key));
  }

  void missing(const Node& node, const MemberSet& seen) {
    for (std::uint32_t i = 0; i < node.properties.size(); ++i)
      if (node.properties[i].required && !seen.contains(i))
        find("HF-SBOM-0101", "the required member '" + std::string(node.names[i]) + "' is missing");
  }

  void hold(const Rule& rule, const Node& node, const MemberSet& seen) {
    const auto count =
        std::count_if(rule.members.begin(), rule.members.end(), [&](auto i) { return seen.contains(i); });
    const auto listed = [&](std::size_t from) {
      std::string names;
      for (auto i = from; i < rule.members.size(); ++i)
        names += (i == from                      ? "'"
                  : i + 1 == rule.members.size() ? " and '"
                                                 : ", '") +
                 std::string(node.names[rule.members[i]]) + "'";
      return names;
    };
    switch (rule.kind) {
      case RuleKind::exactly_one:
        if (count != 1)
          find("HF-SBOM-0108",
               "exactly one of the members " + listed(0) + " is required, there are " + std::to_string(count));
        break;
      case RuleKind::at_least_one:
        if (count < 1) find("HF-SBOM-0108", "at least one of the members " + listed(0) + " is required");
        break;
      case RuleKind::at_most_one:
        if (count > 1) find("HF-SBOM-0108", "the members " + listed(0) + " exclude each other");
        break;
      case RuleKind::requires_all:
        if (seen.contains(rule.members[0]) && count != static_cast<std::ptrdiff_t>(rule.members.size()))
          find("HF-SBOM-0108", "the member '" + std::string(node.names[rule.members[0]]) + "' requires " + listed(1));
        break;
    }
  }

  std::uint64_t list(od::value value, const Node& given) {
    if (!deeper()) return 0;
    const Node* node = pick(given, &Node::if_list, Kind::list, Kind::list);
    if (!node) node = &mismatch(given, "an array");
    const Node& type = node->items ? *node->items : kAny;
    od::array array;
    if (const auto error = value.get_array().get(array)) return malformed(error), 0;
    const auto first = digests_.size();
    std::uint64_t digest = 0x6c69;
    std::uint32_t count = 0, alone = NameTable::kNone;
    path_.enter();
    for (auto item : array) {
      od::value element;
      if (const auto error = std::move(item).get(element)) {
        malformed(error);
        break;
      }
      path_.at(count);
      seen_ = {};
      const auto item_digest = walk(element, type);
      if (stopped_) break;
      if (node->unique) digests_.push_back(item_digest);
      if (node->alone != NameTable::kNone && seen_.contains(node->alone)) alone = count;
      digest = mix(digest, item_digest);
      ++count;
    }
    path_.leave();
    if (stopped_) return 0;
    if (type.kind == Kind::object) outcome_.longest_list = std::max<std::size_t>(outcome_.longest_list, count);
    if (node->unique && count > 1) unique(std::span(digests_).subspan(first));
    digests_.resize(first);
    if (count < node->items_min)
      find("HF-SBOM-0104", "the array has " + std::to_string(count) + " items, at least " +
                               std::to_string(node->items_min) + " are required");
    if (alone != NameTable::kNone && count > 1)
      find("HF-SBOM-0108",
           "an item with '" + std::string(node->items->names[node->alone]) + "' must be the only one of the array");
    return digest;
  }

  void unique(std::span<const std::uint64_t> items) {
    if (items.size() <= 16) {
      for (std::size_t i = 1; i < items.size(); ++i)
        if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
            items.begin() + static_cast<std::ptrdiff_t>(i))
          twice(i);
      return;
    }
    DigestSet set;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (!set.insert(items[i])) twice(i);
  }
  void twice(std::size_t index) {
    find(path_.pointer() + "/" + std::to_string(index), "HF-SBOM-0107", "the array has this item twice");
  }

  std::uint64_t text(od::value value, const Node& given) {
    json::RawString raw;
    if (!json::raw_string(value, raw)) return malformed("a bad string"), 0;
    View text = raw.body;
    if (raw.escaped) {
      if (const auto error = value.get_string().get(text)) return malformed(error), 0;
      if (text.find('\0') != View::npos) find("HF-SBOM-0105", "the text holds U+0000");
    }
    const auto digest = digest_of(text);
    const Node* node = pick(given, &Node::if_text, Kind::text, Kind::words);
    if (!node) return mismatch(given, "a text"), digest;
    if (node->kind == Kind::words) {
      if (node->names.find(text) == NameTable::kNone)
        find("HF-SBOM-0103", quoted(text) + (node->names.size() == 1 ? " is not '" + std::string(node->names[0]) + "'"
                                                                     : " is no word of " + std::string(node->name)));
      return digest;
    }
    if (node->form != Form::any && !has_form(text, node->form)) {
      auto message = quoted(text) + " is not " + std::string(describe(node->form));
      if (!node->hint) find("HF-SBOM-0105", std::move(message));
      else if (warn()) outcome_.warnings.push_back({path_.pointer(), "HF-SBOM-0105", std::move(message)});
    }
    if (node->role != Role::none) name(*node, text, digest);
    return digest;
  }

  bool warn() {
    if (outcome_.warnings.size() < limits_.findings_max) return true;
    if (outcome_.warnings.size() == limits_.findings_max)
      outcome_.warnings.push_back({"", "HF-SBOM-0111", "there are more warnings"});
    return false;
  }

  void name(const Node& node, View text, std::uint64_t digest) {
    if (node.role == Role::id) {
      if (!names_.insert(digest))
        find("HF-SBOM-0107", "the identifier " + quoted(text) + " is already given to something else");
    } else if (node.role == Role::import) {
      (void)names_.insert(digest);
    } else if (!names_.contains(digest)) {
      unknown_.push_back({text, digest, path_.mark()});
    }
  }

  std::uint64_t boolean(View token, const Node& given) {
    if (token != "true" && token != "false") return malformed("a bad literal"), 0;
    if (!pick(given, &Node::if_boolean, Kind::boolean, Kind::boolean)) mismatch(given, "true or false");
    return token == "true" ? kTrue : kFalse;
  }

  std::uint64_t number(View token, const Node& given) {
    if (!is_number(token)) return malformed("a bad number or literal"), 0;
    double number = 0;
    std::from_chars(token.data(), token.data() + token.size(), number);
    const auto digest = digest_of({reinterpret_cast<const char*>(&number), sizeof number});
    const Node* node = pick(given, &Node::if_number, Kind::integer, Kind::number);
    if (!node) return mismatch(given, "a number"), digest;
    if (node->kind == Kind::integer && std::floor(number) != number)
      find("HF-SBOM-0102", "a fraction where a whole number is expected");
    else if (number < node->min || number > node->max)
      find("HF-SBOM-0104", "the number " + std::string(token.substr(0, 40)) + " is out of range");
    return digest;
  }

  // A reference may come before the name that it uses, so only now is known what is missing.
  void dangling() {
    for (const auto& [text, digest, mark] : unknown_) {
      if (names_.contains(digest) || elsewhere_(text)) continue;
      if (!warn()) return;
      outcome_.warnings.push_back(
          {path_.pointer(mark), "HF-SBOM-0110", "nothing in the document has the name " + quoted(text)});
    }
  }

  struct Unknown {
    View text;
    std::uint64_t digest;
    std::uint32_t mark;
  };

  od::document& document_;
  View text_;
  const Limits& limits_;
  bool (*elsewhere_)(View);
  Path path_;
  Outcome outcome_;
  bool stopped_ = false;
  MemberSet seen_;  // of the object that was walked last
  std::vector<std::uint64_t> digests_;
  DigestSet names_;
  std::vector<Unknown> unknown_;
};

}  // namespace

Outcome check(od::document& document, View text, const Node& root, const Limits& limits, bool (*elsewhere)(View)) {
  return Checker(document, text, limits, elsewhere).run(root);
}

}  // namespace hf::sbom::grammar
