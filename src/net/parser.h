// The HTTP/1.1 request parser (RFC 9112): Boost.Beast's incremental grammar, and on top of it the refusals that a
// server in front of other people's keys needs. Neither Beast nor Asio is visible here.
//
// Refused although Beast takes it, because two readers of one byte stream must not disagree about where a request
// ends (RFC 9112 sections 6.1, 6.3, 11.2): Transfer-Encoding other than exactly "chunked", or in HTTP/1.0;
// Content-Length that is repeated, a list, or beside Transfer-Encoding; folded header lines (section 5.2).
// Limits cover the sum: Beast's own header limit counts only what one call left unread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/body.h"
#include "net/headers.h"

namespace hf::net {

struct ParserLimits {
  std::size_t header_bytes = 16 * 1024;  // request line and fields; later the trailer and each chunk line
  std::size_t header_fields = 100;
};

// A request that HTTP itself refuses; the connection ends after the answer.
struct Refusal {
  int status = 400;
  std::string_view code;
  std::string_view detail;
};

struct Head {
  std::string method;
  std::string target;
  int version = 11;  // 10 or 11
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = false;
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  struct Fed {
    std::size_t consumed = 0;
    std::optional<Refusal> refusal;
  };
  // Reads from `bytes`; stops after the head, so that the caller can decide on the body, and after the body. What
  // is not consumed is offered again with more behind it.
  [[nodiscard]] Fed put(std::string_view bytes);

  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  [[nodiscard]] Head& head();

  // Where the body goes; before this is called, content refuses the request. `max` is in bytes: 413 beyond it.
  void read_body_into(Body& body, std::uint64_t max, std::size_t memory_max, const std::string& directory);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hf::net
