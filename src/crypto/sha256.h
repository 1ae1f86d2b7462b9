// SHA-256 (FIPS 180-4).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

namespace hf::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

// Digest of the parts laid end to end. Ends the process if the library has no SHA-256.
[[nodiscard]] Sha256 sha256(std::initializer_list<std::span<const std::uint8_t>> parts);

// The same in pieces, for input that is not in memory at once.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  Sha256Stream& update(std::span<const std::uint8_t> part);
  [[nodiscard]] Sha256 finish();  // and begins again

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hf::crypto
