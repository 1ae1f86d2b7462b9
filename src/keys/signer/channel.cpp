#include "keys/signer/channel.h"

#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "keys/json_fields.h"
namespace hf::keys {
namespace {

constexpr std::array<std::pair<ErrorKind, std::string_view>, 8> kKinds{{{ErrorKind::invalid, "invalid"},
                                                                        {ErrorKind::unauthenticated, "unauthenticated"},
                                                                        {ErrorKind::forbidden, "forbidden"},
                                                                        {ErrorKind::not_found, "not_found"},
                                                                        {ErrorKind::conflict, "conflict"},
                                                                        {ErrorKind::limit, "limit"},
                                                                        {ErrorKind::unavailable, "unavailable"},
                                                                        {ErrorKind::internal, "internal"}}};

bool receive_all(int socket, char* out, std::size_t size) {
  while (size > 0) {
    const auto n = ::recv(socket, out, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out += n;
    size -= std::size_t(n);
  }
  return true;
}

// Codes are literals elsewhere; one that came through the channel is kept for good. There are few.
std::string_view keep(std::string_view code) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> codes;
  const std::lock_guard lock(mutex);
  const auto found = codes.find(code);
  return found != codes.end() ? *found : *codes.emplace(code).first;
}

}  // namespace

bool send_frame(int socket, const JsonObject& message) {
  const auto text = to_text(message);
  std::string frame;
  frame.reserve(text.size() + 4);
  for (int shift = 0; shift < 32; shift += 8) frame += char(std::uint32_t(text.size()) >> shift & 0xff);
  frame += text;
  std::string_view left = frame;
  while (!left.empty()) {
    const auto n = ::send(socket, left.data(), left.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    left.remove_prefix(std::size_t(n));
  }
  return true;
}

Result<JsonObject> receive_frame(int socket) {
  const auto gone = [](std::string why) {
    return fail(ErrorKind::unavailable, "HF-SIGNER-0009", "the signer is gone", std::move(why));
  };
  std::array<char, 4> head{};
  if (!receive_all(socket, head.data(), head.size())) return gone("end of the stream");
  std::uint32_t size = 0;
  for (std::size_t i = head.size(); i-- > 0;) size = size << 8 | std::uint8_t(head[i]);
  if (size > kFrameMax) return gone("a frame of " + std::to_string(size) + " bytes");
  std::string text(size, '\0');
  if (!receive_all(socket, text.data(), text.size())) return gone("cut off");
  auto json = parse_json(text, {.bytes_max = kFrameMax, .depth_max = 32});
  if (!json || !json->is_object()) return gone("a frame that is no object");
  return std::move(json->get_object());
}

JsonObject to_json(const Error& error) {
  std::string_view kind = "internal";
  for (const auto& [value, name] : kKinds)
    if (value == error.kind) kind = name;
  return {{"kind", kind}, {"code", error.code}, {"message", error.message}, {"detail", error.detail}};
}

Error error_of(const JsonObject& json) {
  Error error{ErrorKind::internal, keep(text_at(json, "code")), std::string(text_at(json, "message")),
              std::string(text_at(json, "detail"))};
  for (const auto& [value, name] : kKinds)
    if (name == text_at(json, "kind")) error.kind = value;
  return error;
}

}  // namespace hf::keys
