#include "crypto/password.h"

#include <argon2.h>
#include <array>

#include "crypto/random.h"

namespace hf::crypto {
namespace {

constexpr std::size_t kSaltSize = 16, kTagSize = 32;  // RFC 9106 section 4
constexpr PasswordCost kCostMax{.memory_kib = 1U << 20, .passes = 64, .lanes = 16};
constexpr std::size_t kPhcMax = 512;

auto unavailable(int code) {
  return fail(ErrorKind::unavailable, "HF-PASSWORD-0002", "passwords cannot be checked at the moment; try again",
              argon2_error_message(code));
}

// One decimal parameter, "m=65536": takes it and the character that ends it.
std::optional<std::uint32_t> take(std::string_view& text, std::string_view name, char end) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  const auto length = text.find(end);
  if (length == std::string_view::npos || length == 0 || length > 9) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, length)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + std::uint32_t(c - '0');
  }
  text.remove_prefix(length + 1);
  return value;
}

// The library would take any cost the text asks for, so it is read before the library sees it.
std::optional<PasswordCost> cost_of(std::string_view phc) {
  if (phc.size() > kPhcMax || phc.find('\0') != std::string_view::npos || !take(phc, "$argon2id$v=", '$'))
    return std::nullopt;
  const auto memory = take(phc, "m=", ',');
  const auto passes = memory ? take(phc, "t=", ',') : std::nullopt;
  const auto lanes = passes ? take(phc, "p=", '$') : std::nullopt;
  if (!lanes || *memory > kCostMax.memory_kib || *passes > kCostMax.passes || *lanes > kCostMax.lanes)
    return std::nullopt;
  return PasswordCost{*memory, *passes, *lanes};
}

}  // namespace

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  if (password.empty() || password.size() > kPasswordMax)
    return fail(ErrorKind::invalid, "HF-PASSWORD-0001", "a password has 1 to 1024 bytes");
  const auto salt = random_bytes(kSaltSize);
  std::array<char, kPhcMax> phc{};
  const int code = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                                         salt.data(), salt.size(), kTagSize, phc.data(), phc.size());
  if (code != ARGON2_OK) return unavailable(code);
  return std::string(phc.data());
}

Result<PasswordMatch> verify_password(std::string_view password, std::string_view phc, const PasswordCost& cost) {
  const auto kept = cost_of(phc);
  if (!kept) return fail(ErrorKind::internal, "HF-PASSWORD-0003", "the stored password hash cannot be read");
  if (password.empty() || password.size() > kPasswordMax) return PasswordMatch::no;
  const int code = argon2id_verify(std::string(phc).c_str(), password.data(), password.size());
  if (code == ARGON2_VERIFY_MISMATCH) return PasswordMatch::no;
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR || code == ARGON2_THREAD_FAIL) return unavailable(code);
  if (code != ARGON2_OK)
    return fail(ErrorKind::internal, "HF-PASSWORD-0003", "the stored password hash cannot be read",
                argon2_error_message(code));
  const bool same = kept->memory_kib == cost.memory_kib && kept->passes == cost.passes && kept->lanes == cost.lanes;
  return same ? PasswordMatch::yes : PasswordMatch::yes_rehash;
}

}  // namespace hf::crypto
