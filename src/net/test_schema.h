// Tests hold answers to the OpenAPI document. The checker knows the JSON Schema (2020-12) words that our schemas use
// and reports any other word, so that no constraint passes because it was not understood.
#pragma once

#include <regex.h>
#include <algorithm>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"

namespace hf::net::test {

class SchemaCheck {
 public:
  explicit SchemaCheck(const Json& document) : document_(document) {}

  // What does not match, with its JSON pointer; empty if `json` matches "#/components/schemas/<name>".
  [[nodiscard]] std::string problems(std::string_view name, const Json& json) const {
    const auto* schema = resolve("#/components/schemas/" + std::string(name));
    return schema ? check(*schema, json, "") : "no schema " + std::string(name);
  }

  // The answer of an operation, by its operation id: the schema of that status, or of "default".
  [[nodiscard]] std::string answer_problems(std::string_view operation_id, int status, std::string_view body) const {
    for (const auto& path : document_.at("paths").as_object())
      for (const auto& method : path.value().as_object()) {
        if (std::string_view(method.value().at("operationId").as_string()) != operation_id) continue;
        const auto& responses = method.value().at("responses").as_object();
        const auto* response = responses.if_contains(std::to_string(status));
        if (!response) {
          if (status < 400) return "status " + std::to_string(status) + " is not described";
          response = &responses.at("default");
        }
        if (const auto* to = response->as_object().if_contains("$ref"))
          response = resolve(std::string(to->as_string()));
        const auto* content = response->as_object().if_contains("content");
        if (!content) return body.empty() ? "" : "no content is described";
        const auto& media = content->as_object().begin()->value().as_object();
        const auto* schema = media.if_contains("schema");
        if (!schema) return {};
        const auto json = parse_json(body);
        return json ? check(*schema, *json, "") : "not JSON: " + std::string(body.substr(0, 100));
      }
    return "no operation " + std::string(operation_id);
  }

 private:
  [[nodiscard]] const Json* resolve(const std::string& pointer) const {
    boost::system::error_code error;
    return document_.find_pointer(pointer.substr(1), error);
  }

  static bool is_type(std::string_view type, const Json& json) {
    if (type == "null") return json.is_null();
    if (type == "boolean") return json.is_bool();
    if (type == "object") return json.is_object();
    if (type == "array") return json.is_array();
    if (type == "string") return json.is_string();
    if (type == "integer") return json.is_int64() || json.is_uint64();
    return type == "number" && json.is_number();
  }

  [[nodiscard]] std::string check(const Json& schema, const Json& json, const std::string& at) const {
    if (schema.is_bool()) return schema.get_bool() ? "" : at + ": nothing is allowed here; ";
    const auto& words = schema.as_object();
    const auto* properties = words.if_contains("properties");
    std::string out;
    const auto wrong = [&](const std::string& what) { out += (at.empty() ? "/" : at) + ": " + what + "; "; };
    for (const auto& [word, value] : words) {
      if (word == "$ref") {
        const auto* target = resolve(std::string(value.as_string()));
        if (target) out += check(*target, json, at);
        else wrong("unresolved " + std::string(value.as_string()));
      } else if (word == "type") {
        bool any = false;
        if (value.is_string()) any = is_type(value.get_string(), json);
        else
          for (const auto& type : value.as_array()) any = any || is_type(type.as_string(), json);
        if (!any) wrong("not of type " + to_text(value));
      } else if (word == "required") {
        for (const auto& name : value.as_array())
          if (json.is_object() && !json.get_object().contains(name.as_string()))
            wrong("lacks " + std::string(name.as_string()));
      } else if (word == "properties") {
        if (json.is_object())
          for (const auto& [name, property] : value.as_object())
            if (const auto* member = json.get_object().if_contains(name))
              out += check(property, *member, at + "/" + std::string(name));
      } else if (word == "additionalProperties") {
        if (json.is_object())
          for (const auto& [name, member] : json.get_object())
            if (!properties || !properties->as_object().contains(name))
              out += check(value, member, at + "/" + std::string(name));
      } else if (word == "items") {
        if (json.is_array())
          for (std::size_t i = 0; i < json.get_array().size(); ++i)
            out += check(value, json.get_array()[i], at + "/" + std::to_string(i));
      } else if (word == "enum") {
        const auto& list = value.as_array();
        if (std::find(list.begin(), list.end(), json) == list.end()) wrong("not one of " + to_text(value));
      } else if (word == "const") {
        if (json != value) wrong("not " + to_text(value));
      } else if (word == "allOf") {
        for (const auto& part : value.as_array()) out += check(part, json, at);
      } else if (word == "oneOf" || word == "anyOf") {
        std::size_t matches = 0;
        for (const auto& part : value.as_array()) matches += check(part, json, at).empty();
        if (matches == 0 || (word == "oneOf" && matches != 1))
          wrong(std::to_string(matches) + " of " + std::string(word) + " match");
      } else if (word == "pattern") {
        if (json.is_string() && !finds(std::string(value.as_string()), std::string(json.get_string())))
          wrong("does not match " + to_text(value));
      } else if (word == "minimum" || word == "maximum") {
        if (json.is_number() && (word == "minimum" ? json.to_number<double>() < value.to_number<double>()
                                                   : json.to_number<double>() > value.to_number<double>()))
          wrong(std::string(word) + " " + to_text(value));
      } else if (word == "minLength" || word == "maxLength") {
        if (json.is_string() && (word == "minLength" ? json.get_string().size() < value.to_number<std::size_t>()
                                                     : json.get_string().size() > value.to_number<std::size_t>()))
          wrong(std::string(word) + " " + to_text(value));
      } else if (word == "minItems" || word == "maxItems") {
        if (json.is_array() && (word == "minItems" ? json.get_array().size() < value.to_number<std::size_t>()
                                                   : json.get_array().size() > value.to_number<std::size_t>()))
          wrong(std::string(word) + " " + to_text(value));
      } else if (word == "format" && value == "date-time") {
        if (json.is_string() && !parse_rfc3339_text(json.get_string())) wrong("not an RFC 3339 time");
      } else if (word != "description" && word != "format" && word != "default" && word != "examples" &&
                 word != "title") {
        wrong("the checker does not know " + std::string(word));
      }
    }
    return out;
  }
  static bool finds(const std::string& pattern,
                    const std::string& text) {  // POSIX: what our patterns use is common to both
    regex_t compiled;
    if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
    const bool found = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    ::regfree(&compiled);
    return found;
  }
  static bool parse_rfc3339_text(std::string_view text) { return parse_rfc3339(text).has_value(); }

  const Json& document_;
};

}  // namespace hf::net::test
