#include "net/range.h"

#include <fmt/core.h>
#include <charconv>

#include "base/text.h"

namespace hf::net {
namespace {

std::string_view without_weak(std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; }

// Weak comparison, section 13.1.2. A comma inside a quoted tag would split it; our tags hold none.
bool none_match(std::string_view list, std::string_view tag) {
  for (const auto part : split(list, ',')) {
    const auto item = trim(part);
    if (item == "*" || without_weak(item) == without_weak(tag)) return false;
  }
  return true;
}

bool not_modified(const Request& request, const Response& response) {
  const auto tag = response.headers.find("ETag");
  if (const auto list = request.headers.find("If-None-Match")) return tag && !none_match(*list, *tag);
  const auto since = request.headers.find("If-Modified-Since");
  const auto modified = response.headers.find("Last-Modified");
  if (!since || !modified) return false;
  const auto since_time = parse_http_date(*since), modified_time = parse_http_date(*modified);
  return since_time && modified_time && *modified_time <= *since_time;
}

// Section 13.1.5: the range only counts if the representation is still the one that the client has a part of.
bool range_holds(const Request& request, const Response& response) {
  const auto condition = request.headers.find("If-Range");
  if (!condition) return true;
  if (condition->starts_with('"')) return response.headers.find("ETag") == condition;
  return response.headers.find("Last-Modified") == condition;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

enum class Wanted { all, part, none };
struct Part {
  Wanted wanted = Wanted::all;
  std::uint64_t first = 0, size = 0;
};

// bytes=first-last, bytes=first-, bytes=-suffix. What is not understood is ignored (section 14.2).
Part parse_range(std::string_view text, std::uint64_t size) {
  if (!text.starts_with("bytes=")) return {};
  const auto spec = trim(text.substr(6));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return {};
  const auto first = number(spec.substr(0, dash)), last = number(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    const auto suffix = std::min(*last, size);
    return suffix == 0 ? Part{Wanted::none} : Part{Wanted::part, size - suffix, suffix};
  }
  const bool open = dash + 1 == spec.size();
  if (!first || (!last && !open) || (last && *last < *first)) return {};
  if (*first >= size) return {Wanted::none};
  const auto end = open ? size : std::min(*last, size - 1) + 1;
  return {Wanted::part, *first, end - *first};
}

}  // namespace

void apply_conditions(const Request& request, Response& response) {
  if (response.status != 200 || (request.method != Method::get && request.method != Method::head)) return;
  if (not_modified(request, response)) {
    response.status = 304;
    response.content = std::string();
    response.headers.remove("Content-Type");
    return;
  }
  auto* file = std::get_if<FileContent>(&response.content);
  const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.content);
  if (file == nullptr && shared == nullptr) return;
  response.headers.set("Accept-Ranges", "bytes");
  const auto range = request.headers.find("Range");
  if (!range || request.method != Method::get || !range_holds(request, response)) return;
  const auto size = *response.size();
  const auto part = parse_range(*range, size);
  if (part.wanted == Wanted::all) return;
  if (part.wanted == Wanted::none) {
    response.status = 416;
    response.headers.set("Content-Range", fmt::format("bytes */{}", size));
    response.headers.remove("Content-Type");
    response.content = std::string();
    return;
  }
  response.status = 206;
  response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", part.first, part.first + part.size - 1, size));
  if (file != nullptr) {
    file->offset += part.first;
    file->size = part.size;
  } else {
    response.content = (*shared)->substr(part.first, part.size);
  }
}

}  // namespace hf::net
