#include "net/schema.h"

namespace hf::net::schema {
namespace {

JsonObject described(JsonObject schema, std::string_view description) {
  if (!description.empty()) schema["description"] = description;
  return schema;
}

}  // namespace

JsonObject text(std::string_view description) { return described({{"type", "string"}}, description); }
JsonObject matching(std::string_view pattern, std::string_view description) {
  return described({{"type", "string"}, {"pattern", pattern}}, description);
}
JsonObject flag(std::string_view description) { return described({{"type", "boolean"}}, description); }
JsonObject count(std::string_view description) { return described({{"type", "integer"}, {"minimum", 0}}, description); }
JsonObject time(std::string_view description) {
  return described({{"type", "string"}, {"format", "date-time"}}, description);
}
JsonObject sha256(std::string_view description) { return matching("^[0-9a-f]{64}$", description); }
JsonObject country(std::string_view description) {
  return matching("^[A-Z]{2}$", description.empty() ? "ISO 3166-1 alpha-2" : description);
}

JsonObject choice(std::span<const std::string_view> words, std::string_view description) {
  return described({{"type", "string"}, {"enum", JsonArray(words.begin(), words.end())}}, description);
}
JsonObject choice(std::initializer_list<std::string_view> words, std::string_view description) {
  return choice(std::span(words.begin(), words.size()), description);
}

JsonObject array(JsonObject items, std::string_view description) {
  return described({{"type", "array"}, {"items", std::move(items)}}, description);
}

JsonObject ref(std::string_view name, std::string_view description) {
  return described({{"$ref", "#/components/schemas/" + std::string(name)}}, description);
}

JsonObject or_null(JsonObject schema) {
  if (schema.contains("$ref")) {
    JsonObject either{{"oneOf", JsonArray{JsonObject{{"$ref", schema.at("$ref")}}, JsonObject{{"type", "null"}}}}};
    if (const auto* description = schema.if_contains("description")) either["description"] = *description;
    return either;
  }
  schema["type"] = JsonArray{schema.at("type"), "null"};
  if (auto* words = schema.if_contains("enum")) words->as_array().emplace_back(nullptr);
  return schema;
}

JsonObject map(JsonObject values, std::string_view description) {
  return described({{"type", "object"}, {"additionalProperties", std::move(values)}}, description);
}

JsonObject anything(std::string_view description) {
  return described({{"type", "object"}, {"additionalProperties", true}}, description);
}

JsonObject object(std::vector<Member> members, std::string_view description) {
  JsonArray required;
  JsonObject properties;
  for (auto& member : members) {
    if (member.required) required.emplace_back(member.name);
    properties[member.name] = std::move(member.schema);
  }
  return described({{"type", "object"},
                    {"additionalProperties", false},
                    {"required", std::move(required)},
                    {"properties", std::move(properties)}},
                   description);
}

Member optional(std::string_view name, JsonObject schema) { return {name, std::move(schema), false}; }

}  // namespace hf::net::schema
