// RAUC's crypt bundles (rauc docs/reference.rst, "crypt Format"; src/bundle.c encrypt_bundle()). `rauc bundle` encrypts
// the payload with a key of its own making, which it puts into the manifest, inside of the signature; what `rauc
// encrypt` adds is an envelope around that signature. The content key so is the manifest's.
#include <algorithm>

#include "crypto/cms_envelope.h"
#include "crypto/constant_time.h"
#include "encryption/forms.h"
#include "keys/formats/cms_form.h"
#include "keys/formats/support.h"

namespace hf::encryption {
namespace {

constexpr std::size_t kLength = 8, kKeyBytes = 32;

struct Signature {
  std::uint64_t at = 0;
  crypto::Secret cms{};  // has the content key
};

// None: the file has no CMS at its end.
Result<std::optional<Signature>> signature_of(const keys::SourceFile& file) {
  if (file.size() <= kLength) return std::nullopt;
  HF_TRY(const auto tail, file.read(file.size() - kLength, kLength));
  const auto length = keys::be64(tail, 0);
  if (length == 0 || length > keys::kCmsMax || length > file.size() - kLength) return std::nullopt;
  Signature signature{.at = file.size() - kLength - length};
  HF_TRY(auto bytes, file.read(signature.at, std::size_t(length)));
  signature.cms = crypto::Secret(bytes);
  crypto::cleanse(bytes);
  constexpr std::uint8_t kSequence = 0x30;
  if (signature.cms.bytes()[0] != kSequence) return std::nullopt;
  return signature;
}

// In the manifest's group [bundle] (GKeyFile's form).
Result<std::optional<crypto::Secret>> key_in(ByteView cms) {
  const auto manifest = keys::attached_content(cms);
  if (!manifest) return std::nullopt;
  bool in_bundle = false, is_crypt = false;
  std::string_view hex;
  for (auto line : split(text_of(*manifest), '\n')) {
    line = trim(line);
    if (line.starts_with('[')) in_bundle = line == "[bundle]";
    const auto equals = line.find('=');
    if (!in_bundle || equals == std::string_view::npos) continue;
    const auto name = trim(line.substr(0, equals)), value = trim(line.substr(equals + 1));
    if (name == "format") is_crypt = value == "crypt";
    if (name == "crypt-key") {
      if (!hex.empty()) return bad_artifact("the bundle's manifest has two keys");
      hex = value;
    }
  }
  if (!is_crypt) return std::nullopt;
  auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != kKeyBytes) return bad_artifact("the crypt bundle's manifest has no key of 32 bytes");
  crypto::Secret key(*bytes);
  crypto::cleanse(*bytes);
  return key;
}

}  // namespace

Result<std::optional<crypto::Secret>> content_key_in(const keys::SourceFile& artifact) {
  HF_TRY(const auto signature, signature_of(artifact));
  if (!signature) return std::nullopt;
  if (crypto::is_cms_envelope(signature->cms.bytes()))
    return bad_artifact("the bundle is encrypted already: only its recipients have its key");
  return key_in(signature->cms.bytes());
}

Result<void> encrypt_rauc(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile*) {
  HF_TRY(const auto certificates, certificates_of(recipients));
  HF_TRY(const auto found, content_key_in(artifact));
  if (!found)
    return bad_artifact("it is no signed RAUC bundle of the format crypt ([bundle] format=crypt in its manifest)");
  if (!crypto::equal_in_constant_time(found->bytes(), key))
    return bad_artifact("the bundle's key is not the content key that is recorded for it");
  HF_TRY(const auto signature, signature_of(artifact));
  HF_TRY(const auto envelope, crypto::cms_envelope(signature->cms.bytes(), certificates));
  HF_CHECK(out.copy(artifact, 0, signature->at));
  HF_CHECK(out.write(envelope));
  Bytes length;
  keys::put_be64(length, envelope.size());
  return out.write(length);
}

}  // namespace hf::encryption
