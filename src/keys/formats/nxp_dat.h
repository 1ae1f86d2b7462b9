// NXP's debug authentication (DAT): the device's challenge (DAC), the debug credential (DC), the response (DAR). Little
// endian; keys and signatures big endian.
//
//   DAC  version (2 + 2) | SOCC (4) | UUID (16) | revocation (4) | root of trust hash (32; 2.1 also 48) |
//   cc_soc_pinned,
//        cc_soc_default, cc_vu (4 each) | challenge (32)
//   DC   2.0, 2.1: version | SOCC | UUID | cc_socu, cc_vu, beacon (4 each) | flags (4) | hashes of root keys, when
//   there
//        is more than one | root key X || Y | debug key X || Y | r || s, of P-256 or P-384
//        1.0, 1.1: version | SOCC | UUID | 4 hashes of root keys (128) | debug key | cc_socu, cc_vu, beacon | root key
//        | signature, of RSA-2048 or RSA-4096; a key is its modulus and 4 bytes of exponent
//   DAR  DC | beacon (4) | UUID of the device (2.x) | signature by the debug key over these and the challenge
//
// Layout: SPSDK, spsdk/dat (dac_packet.py, debug_credential.py, dar_packet.py, rot_meta.py) and its crypto/keys.py; the
// sizes of a DAR that its tests expect (316, 444 and 1200 bytes) are held by nxp_dat_test.cpp. Left out: P-521, devices
// with an EdgeLock enclave, whose credential has a table of SRKs, and those that swap the version in a DAC. That an RSA
// family pads with PKCS #1 or PSS is in SPSDK's database of devices: the scheme of the request says which.
#pragma once

#include "keys/formats/debug_tlv.h"

namespace hf::keys::nxp {

struct Version {
  std::uint16_t major = 0, minor = 0;
  bool operator==(const Version&) const = default;
};

// Views into what they were read from.
struct Challenge {
  Version version{};
  std::uint32_t soc_class = 0, revocation = 0, pinned = 0, preset = 0, vendor_use = 0;
  ByteView uuid{}, root_hash{}, challenge{};
};
struct Credential {
  Version version{};
  std::uint32_t soc_class = 0, permissions = 0, vendor_use = 0, beacon = 0;
  ByteView uuid{};
  crypto::PublicKey root{}, key{};  // that signed it; that it is for
};

[[nodiscard]] Result<Challenge> challenge_of(ByteView bytes);  // HF-FORMAT-0004
// HF-FORMAT-0004; HF-FORMAT-0001 if its signature does not hold.
[[nodiscard]] Result<Credential> credential_of(ByteView bytes);
// For `debug prepare`; what does not fit together is refused.
[[nodiscard]] Result<Bytes> response_request(ByteView challenge, ByteView credential, std::uint32_t beacon);

}  // namespace hf::keys::nxp
