// What an assertion and a registration have in common: clientDataJSON and the head of authenticatorData (W3C Web
// Authentication Level 2, sections 5.8.1 and 6.1). Not for use outside of webauthn*.cpp.
#pragma once

#include "crypto/webauthn.h"

namespace hf::crypto::webauthn {

inline constexpr std::size_t kHashSize = 32, kDataMin = 37;  // rpIdHash, flags, signCount
inline constexpr std::uint8_t kBackedUp = 0x10, kAttested = 0x40, kExtensions = 0x80;

[[nodiscard]] Error malformed(std::string why);  // HF-WEBAUTHN-0001
[[nodiscard]] Error other(std::string what);     // HF-WEBAUTHN-0002

// `type` is "webauthn.get" or "webauthn.create". HF-WEBAUTHN-0001, 0002.
[[nodiscard]] Result<void> check_client_data(ByteView client_data, std::string_view type, ByteView challenge,
                                             std::string_view origin);

struct DataHead {
  std::uint8_t flags = 0;
  std::uint32_t counter = 0;
};
// Of the relying party, with a person who was present and verified. HF-WEBAUTHN-0001, 0002, 0003.
[[nodiscard]] Result<DataHead> read_data_head(ByteView authenticator_data, std::string_view rp_id);

}  // namespace hf::crypto::webauthn
