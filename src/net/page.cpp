#include "net/page.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace hf::net {
namespace {

constexpr std::size_t kCursorMax = 2048;

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

auto bad_cursor() {
  return fail(ErrorKind::invalid, "HF-HTTP-0048", "cursor is not one that this list gave; begin without it");
}

}  // namespace

Result<std::int64_t> Page::after_number(std::int64_t first) const {
  if (after.empty()) return first;
  const auto number = integer(after.front());
  if (!number) return bad_cursor();
  return *number;
}

Result<Page> page_of(const Request& request, std::size_t keys, const PageLimits& limits) {
  Page page{.limit = limits.limit};
  if (request.has_query("limit")) {
    const auto limit = integer(request.query("limit"));
    if (!limit || *limit < 1 || *limit > limits.limit_max)
      return fail(ErrorKind::invalid, "HF-HTTP-0047",
                  "limit takes a number from 1 to " + std::to_string(limits.limit_max));
    page.limit = *limit;
  }
  auto cursor = std::string(request.query("cursor"));
  if (cursor.empty()) return page;
  if (cursor.size() > kCursorMax) return bad_cursor();
  std::replace(cursor.begin(), cursor.end(), '-', '+');
  std::replace(cursor.begin(), cursor.end(), '_', '/');
  cursor.append((4 - cursor.size() % 4) % 4, '=');
  const auto bytes = from_base64(cursor);
  if (!bytes) return bad_cursor();
  const auto json = parse_json(text_of(*bytes), {.bytes_max = kCursorMax, .depth_max = 2});
  if (!json || !json->is_array() || json->get_array().size() != keys) return bad_cursor();
  for (const auto& key : json->get_array()) {
    if (!key.is_string()) return bad_cursor();
    page.after.emplace_back(key.get_string());
  }
  return page;
}

std::string cursor_of(const std::vector<std::string>& keys) {
  const auto text = to_text(JsonArray(keys.begin(), keys.end()));
  auto cursor = to_base64(bytes_of(text));
  cursor.erase(std::min(cursor.find('='), cursor.size()));
  std::replace(cursor.begin(), cursor.end(), '+', '-');
  std::replace(cursor.begin(), cursor.end(), '/', '_');
  return cursor;
}

Response page_response(JsonArray items, const std::optional<std::vector<std::string>>& next) {
  JsonObject page{{"items", std::move(items)}, {"next", nullptr}};
  if (next) page["next"] = cursor_of(*next);
  return json_text_response(200, to_text(page));
}

}  // namespace hf::net
