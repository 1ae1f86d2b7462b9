// Keyset paging: a page names where the last one ended, never a row count to skip, so that a page costs a page
// however deep it is, and rows that come and go in between neither repeat nor hide others.
//
//   GET /v1/users?limit=50            {"items":[...],"next":"WyI1MCJd"}
//   GET /v1/users?limit=50&cursor=WyI1MCJd
//
// The cursor is opaque to clients: base64url of a JSON array of the key columns of the last item, as texts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "net/http.h"

namespace hf::net {

struct PageLimits {
  std::int64_t limit = 100;  // when the client does not say
  std::int64_t limit_max = 1000;
};

struct Page {
  std::int64_t limit = 0;
  std::vector<std::string> after{};  // empty: the first page

  // The one key of a list ordered by a number; HF-HTTP-0048 as below.
  [[nodiscard]] Result<std::int64_t> after_number(std::int64_t first = 0) const;
};

// HF-HTTP-0047 limit out of range, HF-HTTP-0048 not a cursor of this list (of `keys` texts).
[[nodiscard]] Result<Page> page_of(const Request& request, std::size_t keys, const PageLimits& limits = {});
[[nodiscard]] std::string cursor_of(const std::vector<std::string>& keys);
// {"items":[...],"next":cursor}; "next" is null on the last page.
[[nodiscard]] Response page_response(JsonArray items, const std::optional<std::vector<std::string>>& next);

}  // namespace hf::net
