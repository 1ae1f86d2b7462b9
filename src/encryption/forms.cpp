#include "encryption/forms.h"

#include <algorithm>
#include <array>

#include "crypto/cose_encrypt.h"
#include "crypto/random.h"

namespace hf::encryption {
namespace {

constexpr std::array kForms{
    Form{"mcuboot", "signed MCUboot image, for one recipient", "", false, &encrypt_mcuboot},
    Form{"swu", "SWUpdate image that is signed afterwards; with the key file in a CMS envelope", ".key.cms", false,
         &encrypt_swu},
    Form{"rauc", "signed RAUC bundle of the format crypt", "", true, &encrypt_rauc},
    Form{"cose", "any file; with a COSE_Encrypt of RFC 9052", ".cose", false, &encrypt_cose},
    Form{"suit", "any file; with the encryption info of a SUIT manifest", ".cose", false, &encrypt_suit},
};

Result<void> encrypt_with_cose(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                               crypto::CoseUse use, keys::TargetFile& out, keys::TargetFile& info) {
  const auto nonce = crypto::random_bytes(crypto::kGcmNonce);
  HF_TRY(const auto encrypted, crypto::cose_encrypt(key, nonce, recipients, use));
  HF_CHECK(encrypt_part(artifact, 0, artifact.size(), crypto::CipherMode::gcm, key, nonce,
                        crypto::cose_encrypt_aad(key.size()), [&](ByteView piece) { return out.write(piece); }));
  return info.write(encrypted);
}

}  // namespace

std::span<const Form> forms() { return kForms; }

const Form* find_form(std::string_view name) {
  const auto found = std::ranges::find(kForms, name, &Form::name);
  return found == kForms.end() ? nullptr : &*found;
}

tl::unexpected<Error> bad_artifact(std::string what) {
  return fail(ErrorKind::invalid, "HF-ENCRYPT-0021", std::move(what));
}
tl::unexpected<Error> bad_recipients(std::string what) {
  return fail(ErrorKind::invalid, "HF-ENCRYPT-0022", std::move(what));
}

Result<std::vector<Bytes>> certificates_of(const Recipients& recipients) {
  std::vector<Bytes> certificates;
  for (const auto& recipient : recipients) {
    if (recipient.certificate.empty())
      return bad_recipients(
          "this form names its recipients by certificate, and one of them is registered with its bare key: add it "
          "with --certificate");
    if (recipient.algorithm == crypto::RecipientAlgorithm::x25519)
      return bad_recipients("CMS is made for RSA and P-256 recipients here, and one has an X25519 key");
    certificates.push_back(recipient.certificate);
  }
  return certificates;
}

Result<void> encrypt_part(const keys::SourceFile& artifact, std::uint64_t offset, std::uint64_t size,
                          crypto::CipherMode mode, ByteView key, ByteView iv, ByteView aad,
                          const std::function<Result<void>(ByteView)>& write) {
  HF_TRY(auto stream, crypto::CipherStream::encrypt(mode, key, iv, aad));
  HF_CHECK(artifact.each(offset, size, [&](ByteView piece) -> Result<void> {
    HF_TRY(const auto out, stream.update(piece));
    return write(out);
  }));
  HF_TRY(const auto rest, stream.finish());
  return write(rest);
}

Result<void> encrypt_cose(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile* beside) {
  return encrypt_with_cose(artifact, key, recipients, crypto::CoseUse::plain, out, *beside);
}
Result<void> encrypt_suit(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile* beside) {
  return encrypt_with_cose(artifact, key, recipients, crypto::CoseUse::suit, out, *beside);
}

}  // namespace hf::encryption
