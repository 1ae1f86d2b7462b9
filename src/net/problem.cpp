#include "net/problem.h"

#include <algorithm>

#include <fmt/core.h>

#include "net/json_quote.h"

namespace hf::net {

int status_of(ErrorKind kind, Stage stage) {
  switch (kind) {
    case ErrorKind::invalid: return stage == Stage::content ? 422 : 400;
    case ErrorKind::unauthenticated: return 401;
    case ErrorKind::forbidden: return 403;
    case ErrorKind::not_found: return 404;
    case ErrorKind::conflict: return 409;
    case ErrorKind::limit: return stage == Stage::content ? 413 : 429;
    case ErrorKind::unavailable: return 503;
    case ErrorKind::internal: return 500;
  }
  return 500;
}

Response problem(int status, std::string_view code, std::string_view detail, std::string_view request_id) {
  Response response;
  response.status = status;
  response.error_code = code;
  response.headers.add("Content-Type", "application/problem+json");
  response.headers.add("Cache-Control", "no-store");
  // "type" is absent, which means about:blank: the title is the status phrase (RFC 9457 section 4.2.1).
  response.content =
      fmt::format(R"({{"title":{},"status":{},"code":{},"detail":{},"request_id":{}}})", json_quote(reason_of(status)),
                  status, json_quote(code), json_quote(detail), json_quote(request_id));
  return response;
}

Response problem(const Error& error, Stage stage, std::string_view request_id) {
  auto response = problem(status_of(error.kind, stage), error.code, error.message, request_id);
  response.error_detail = error.detail;
  return response;
}

Response problem(const Error& error, const std::vector<Fault>& faults, std::string_view request_id) {
  constexpr std::size_t kFaultsMax = 100;
  auto response = problem(error, Stage::content, request_id);
  auto& text = std::get<std::string>(response.content);
  text.pop_back();
  text += R"(,"errors":[)";
  for (std::size_t i = 0; i < std::min(faults.size(), kFaultsMax); ++i)
    text += fmt::format(R"({}{{"pointer":{},"detail":{}}})", i == 0 ? "" : ",", json_quote(faults[i].pointer),
                        json_quote(faults[i].detail));
  text += "]}";
  return response;
}

}  // namespace hf::net
