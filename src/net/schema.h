// Words for the JSON Schemas (2020-12) of the API. Objects are closed: the conformance test fails on a member that was
// forgotten on either side, and clients are generated without guessing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace hf::net::schema {

struct Member {
  std::string_view name;
  JsonObject schema;
  bool required = true;
};

[[nodiscard]] JsonObject text(std::string_view description = {});
[[nodiscard]] JsonObject matching(std::string_view pattern, std::string_view description = {});  // a text
[[nodiscard]] JsonObject flag(std::string_view description = {});
[[nodiscard]] JsonObject count(std::string_view description = {});  // an integer from 0
[[nodiscard]] JsonObject time(std::string_view description = {});   // RFC 3339, UTC
[[nodiscard]] JsonObject sha256(std::string_view description = {});
[[nodiscard]] JsonObject country(std::string_view description = {});  // ISO 3166-1 alpha-2
[[nodiscard]] JsonObject choice(std::span<const std::string_view> words, std::string_view description = {});
[[nodiscard]] JsonObject choice(std::initializer_list<std::string_view> words, std::string_view description = {});
[[nodiscard]] JsonObject array(JsonObject items, std::string_view description = {});
[[nodiscard]] JsonObject ref(std::string_view name, std::string_view description = {});  // of components/schemas
[[nodiscard]] JsonObject or_null(JsonObject schema);
[[nodiscard]] JsonObject map(JsonObject values, std::string_view description = {});  // an object with names of its own
[[nodiscard]] JsonObject anything(std::string_view description = {});                // an open object
[[nodiscard]] JsonObject object(std::vector<Member> members, std::string_view description = {});
[[nodiscard]] Member optional(std::string_view name, JsonObject schema);

}  // namespace hf::net::schema
