#include "ceremony/template.h"

#include <algorithm>
#include <functional>
#include <set>

#include "pki/profile_digest.h"

namespace hf::ceremony {
namespace {

constexpr std::size_t kDepthMax = 8;

bool is_place(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// replace(name) for each "{name}" of the text.
std::string with_places(std::string_view text, const std::function<std::string(std::string_view)>& replace) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '{')
      while (end < text.size() && is_place(text[end])) ++end;
    if (text[i] == '{' && end > i + 1 && end < text.size() && text[end] == '}') {
      out += replace(text.substr(i + 1, end - i - 1));
      i = end + 1;
    } else {
      out += text[i++];
    }
  }
  return out;
}

// Every text of a value of bounded depth: parse_json() has bounded it.
void each_text(Json& json, const std::function<void(Json&)>& visit, std::size_t depth = 0) {
  if (depth > kDepthMax) return;
  if (json.is_string()) visit(json);
  if (auto* const object = json.if_object())
    for (auto& member : *object) each_text(member.value(), visit, depth + 1);
  if (auto* const array = json.if_array())
    for (auto& item : *array) each_text(item, visit, depth + 1);
}

auto unfilled(std::string what) { return fail(ErrorKind::invalid, "HF-CEREMONY-0019", std::move(what)); }

void fill_missing(JsonObject& object, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (!object.contains(name)) object[name] = nullptr;
}

Result<void> complete_person(JsonObject& person) {
  const auto* const pem = person.if_contains("public_key");
  if (!pem || !pem->is_string()) return {};
  HF_TRY(const auto key, crypto::public_key_of_pem(pem->get_string()));
  person["spki"] = to_hex(crypto::to_spki(key));
  person.erase("public_key");
  return {};
}

}  // namespace

std::vector<std::string> places_of(const Json& source) {
  std::vector<std::string> names;
  auto json = source;
  each_text(json, [&](Json& text) {
    static_cast<void>(with_places(text.get_string(), [&](std::string_view name) {
      if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
      return std::string();
    }));
  });
  return names;
}

Result<keys::CeremonyScript> fill(const Json& source, const Filling& filling) {
  const auto places = places_of(source);
  std::string missing;
  for (const auto& name : places)
    if (!filling.values.contains(name)) missing += (missing.empty() ? "" : ", ") + name;
  if (!missing.empty())
    return unfilled("the script has places that nothing fills: " + missing + "; give --set NAME=VALUE");
  for (const auto& [name, value] : filling.values)
    if (std::ranges::find(places, name) == places.end()) return unfilled("the script has no place '" + name + "'");
  auto json = source;
  each_text(json, [&](Json& text) {
    text = with_places(text.get_string(), [&](std::string_view name) { return filling.values.find(name)->second; });
  });
  auto* const object = json.if_object();
  if (!object) return unfilled("the script is not a JSON object");
  (*object)["type"] = "holdfast-ceremony-script-1";
  fill_missing(*object, {"not_before", "not_after"});
  if (!filling.people.is_null()) (*object)["people"] = filling.people;
  if (auto* const people = object->if_contains("people"); people && people->is_array())
    for (auto& one : people->get_array())
      if (auto* const person = one.if_object()) HF_CHECK(complete_person(*person));
  if (auto* const steps = object->if_contains("steps"); steps && steps->is_array())
    for (auto& one : steps->get_array()) {
      auto* const step = one.if_object();
      if (!step) continue;
      const auto* const profile = step->if_contains("profile");
      if (profile && profile->is_string() && !step->contains("profile_sha256"))
        if (const auto digest = pki::profile_digest(profile->get_string())) (*step)["profile_sha256"] = *digest;
    }
  return keys::ceremony_script_of(json);
}

Result<Json> template_named(std::string_view name) {
  for (const auto& [known, text] : embedded_scripts())
    if (known == name) return parse_json(text);
  return fail(ErrorKind::not_found, "HF-CEREMONY-0020",
              "no script '" + std::string(name) + "' comes with Holdfast; 'holdfast ceremony scripts' lists them");
}

}  // namespace hf::ceremony
