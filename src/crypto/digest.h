// The digests that signature containers need, in pieces. The ledger's own is in sha256.h.
#pragma once

#include <memory>
#include <string_view>

#include "base/text.h"

namespace hf::crypto {

enum class Digest { sha256, sha384, sha512, blake2b_512 };  // FIPS 180-4, RFC 7693
[[nodiscard]] std::string_view name_of(Digest digest);      // "sha256"

class DigestStream {
 public:
  explicit DigestStream(Digest digest);
  ~DigestStream();
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;

  DigestStream& update(ByteView part);
  [[nodiscard]] Bytes finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] Bytes digest_of(Digest digest, ByteView bytes);

}  // namespace hf::crypto
