#include "net/openapi.h"

#include "base/text.h"

namespace hf::net {
namespace {

constexpr std::string_view kProblem = R"json({
  "type": "object",
  "description": "RFC 9457 problem details. The code is stable and explained in the manual.",
  "additionalProperties": false,
  "required": ["title", "status", "code", "detail", "request_id"],
  "properties": {
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "code": {"type": "string", "pattern": "^HF-[A-Z0-9]+-[0-9]{4}$"},
    "detail": {"type": "string", "description": "What is wrong and what to do."},
    "request_id": {"type": "string"},
    "errors": {"type": "array", "description": "Places of the content that are at fault, where they are known.", "items": {
      "type": "object", "additionalProperties": false, "required": ["pointer", "detail"],
      "properties": {"pointer": {"type": "string", "description": "RFC 6901"}, "detail": {"type": "string"}}}}
  }
})json";

constexpr std::string_view kParameters = R"json({
  "limit": {"name": "limit", "in": "query", "required": false, "description": "Items a page.",
            "schema": {"type": "integer", "minimum": 1}},
  "cursor": {"name": "cursor", "in": "query", "required": false,
             "description": "The \"next\" of the page before; opaque.", "schema": {"type": "string"}},
  "idempotency_key": {"name": "Idempotency-Key", "in": "header", "required": false,
                      "description": "The same key with the same request gets the first answer again, for 24 hours.",
                      "schema": {"type": "string", "minLength": 1, "maxLength": 255}},
  "csrf": {"name": "X-CSRF-Token", "in": "header", "required": false,
           "description": "Needed with the session cookie: the \"csrf\" of GET /v1/session.", "schema": {"type": "string"}}
})json";

constexpr std::string_view kSecuritySchemes = R"json({
  "session": {"type": "apiKey", "in": "cookie", "name": "__Host-holdfast", "description": "Set by POST /v1/session."},
  "bearer": {"type": "http", "scheme": "bearer", "description": "An API token, hft_..., from POST /v1/tokens."}
})json";

Json literal(std::string_view text) { return parse_json(text).value(); }

auto broken(std::string message) { return fail(ErrorKind::internal, "HF-HTTP-0050", std::move(message)); }

bool is_safe(Method method) { return method == Method::get || method == Method::head || method == Method::options; }

JsonObject reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

// OpenAPI has no parameter of several segments: "{rest...}" is described as "{rest}".
std::string described_path(std::string_view path) {
  std::string out(path);
  if (const auto dots = out.find("...}"); dots != std::string::npos) out.erase(dots, 3);
  return out;
}

JsonArray parameters_of(const Route& route) {
  JsonArray list;
  for (const auto segment : split(route.path, '/')) {
    if (!segment.starts_with('{')) continue;
    auto name = segment.substr(1, segment.size() - 2);
    JsonObject parameter{{"in", "path"}, {"required", true}, {"schema", JsonObject{{"type", "string"}}}};
    if (name.ends_with("...")) {
      name.remove_suffix(3);
      parameter["description"] = "All that is left of the path, slashes included.";
    }
    parameter["name"] = name;
    list.push_back(std::move(parameter));
  }
  for (const auto& query : route.query)
    list.push_back(JsonObject{{"name", query.name},
                              {"in", "query"},
                              {"required", query.required},
                              {"description", query.summary},
                              {"schema", JsonObject{{"type", query.type}}}});
  if (route.paged) {
    list.push_back(reference("parameters", "limit"));
    list.push_back(reference("parameters", "cursor"));
  }
  if (route.idempotency_key) list.push_back(reference("parameters", "idempotency_key"));
  if (route.permission != kPublic && !is_safe(route.method)) list.push_back(reference("parameters", "csrf"));
  return list;
}

JsonObject media(std::string_view schema) {
  if (schema.empty()) return {};
  return {{"schema", reference("schemas", schema)}};
}

JsonObject operation_of(const Route& route) {
  JsonObject operation{{"operationId", operation_id(route.method, route.path)}};
  if (!route.summary.empty()) operation["summary"] = route.summary;
  // The resource after the version: /v1/users/{id} is of "users".
  const auto segments = split(route.path, '/');
  operation["tags"] = JsonArray{Json(segments.size() > 2 ? segments[2] : segments.back())};
  if (auto parameters = parameters_of(route); !parameters.empty()) operation["parameters"] = std::move(parameters);

  if (route.body_max > 0) {
    JsonObject content;
    for (const auto type : route.content_types) content[type] = media(route.request_schema);
    if (content.empty())
      content[route.request_schema.empty() ? "*/*" : "application/json"] = media(route.request_schema);
    operation["requestBody"] = JsonObject{{"required", !route.request_schema.empty()}, {"content", std::move(content)}};
  }

  JsonObject success{{"description", reason_of(route.success)}};
  if (route.success != 204 && route.success != 304)
    success["content"] = JsonObject{{route.response_type, media(route.response_schema)}};
  JsonObject responses{{std::to_string(route.success), success}};
  if (route.or_else != 0) {
    success["description"] = reason_of(route.or_else);
    responses[std::to_string(route.or_else)] = std::move(success);
  }
  responses["default"] = reference("responses", "Problem");
  operation["responses"] = std::move(responses);

  if (route.permission == kPublic) {
    operation["security"] = JsonArray{};
  } else {
    operation["security"] = JsonArray{JsonObject{{"session", JsonArray{}}}, JsonObject{{"bearer", JsonArray{}}}};
    if (route.permission != kSignedIn) operation["x-permission"] = route.permission;
  }
  return operation;
}

// Every "$ref" must lead to a schema that is there.
Result<void> check_references(const Json& json, const JsonObject& schemas) {
  constexpr std::string_view kBase = "#/components/schemas/";
  if (const auto* array = json.if_array()) {
    for (const auto& item : *array) HF_CHECK(check_references(item, schemas));
  } else if (const auto* object = json.if_object()) {
    for (const auto& [name, value] : *object) {
      if (name == "$ref" && value.is_string()) {
        const std::string_view target(value.get_string());
        if (target.starts_with(kBase) && !schemas.contains(target.substr(kBase.size())))
          return broken("the API description refers to a schema that is not there: " + std::string(target));
      }
      HF_CHECK(check_references(value, schemas));
    }
  }
  return {};
}

}  // namespace

std::string operation_id(Method method, std::string_view path) {
  std::string id = to_lower(name_of(method));
  for (const auto segment : split(path, '/')) {
    if (segment.empty()) continue;
    id += '_';
    for (const char c : segment) {
      if (c == '{' || c == '}') continue;
      id += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    }
  }
  return id;
}

std::string page_schema(std::string_view item) {
  return to_text(JsonObject{
      {"type", "object"},
      {"additionalProperties", false},
      {"required", JsonArray{"items", "next"}},
      {"properties", JsonObject{{"items", JsonObject{{"type", "array"}, {"items", reference("schemas", item)}}},
                                {"next", JsonObject{{"type", JsonArray{"string", "null"}},
                                                    {"description", "cursor of the next page"}}}}}});
}

Result<Json> openapi_document(const std::vector<Route>& routes, const Schemas& schemas, const ApiTitle& title) {
  JsonObject described{{"Problem", literal(kProblem)}};
  for (const auto& [name, text] : schemas) {
    auto schema = parse_json(text);
    if (!schema || !schema->is_object()) return broken("the schema '" + name + "' is not a JSON object");
    described[name] = *std::move(schema);
  }
  JsonObject paths;
  for (const auto& route : routes) {
    auto& path = paths[described_path(route.path)];
    if (!path.is_object()) path = JsonObject{};
    path.get_object()[to_lower(name_of(route.method))] = operation_of(route);
  }
  JsonObject components{
      {"parameters", literal(kParameters)},
      {"responses",
       JsonObject{{"Problem", JsonObject{{"description", "The request was refused or failed."},
                                         {"content", JsonObject{{"application/problem+json", media("Problem")}}}}}}},
      {"schemas", described},
      {"securitySchemes", literal(kSecuritySchemes)}};
  Json document = JsonObject{{"openapi", "3.1.0"},
                             {"info", JsonObject{{"title", title.title}, {"version", title.version}}},
                             {"paths", std::move(paths)},
                             {"components", std::move(components)}};
  HF_CHECK(check_references(document, described));
  return document;
}

Result<void> add_openapi_route(std::vector<Route>& routes, const Schemas& schemas, const ApiTitle& title) {
  Route route{.path = "/openapi.json", .permission = kPublic, .summary = "This description"};
  routes.push_back(route);
  HF_TRY(const auto document, openapi_document(routes, schemas, title));
  const auto text = std::make_shared<const std::string>(to_text(document));
  routes.back().handler = [text](const Request&) {
    Response response;
    response.headers.add("Content-Type", "application/json");
    response.content = text;
    return response;
  };
  return {};
}

}  // namespace hf::net
