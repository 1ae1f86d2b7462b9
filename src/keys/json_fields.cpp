#include "keys/json_fields.h"

#include <algorithm>

#include "base/text.h"

namespace hf::keys {

bool is_plain(std::string_view text) {
  if (!is_utf8(text)) return false;
  if (std::ranges::any_of(text, [](char c) { return std::uint8_t(c) < 0x20 || c == 0x7f; })) return false;
  // As UTF-8: C1 controls, U+061C, U+200E and F, U+2028 to U+202E, U+2066 to U+2069.
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto a = std::uint8_t(text[i]), b = std::uint8_t(text[i + 1]),
               c = i + 2 < text.size() ? std::uint8_t(text[i + 2]) : std::uint8_t{0};
    if (a == 0xc2 && b < 0xa0) return false;
    if (a == 0xd8 && b == 0x9c) return false;
    if (a == 0xe2 && b == 0x80 && (c == 0x8e || c == 0x8f || (c >= 0xa8 && c <= 0xae))) return false;
    if (a == 0xe2 && b == 0x81 && c >= 0xa6 && c <= 0xa9) return false;
  }
  return true;
}

Fields::Fields(const Json& json, std::string pointer, std::vector<Fault>& faults)
    : object_(json.if_object()), pointer_(std::move(pointer)), faults_(faults) {
  if (!object_) faults_.push_back({pointer_, "an object is expected"});
}

const Json* Fields::find(std::string_view name) {
  asked_.emplace(name);
  if (!object_) return nullptr;
  const auto* member = object_->if_contains(name);
  return member && !member->is_null() ? member : nullptr;
}

std::optional<std::string> Fields::text_or_none(std::string_view name, std::size_t max) {
  const auto* member = find(name);
  if (!member) return std::nullopt;
  const auto* text = member->if_string();
  if (!text) return fault(name, "a text is expected"), std::nullopt;
  // What an approver reads must be what is there: no control characters, and no text that turns its direction.
  if (text->size() > max || !is_plain(*text))
    return fault(name, "at most " + std::to_string(max) + " bytes, without control or direction characters"),
           std::nullopt;
  return std::string(*text);
}

std::string Fields::text(std::string_view name, std::size_t max) {
  if (!find(name)) {
    if (object_) fault(name, "is missing");
    return {};
  }
  return text_or_none(name, max).value_or(std::string());
}

std::optional<std::int64_t> Fields::integer_or_none(std::string_view name, std::int64_t min, std::int64_t max) {
  const auto* member = find(name);
  if (!member) return std::nullopt;
  const auto* number = member->if_int64();
  if (!number || *number < min || *number > max)
    return fault(name, "an integer from " + std::to_string(min) + " to " + std::to_string(max) + " is expected"),
           std::nullopt;
  return *number;
}

std::int64_t Fields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  if (!find(name)) {
    if (object_) fault(name, "is missing");
    return min;
  }
  return integer_or_none(name, min, max).value_or(min);
}

bool Fields::flag(std::string_view name) {
  const auto* member = find(name);
  if (!member) return false;
  if (!member->is_bool()) return fault(name, "true or false is expected"), false;
  return member->get_bool();
}

std::optional<Time> Fields::time_or_none(std::string_view name) {
  const auto text = text_or_none(name, 40);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (!time) return fault(name, "an instant of RFC 3339 is expected"), std::nullopt;
  return *time;
}

const JsonArray* Fields::array(std::string_view name, std::size_t count_max) {
  const auto* member = find(name);
  if (!member) return nullptr;
  const auto* list = member->if_array();
  if (!list || list->size() > count_max)
    return fault(name, "a list of at most " + std::to_string(count_max) + " is expected"), nullptr;
  return list;
}

std::optional<std::vector<std::string>> Fields::texts_or_none(std::string_view name, std::size_t count_max) {
  if (!find(name)) return std::nullopt;
  const auto* list = array(name, count_max);
  if (!list) return std::nullopt;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto* text = (*list)[i].if_string();
    if (!text || text->empty() || text->size() > 256 || !is_plain(*text))
      fault(std::string(name) + "/" + std::to_string(i),
            "a text of 1 to 256 bytes without control characters is expected");
    else texts.emplace_back(*text);
  }
  return texts;
}

std::vector<std::string> Fields::texts(std::string_view name, std::size_t count_max) {
  auto list = texts_or_none(name, count_max);
  if (!list && object_ && !find(name)) fault(name, "is missing");
  return list ? *std::move(list) : std::vector<std::string>();
}

Bytes Fields::hex(std::string_view name, std::size_t size_max) {
  const auto value = text(name, size_max * 2);
  auto bytes = from_hex(value);
  if (!bytes || bytes->empty()) {
    if (object_) fault(name, "hexadecimal digits are expected");
    return {};
  }
  return *std::move(bytes);
}

void Fields::close() {
  if (!object_) return;
  for (const auto& member : *object_)
    if (!asked_.contains(std::string_view(member.key()))) fault(member.key(), "is not known here");
}

std::string_view text_at(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  const auto* text = member ? member->if_string() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}
std::int64_t number_at(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  const auto* number = member ? member->if_int64() : nullptr;
  return number ? *number : 0;
}
const JsonObject* object_at(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  return member ? member->if_object() : nullptr;
}
const JsonArray* array_at(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  return member ? member->if_array() : nullptr;
}

JsonArray list_of(const std::vector<std::string>& texts) {
  JsonArray list;
  for (const auto& text : texts) list.emplace_back(text);
  return list;
}
std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

}  // namespace hf::keys
