// However the bytes are cut into reads, the request is the same: same end, same refusal, same head, same body. And
// what is taken is within the limits and framed in one way only (RFC 9112 sections 6.1, 6.3).
#include <cstdint>
#include <string>
#include <string_view>

#include "net/parser.h"

namespace {

constexpr hf::net::ParserLimits kLimits{.header_bytes = 2048, .header_fields = 20};
constexpr std::uint64_t kBodyMax = 4096;

struct Outcome {
  bool head = false, done = false;
  int refused = 0;
  std::string code, method, target, body;
  std::size_t fields = 0, consumed = 0;
  bool operator==(const Outcome&) const = default;
};

// Feeds `input` in pieces of the sizes that `cuts` says, as a connection does.
Outcome parse(std::string_view input, std::string_view cuts) {
  hf::net::RequestParser parser(kLimits);
  hf::net::Body body;
  Outcome outcome;
  std::string pending;
  std::size_t cut = 0, at = 0;
  bool routed = false;
  while (at < input.size()) {
    const auto size = cuts.empty() ? input.size() : std::size_t(std::uint8_t(cuts[cut++ % cuts.size()]) % 64) + 1;
    const auto piece = input.substr(at, size);
    at += piece.size();
    pending += piece;
    for (;;) {
      const auto fed = parser.put(pending);
      if (fed.consumed > pending.size()) __builtin_trap();
      pending.erase(0, fed.consumed);
      outcome.consumed += fed.consumed;
      if (fed.refusal) {
        outcome.refused = fed.refusal->status;
        outcome.code = fed.refusal->code;
        if (fed.refusal->status < 400 || fed.refusal->status > 599) __builtin_trap();
        // How much was read before a refusal depends on the cuts; the connection ends, so nobody reads on.
        outcome.consumed = 0;
        return outcome;
      }
      if (parser.head_done() && !routed) {
        routed = true;
        auto& head = parser.head();
        outcome.head = true;
        outcome.method = head.method;
        outcome.target = head.target;
        outcome.fields = head.headers.size();
        if (head.headers.size() > kLimits.header_fields) __builtin_trap();
        if (head.chunked && (head.content_length || head.version != 11)) __builtin_trap();
        if (head.headers.count("Content-Length") > 1 || head.headers.count("Transfer-Encoding") > 1) __builtin_trap();
        for (std::size_t i = 0; i < head.headers.size(); ++i)
          if (!hf::net::is_field_name(head.headers[i].name) || !hf::net::is_field_value(head.headers[i].value))
            __builtin_trap();
        parser.read_body_into(body, kBodyMax, kBodyMax, "/tmp");
        if (!parser.done()) continue;
      }
      if (parser.done()) {
        outcome.done = true;
        outcome.body = body.text();
        if (body.size() > kBodyMax) __builtin_trap();
        return outcome;
      }
      if (fed.consumed == 0 || pending.empty()) break;
    }
  }
  return outcome;
}

}  // namespace

// Input: one byte n, n bytes of cuts, the request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 16384) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto cuts = all.substr(1, data[0] % 16);
  const auto input = all.substr(1 + cuts.size());
  auto whole = parse(input, {}), cut = parse(input, cuts);
  // When a broken request is refused depends on how much of it was seen; what is taken as complete must not.
  if (!whole.done && !cut.done) return 0;
  if (!(whole == cut)) __builtin_trap();
  return 0;
}
