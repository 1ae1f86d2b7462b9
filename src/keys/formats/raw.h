// The evidence of a digest that stands alone: for tools that hash by themselves and hand over nothing else.
#pragma once

#include "keys/formats/format.h"

namespace hf::keys {

// SHA-256 or SHA-384, by its size. HF-FORMAT-0005 for a name that is too long.
[[nodiscard]] Result<Bytes> raw_evidence(std::string_view name, ByteView digest);

}  // namespace hf::keys
