#include "pki/key_request.h"

#include "crypto/der.h"
#include "crypto/verification.h"
#include "pki/issue.h"

namespace hf::pki {

Result<crypto::x509::Request> request_of_key(std::string_view subject, const crypto::PublicKey& key) {
  namespace der = crypto::der;
  HF_TRY(const auto name, name_of_text(subject));
  const auto info =
      der::value(der::kSequence, std::initializer_list<ByteView>{der::integer(0), name, crypto::to_spki(key)});
  const auto algorithm = crypto::algorithm_identifier_of(crypto::default_scheme_of(key.algorithm));
  return crypto::x509::request_of(crypto::x509::signed_of(info, algorithm, {}));
}

}  // namespace hf::pki
