// The order of byte strings, as DER sorts a SET OF (X.690 11.6). The <=> of std::vector<std::uint8_t> would do, but g++
// 12 with -O3 warns of a memcmp in it that is longer than memory.
#pragma once

#include "base/text.h"

namespace hf::crypto {

struct ByteOrder {
  bool operator()(ByteView a, ByteView b) const { return text_of(a) < text_of(b); }
};

}  // namespace hf::crypto
