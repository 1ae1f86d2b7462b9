// The response head on the wire (RFC 9112 section 4).
#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace hf::net {

enum class Framing { length, chunked, until_close };

struct Wire {
  std::string_view date;  // IMF-fixdate
  Framing framing = Framing::length;
  bool keep_alive = true;
  int version = 11;  // of the request
};

// False if a field name or value would break the message; nothing is appended then.
[[nodiscard]] bool append_head(std::string& out, const Response& response, const Wire& wire);
[[nodiscard]] bool allows_content(int status);  // not 1xx, 204 or 304

}  // namespace hf::net
