// Requests, answers and tokens of time stamps, and CMS that carry them: what is read is written back as it was.
#include <cstdlib>

#include "crypto/timestamp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hf::crypto;
  const hf::ByteView bytes(data, size);
  const auto require = [](bool ok) {
    if (!ok) std::abort();
  };
  if (const auto request = timestamp_request_of(bytes)) {
    const auto again = timestamp_request_of(to_der(*request));
    require(again && again->imprint == request->imprint && again->nonce == request->nonce);
  }
  static_cast<void>(timestamp_of(bytes));
  static_cast<void>(token_of_response(bytes));
  // By nobody who is trusted.
  require(!timestamp_verify(bytes, {}, [](Digest digest) { return digest_of(digest, {}); }));
  const auto token = cms_timestamp_of(bytes);
  if (token && token->empty()) {
    const hf::Bytes stamp{0x30, 0x00};
    const auto stamped = cms_with_timestamp(bytes, stamp);
    require(stamped.has_value());
    require(*cms_timestamp_of(*stamped) == stamp && *cms_signature_of(*stamped) == *cms_signature_of(bytes));
  }
  return 0;
}
