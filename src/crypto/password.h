// Password hashing with Argon2id (RFC 9106), kept as PHC text: "$argon2id$v=19$m=65536,t=3,p=1$<salt>$<tag>".
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::crypto {

// RFC 9106 section 4, second recommended option: 64 MiB and three passes, for a server that cannot spare 2 GiB a login.
// One lane instead of four: a login must not take four cores, and the memory and passes that cost an attacker stay.
struct PasswordCost {
  std::uint32_t memory_kib = 64U << 10;
  std::uint32_t passes = 3;
  std::uint32_t lanes = 1;
};

inline constexpr std::size_t kPasswordMax =
    1024;  // bytes; no one types more, and hashing it is free work for a stranger

// PHC text with a random 16-byte salt and 32-byte tag. HF-PASSWORD-0001 if longer than kPasswordMax or empty;
// HF-PASSWORD-0002 if the memory cannot be had.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, const PasswordCost& cost = {});

enum class PasswordMatch {
  no,
  yes,
  yes_rehash,  // right, but kept at another cost than `cost`: hash it again while it is at hand
};
// Tags are compared in constant time. For an unknown user verify against some fixed PHC text of the same cost, so that
// the time does not tell which users exist. HF-PASSWORD-0002 no memory; HF-PASSWORD-0003 if `phc` is not an Argon2id
// text or asks for more than 1 GiB, 64 passes or 16 lanes: a damaged row must not take the server's memory.
[[nodiscard]] Result<PasswordMatch> verify_password(std::string_view password, std::string_view phc,
                                                    const PasswordCost& cost = {});

}  // namespace hf::crypto
