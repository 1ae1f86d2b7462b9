#include "catalog/http.h"

#include <deque>

#include "accounts/authenticator.h"
#include "catalog/service.h"
#include "net/page.h"
#include "net/problem.h"
#include "net/schema.h"

namespace hf::catalog {
namespace {

using net::Request;
using net::Response;

std::string_view json_type(FieldType type) {
  switch (type) {
    case FieldType::name: return "name";
    case FieldType::text: return "text";
    case FieldType::integer: return "integer";
    case FieldType::time: return "time";
    case FieldType::choice: return "choice";
    case FieldType::country: return "country";
    case FieldType::sha256: return "sha256";
    case FieldType::reference: return "reference";
  }
  return "text";
}

JsonArray fields_json(const std::vector<Field>& fields) {
  JsonArray list;
  for (const auto& field : fields) {
    JsonArray choices;
    for (const auto choice : field.choices) choices.emplace_back(choice);
    list.push_back(JsonObject{{"name", field.name},
                              {"type", json_type(field.type)},
                              {"required", field.required},
                              {"help", field.help},
                              {"choices", std::move(choices)},
                              {"target", field.target.empty() ? Json(nullptr) : Json(field.target)}});
  }
  return list;
}

JsonObject description_of(const EntitySpec& spec) {
  JsonArray children;
  for (const auto& child : spec.children)
    children.push_back(JsonObject{{"name", child.name}, {"fields", fields_json(child.fields)}});
  return {{"name", spec.name},
          {"plural", spec.plural},
          {"noun", spec.noun},
          {"help", spec.help},
          {"key", spec.key},
          {"parent", spec.parent.empty() ? Json(nullptr) : Json(spec.parent)},
          {"fields", fields_json(spec.fields)},
          {"children", std::move(children)}};
}

Json allowed_actions(const Request& request) {
  const auto& held = request.principal.permissions;
  const bool may = std::find(held.begin(), held.end(), "catalog.write") != held.end();
  JsonObject create{{"action", "create"}, {"allowed", may}};
  if (!may) create["reason"] = "needs the permission catalog.write";
  return JsonArray{std::move(create)};
}

Result<Response> describe(const Request& request, const Api&) {
  JsonArray items;
  for (const auto* entity : entities()) {
    auto description = description_of(entity->spec());
    description["allowed_actions"] = allowed_actions(request);
    items.push_back(std::move(description));
  }
  return net::json_text_response(200, to_text(JsonObject{{"items", std::move(items)}}));
}

Result<Response> list_records(const Request& request, const Api& api, const Entity& entity) {
  HF_TRY(const auto wanted, net::page_of(request, 1));
  const Page page{wanted.after.empty() ? std::string() : wanted.after.front(), wanted.limit};
  HF_TRY(auto records, api.database.read([&](const db::Reader& reader) {
    return list(reader, entity, request.query("under"), page);
  }));
  const bool full = std::int64_t(records.size()) == wanted.limit;
  auto next = full ? std::optional(std::vector<std::string>{std::string(records.back().at("path").get_string())})
                   : std::nullopt;
  JsonArray items;
  for (auto& record : records) items.push_back(std::move(record));
  return net::page_response(std::move(items), next);
}

Result<Response> show_record(const Request& request, const Api& api, const Entity& entity) {
  HF_TRY(auto record,
         api.database.read([&](const db::Reader& reader) { return show(reader, entity, request.path("path")); }));
  record["allowed_actions"] = allowed_actions(request);
  return net::json_text_response(200, to_text(record));
}

Result<Response> create_record(const Request& request, const Api& api, const Entity& entity) {
  HF_TRY(const auto json, parse_json(request.body.text()));
  const auto* object = json.if_object();
  if (!object) return fail(ErrorKind::invalid, "HF-CATALOG-0001", "send one JSON object: the record's fields");
  const auto path_or =
      ledger::write(api.database, api.clock, accounts::actor_of(request),
                    [&](ledger::Transaction& transaction) { return create(transaction, entity, *object); });
  if (!path_or && path_or.error().code == "HF-CATALOG-0001") {
    std::vector<net::Fault> faults;
    for (auto& [where, pointer, what] : problems_of(entity, *object))
      faults.push_back({std::move(pointer), std::move(what)});
    return net::problem(path_or.error(), faults, request.id);
  }
  HF_TRY(const auto path, path_or);
  HF_TRY(auto record, api.database.read([&](const db::Reader& reader) { return show(reader, entity, path); }));
  record["allowed_actions"] = allowed_actions(request);
  auto response = net::json_text_response(201, to_text(record));
  response.headers.set("Location", "/v1/catalog/" + std::string(entity.spec().plural) + "/" + path);
  return response;
}

// Texts of the table: they live as long as the process, as the entities do.
std::string_view keep(std::string text) {
  static std::deque<std::string> texts;
  return texts.emplace_back(std::move(text));
}

std::string schema_name(const EntitySpec& spec) {
  std::string name;
  bool upper = true;
  for (const char c : spec.name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    name += upper ? char(c - 'a' + 'A') : c;
    upper = false;
  }
  return name;
}

// As a request gives it, or as an answer shows it.
enum class Of { request, answer };

JsonObject schema_of(const Field& field, Of of) {
  using namespace net::schema;
  const auto schema = [&]() -> JsonObject {
    switch (field.type) {
      case FieldType::name: return matching("^[A-Za-z0-9._+~-]{1,64}$", field.help);
      case FieldType::integer: return count(field.help);
      case FieldType::country: return country(field.help);
      case FieldType::choice: return choice(field.choices, field.help);
      case FieldType::time:
        return of == Of::answer ? time(field.help)
                                : matching("^[0-9]{4}-[0-9]{2}-[0-9]{2}",
                                           std::string(field.help) + "; a date or an instant, RFC 3339");
      case FieldType::sha256: return of == Of::answer ? sha256(field.help) : matching("^[0-9a-fA-F]{64}$", field.help);
      case FieldType::reference:
        return text(std::string(field.help) + ": the path of a record of '" + std::string(field.target) + "'");
      case FieldType::text: break;
    }
    return text(field.help);
  }();
  return field.required ? schema : or_null(schema);
}

// An answer has every member, null where the record says nothing.
std::vector<net::schema::Member> members_of(const std::vector<Field>& fields, Of of) {
  std::vector<net::schema::Member> members;
  for (const auto& field : fields)
    members.push_back({field.name, schema_of(field, of), of == Of::answer || field.required});
  return members;
}

net::Schemas description_schemas() {
  using namespace net::schema;
  const auto fields = array(ref("CatalogField"));
  return {
      {"CatalogField",
       to_text(
           object({{"name", text()},
                   {"type", choice({"name", "text", "integer", "time", "choice", "country", "sha256", "reference"})},
                   {"required", flag()},
                   {"help", text()},
                   {"choices", array(text(), "empty unless it is a choice")},
                   {"target", or_null(text("name of the entity that a reference leads to"))}}))},
      {"CatalogEntity",
       to_text(object({{"name", text()},
                       {"plural", text("the collection, in /v1/catalog/{plural}")},
                       {"noun", text()},
                       {"help", text()},
                       {"key", text("the field that ends the path")},
                       {"parent", or_null(text("the field whose path comes first in this record's"))},
                       {"fields", fields},
                       {"children", array(object({{"name", text()}, {"fields", fields}}), "lists of a record")},
                       {"allowed_actions", array(ref("AllowedAction"))}}))},
      {"CatalogDescription", to_text(object({{"items", array(ref("CatalogEntity"))}}))},
  };
}

constexpr std::uint64_t kRecordMax = 1U << 20;

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using enum net::Method;
  std::vector<net::Route> table;
  table.push_back({.method = get,
                   .path = "/v1/catalog",
                   .permission = "catalog.read",
                   .summary = "The kinds of record and their fields",
                   .response_schema = "CatalogDescription",
                   .handler = net::handle(api, &describe)});
  for (const auto* entity : entities()) {
    const auto& spec = entity->spec();
    const auto collection = keep("/v1/catalog/" + std::string(spec.plural));
    const auto schema = keep(schema_name(spec));
    table.push_back(
        {.method = get,
         .path = collection,
         .permission = "catalog.read",
         .summary = keep("List by path: " + std::string(spec.plural)),
         .response_schema = keep(std::string(schema) + "RecordPage"),
         .query = {{"under", "path of the record above"},
                   {"limit", "items in a page", "integer"},
                   {"cursor", "`next` of the page before"}},
         .handler = [&api, entity](const Request& request) { return list_records(request, api, *entity); }});
    table.push_back({.method = get,
                     .path = keep(std::string(collection) + "/{path...}"),
                     .permission = "catalog.read",
                     .summary = keep("Show " + std::string(spec.noun)),
                     .response_schema = schema,
                     .handler = [&api, entity](const Request& request) { return show_record(request, api, *entity); }});
    table.push_back(
        {.method = post,
         .path = collection,
         .permission = "catalog.write",
         .body_max = kRecordMax,
         .content_types = {"application/json"},
         .summary = keep("Create " + std::string(spec.noun) + ". " + std::string(spec.help)),
         .request_schema = keep("New" + std::string(schema)),
         .response_schema = schema,
         .success = 201,
         .idempotency_key = true,
         .handler = [&api, entity](const Request& request) { return create_record(request, api, *entity); }});
  }
  return table;
}

net::Schemas schemas() {
  using namespace net::schema;
  auto schemas = description_schemas();
  for (const auto* entity : entities()) {
    const auto& spec = entity->spec();
    const auto name = schema_name(spec);
    auto fresh = members_of(spec.fields, Of::request), line = members_of(spec.fields, Of::answer);
    line.push_back({"path", text("its name in every other place")});
    line.push_back({"entry", count("id of the ledger entry that proves it")});
    auto whole = line;
    for (const auto& child : spec.children) {
      fresh.push_back(optional(child.name, array(object(members_of(child.fields, Of::request)))));
      whole.push_back({child.name, array(object(members_of(child.fields, Of::answer)))});
    }
    whole.push_back({"allowed_actions", array(ref("AllowedAction"))});
    schemas[name] = to_text(object(whole, spec.help));
    schemas["New" + name] = to_text(object(fresh));
    schemas[name + "Record"] = to_text(object(line, "As in a list: without the record's own lists"));
    schemas[name + "RecordPage"] = net::page_schema(name + "Record");
  }
  return schemas;
}

}  // namespace hf::catalog
