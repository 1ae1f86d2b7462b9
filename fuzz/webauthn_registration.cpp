// What reads as an attestation object has a key that is one, and an id that stands in its authenticator data.
// fuzz-libs: hf_crypto
#include <algorithm>
#include <cstdlib>

#include "crypto/webauthn_registration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto object = hf::crypto::read_attestation_object({data, size});
  if (!object) return 0;
  const auto again = hf::crypto::public_key_of_spki(hf::crypto::to_spki(object->key));
  if (!again || !(*again == object->key)) std::abort();
  const auto& whole = object->authenticator_data;
  const auto& id = object->credential_id;
  if (id.empty() || std::search(whole.begin(), whole.end(), id.begin(), id.end()) == whole.end()) std::abort();
  return 0;
}
