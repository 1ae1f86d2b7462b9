#include "keys/agent/wire.h"

#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

namespace hf::keys::agent {
namespace {

constexpr std::size_t kLength = 4;

void put_length(std::uint8_t* out, std::size_t length) {
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = std::uint8_t(length >> shift);
}

std::size_t length_at(ByteView bytes) {
  return std::size_t(bytes[0]) << 24 | std::size_t(bytes[1]) << 16 | std::size_t(bytes[2]) << 8 | bytes[3];
}

bool read_whole(int descriptor, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const auto got = ::read(descriptor, into.data(), into.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into = into.subspan(std::size_t(got));
  }
  return true;
}

}  // namespace

Bytes field_of(std::string_view text) { return {text.begin(), text.end()}; }
Bytes field_of(std::uint32_t number) {
  Bytes field(kLength);
  put_length(field.data(), number);
  return field;
}
std::optional<std::uint32_t> number_in(ByteView field) {
  if (field.size() != kLength) return {};
  return std::uint32_t(length_at(field));
}

Bytes encode(std::uint8_t kind, const std::vector<Bytes>& fields) {
  std::size_t size = 1;
  for (const auto& field : fields) size += kLength + field.size();
  Bytes frame(kLength + size);
  put_length(frame.data(), size);
  frame[kLength] = kind;
  auto* at = frame.data() + kLength + 1;
  for (const auto& field : fields) {
    put_length(at, field.size());
    at = std::copy(field.begin(), field.end(), at + kLength);
  }
  return frame;
}

std::optional<Frame> decode(ByteView body) {
  if (body.empty()) return {};
  Frame frame{body[0], {}};
  for (auto rest = body.subspan(1); !rest.empty();) {
    if (rest.size() < kLength || frame.fields.size() == kFieldsMax) return {};
    const auto length = length_at(rest);
    rest = rest.subspan(kLength);
    if (length > rest.size()) return {};
    frame.fields.emplace_back(rest.begin(), rest.begin() + std::ptrdiff_t(length));
    rest = rest.subspan(length);
  }
  return frame;
}

bool write_frame(int descriptor, std::uint8_t kind, const std::vector<Bytes>& fields) {
  const auto frame = encode(kind, fields);
  for (ByteView rest(frame); !rest.empty();) {
    const auto sent = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest = rest.subspan(std::size_t(sent));
  }
  return true;
}

std::optional<Frame> read_frame(int descriptor) {
  std::uint8_t length[kLength];
  if (!read_whole(descriptor, length)) return {};
  const auto size = length_at(length);
  if (size == 0 || size > kFrameMax) return {};
  Bytes body(size);
  if (!read_whole(descriptor, body)) return {};
  return decode(body);
}

}  // namespace hf::keys::agent
