#include "net/wire.h"

#include <fmt/format.h>
#include <iterator>

namespace hf::net {

bool allows_content(int status) { return status >= 200 && status != 204 && status != 304; }

bool append_head(std::string& out, const Response& response, const Wire& wire) {
  const auto& headers = response.headers;
  for (std::size_t i = 0; i < headers.size(); ++i)
    if (!is_field_name(headers[i].name) || !is_field_value(headers[i].value)) return false;

  const auto add = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  add("Date", wire.date);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    // The message's own framing is ours to say.
    const auto field = headers[i];
    if (iequals(field.name, "Content-Length") || iequals(field.name, "Transfer-Encoding") ||
        iequals(field.name, "Connection"))
      continue;
    add(field.name, field.value);
  }
  if (allows_content(response.status)) {
    if (wire.framing == Framing::length)
      fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.size().value_or(0));
    else if (wire.framing == Framing::chunked) add("Transfer-Encoding", "chunked");
  }
  if (!wire.keep_alive) add("Connection", "close");
  else if (wire.version == 10) add("Connection", "keep-alive");
  out += "\r\n";
  return true;
}

}  // namespace hf::net
