// Messages between a signer process and the process that started it: frames on a socket pair, each a 32-bit little
// endian length and a JSON object. {"id":1,"op":"sign",...} is answered by {"id":1,"ok":{...}} or
// {"id":1,"error":{...}}.
#pragma once

#include <optional>

#include "base/json.h"

namespace hf::keys {

inline constexpr std::size_t kFrameMax = 8U << 20;

// False if the other side is gone.
[[nodiscard]] bool send_frame(int socket, const JsonObject& message);
// Waits for one. HF-SIGNER-0009 at the end of the stream, for a frame over the limit, or for no object.
[[nodiscard]] Result<JsonObject> receive_frame(int socket);

[[nodiscard]] JsonObject to_json(const Error& error);
[[nodiscard]] Error error_of(const JsonObject& json);  // its code lives as long as the process

}  // namespace hf::keys
