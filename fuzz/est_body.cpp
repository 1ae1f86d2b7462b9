// Bodies of EST: what is decoded is what was encoded, and a request in it stays within its bytes.
// fuzz-libs: hf_pki
#include <cstdlib>

#include "pki/est.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = hf::pki::est_body(hf::text_of({data, size}));
  if (!body) return 0;
  if (body->size() > hf::pki::kEstBodyMax) std::abort();
  if (hf::pki::est_text(*body).size() <= hf::pki::kEstBodyMax) {
    const auto again = hf::pki::est_body(hf::pki::est_text(*body));
    // Text that begins with '0' is taken for DER.
    if (hf::pki::est_text(*body)[0] != '0' && (!again || *again != *body)) std::abort();
  }
  const auto request = hf::crypto::x509::request_of(*body);
  if (request && request->der != *body) std::abort();
  return 0;
}
