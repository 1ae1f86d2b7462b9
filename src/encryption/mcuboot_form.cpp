// MCUboot's encrypted image (mcu-tools/mcuboot: docs/encrypted_images.md; scripts/imgtool/image.py of imgtool 2.5.0,
// create() and ecies_hkdf()). The signature is over the header, which says that the image is encrypted, the plain
// payload and the protected TLVs: the image is signed first. The payload is encrypted with AES-CTR from counter zero,
// so a content key is for one image alone.
#include <algorithm>

#include "crypto/hmac.h"
#include "crypto/key_wrap.h"
#include "encryption/forms.h"
#include "keys/formats/mcuboot_image.h"

namespace hf::encryption {
namespace {

namespace mcuboot = keys::mcuboot;
using crypto::RecipientAlgorithm;

struct ContentKeyTlv {
  mcuboot::Tlv type{};
  Bytes value{};
};

// Ephemeral key, HMAC-SHA256 of the encrypted key, encrypted key: the keys of both from HKDF over the shared secret.
Result<Bytes> ecies(const crypto::RecipientKey& recipient, ByteView key) {
  constexpr std::size_t kMac = 32;
  HF_TRY(const auto agreement, agree_with(recipient));
  const auto derived =
      crypto::hkdf_sha256(agreement.shared.bytes(), {}, bytes_of("MCUBoot_ECIES_v1"), key.size() + kMac);
  HF_TRY(auto stream, crypto::CipherStream::encrypt(crypto::CipherMode::ctr, derived.bytes().first(key.size()),
                                                    Bytes(crypto::kAesBlock)));
  HF_TRY(const auto encrypted, stream.update(key));
  auto out = agreement.ephemeral;
  keys::put(out, crypto::hmac_sha256(derived.bytes().subspan(key.size()), encrypted));
  keys::put(out, encrypted);
  return out;
}

Result<ContentKeyTlv> tlv_for(const crypto::RecipientKey& recipient, ByteView key) {
  ContentKeyTlv tlv;
  if (recipient.algorithm == RecipientAlgorithm::rsa) {
    constexpr int kBits = 2048;
    if (recipient.bits != kBits) return bad_recipients("MCUboot takes RSA keys of 2048 bits alone for encryption");
    tlv.type = mcuboot::kEncryptedRsa2048;
    HF_TRY(tlv.value, encrypt_oaep(recipient, key));
    return tlv;
  }
  tlv.type = recipient.algorithm == RecipientAlgorithm::p256 ? mcuboot::kEncryptedEc256 : mcuboot::kEncryptedX25519;
  HF_TRY(tlv.value, ecies(recipient, key));
  return tlv;
}

// What the boot loader checks once it has decrypted: an image that lacks it would be encrypted in vain.
Result<void> check_signed(const mcuboot::Image& image) {
  const auto records = image.tlv_area.empty() ? std::nullopt : mcuboot::records_of(image.tlv_area, mcuboot::kTlvMagic);
  const auto unsigned_image = [] {
    return bad_artifact(
        "the image is not signed: MCUboot's signature is over the plain payload, so sign it first ('holdfast sign "
        "request ... --option encrypted=128' of a plain binary)");
  };
  if (!records) return unsigned_image();
  bool is_signed = false, has_digest = false;
  for (const auto& [type, value] : *records) {
    is_signed = is_signed || type == mcuboot::kRsa2048 || type == mcuboot::kEcdsa || type == mcuboot::kRsa3072 ||
                type == mcuboot::kEd25519;
    const auto digest = type == mcuboot::kSha256   ? std::optional(crypto::Digest::sha256)
                        : type == mcuboot::kSha384 ? std::optional(crypto::Digest::sha384)
                        : type == mcuboot::kSha512 ? std::optional(crypto::Digest::sha512)
                                                   : std::nullopt;
    if (!digest) continue;
    has_digest = true;
    HF_TRY(const auto found, image.digest(*digest));
    if (!std::ranges::equal(found, value)) return bad_artifact("the image's digest TLV is not of this image");
  }
  return is_signed && has_digest ? Result<void>() : unsigned_image();
}

}  // namespace

Result<void> encrypt_mcuboot(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                             keys::TargetFile& out, keys::TargetFile*) {
  if (recipients.size() != 1)
    return bad_recipients(
        "an MCUboot image carries its content key once, for the key that its devices share: give one recipient, and "
        "write one file for each");
  HF_TRY(const auto image, mcuboot::read_image(artifact));
  HF_TRY(const auto header, mcuboot::header_of(image.header));
  const auto flag = key.size() == 16 ? mcuboot::kEncryptedAes128 : mcuboot::kEncryptedAes256;
  const auto set = header.flags & (mcuboot::kEncryptedAes128 | mcuboot::kEncryptedAes256);
  if (set == 0)
    return bad_artifact(
        "the image's signed header does not say that it is encrypted, and the boot loader believes it: sign the plain "
        "binary with --option encrypted=128 or 256");
  if (set != flag)
    return bad_artifact("the image's header is for AES-" +
                        std::string(set == mcuboot::kEncryptedAes128 ? "128" : "256") + ", and the content key has " +
                        std::to_string(key.size() * 8) + " bits");
  if (image.tail != artifact.size())
    return bad_artifact("there is data after the image's TLVs: encrypt it before it is padded");
  HF_CHECK(check_signed(image));
  HF_TRY(const auto tlv, tlv_for(recipients.front(), key));
  Bytes records(image.tlv_area.begin() + mcuboot::kTlvHead, image.tlv_area.end());
  constexpr std::size_t kAreaMax = 0xffff;
  if (records.size() + tlv.value.size() + 2 * mcuboot::kTlvHead > kAreaMax)
    return bad_artifact("the image's TLV area has no room for a content key");
  mcuboot::put_record(records, tlv.type, tlv.value);

  HF_CHECK(out.copy(artifact, 0, header.header_size));
  HF_CHECK(encrypt_part(artifact, header.header_size, header.image_size, crypto::CipherMode::ctr, key,
                        Bytes(crypto::kAesBlock), {}, [&](ByteView piece) { return out.write(piece); }));
  HF_CHECK(out.write(image.protected_area));
  return out.write(mcuboot::area_of(mcuboot::kTlvMagic, records));
}

}  // namespace hf::encryption
