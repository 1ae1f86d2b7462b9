// Messages between a signer process and the process that started it: frames on a socket pair, each a 32-bit little
// endian length and a JSON object. {"id":1,"op":"sign",...} is answered by {"id":1,"ok":{...}} or
// {"id":1,"error":{...}}.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace hf::keys {

inline constexpr std::size_t kFrameMax = 8U << 20;

// False if the other side is gone.
[[nodiscard]] bool send_frame(int socket, const JsonObject& message);

// Reads the frames of one socket. It may have read ahead: of one socket there is one, for one thread.
class FrameReader {
 public:
  explicit FrameReader(int socket) : socket_(socket) {}
  // Waits for one. HF-SIGNER-0009 at the end of the stream, for a frame over the limit, or for no object.
  [[nodiscard]] Result<JsonObject> next();

 private:
  [[nodiscard]] bool fill(std::size_t size);  // until so many bytes are there

  int socket_;
  std::string buffer_;
  std::size_t at_ = 0;
};

[[nodiscard]] JsonObject to_json(const Error& error);
[[nodiscard]] Error error_of(const JsonObject& json);  // its code lives as long as the process

}  // namespace hf::keys
