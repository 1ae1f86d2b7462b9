#include "keys/signer/channel.h"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <utility>

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

bool FrameReader::fill(std::size_t size) {
  constexpr std::size_t kAhead = 16U << 10;
  if (buffer_.size() - at_ >= size) return true;
  buffer_.erase(0, std::exchange(at_, 0));
  while (buffer_.size() < size) {
    const auto held = buffer_.size();
    buffer_.resize(std::max(size, held + kAhead));
    ssize_t n = 0;
    do n = ::recv(socket_, buffer_.data() + held, buffer_.size() - held, 0);
    while (n < 0 && errno == EINTR);
    buffer_.resize(held + std::size_t(std::max<ssize_t>(n, 0)));
    if (n <= 0) return false;
  }
  return true;
}

Result<JsonObject> FrameReader::next() {
  constexpr std::size_t kHead = 4;
  const auto gone = [](std::string why) {
    return fail(ErrorKind::unavailable, "HF-SIGNER-0009", "the signer is gone", std::move(why));
  };
  if (!fill(kHead)) return gone("end of the stream");
  std::uint32_t size = 0;
  for (std::size_t i = kHead; i-- > 0;) size = size << 8 | std::uint8_t(buffer_[at_ + i]);
  if (size > kFrameMax) return gone("a frame of " + std::to_string(size) + " bytes");
  if (!fill(kHead + size)) return gone("cut off");
  auto json =
      parse_json(std::string_view(buffer_).substr(at_ + kHead, size), {.bytes_max = kFrameMax, .depth_max = 32});
  at_ += kHead + size;
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
