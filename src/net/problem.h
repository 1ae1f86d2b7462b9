// Problem details (RFC 9457): application/problem+json with "code" and "request_id". Error::detail never leaves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace hf::net {

// Where an error arose decides between 400 and 422 and between 413 and 429.
enum class Stage {
  admission,  // authentication, permission, rate: nothing was asked of the domain yet
  handling,   // a request without content: its path, query and headers
  content,    // a request with content
};

// The only place that turns a kind into a status:
//   invalid 400 (422 with content), unauthenticated 401, forbidden 403, not_found 404, conflict 409,
//   limit 429 (413 with content), unavailable 503, internal 500
[[nodiscard]] int status_of(ErrorKind kind, Stage stage);

[[nodiscard]] Response problem(const Error& error, Stage stage, std::string_view request_id);
// A place of the content that is at fault.
struct Fault {
  std::string pointer;  // RFC 6901, "" is all of it
  std::string detail;
};
// With "errors": the first hundred faults of the content, where the domain knows them all.
[[nodiscard]] Response problem(const Error& error, const std::vector<Fault>& faults, std::string_view request_id);
// For what HTTP itself refuses (404, 405, 408, 431 ...), which has no Error behind it. The code is stable too.
[[nodiscard]] Response problem(int status, std::string_view code, std::string_view detail, std::string_view request_id);

}  // namespace hf::net
