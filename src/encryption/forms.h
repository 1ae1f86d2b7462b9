// The forms of an encrypted artifact: what is written of it under its content key, and how that key travels.
//
//   mcuboot  a signed MCUboot image; the payload encrypted, the key in a TLV for one recipient
//   swu      an unsigned .swu; its payloads encrypted and described so, then to be signed; the key file apart
//   rauc     a signed RAUC bundle of the format crypt; its signature, which has the key, in an envelope
//   cose     any file; the ciphertext, and a COSE_Encrypt apart
//   suit     as cose, with the key bound as draft-ietf-suit-firmware-encryption says
#pragma once

#include <span>

#include "crypto/cipher.h"
#include "crypto/recipient_key.h"
#include "crypto/secret.h"
#include "keys/formats/file.h"

namespace hf::encryption {

using Recipients = std::vector<crypto::RecipientKey>;

struct Form {
  std::string_view name, summary;
  std::string_view beside;       // suffix of the second file that it writes; empty: none
  bool key_in_artifact = false;  // the artifact brings its content key: content_key_in()
  // HF-ENCRYPT-0021 with what is wrong with the artifact, HF-ENCRYPT-0022 if the form cannot be made for these
  // recipients. `key` is the content key; `beside` is given where the form has one.
  Result<void> (*encrypt)(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile* beside);
};
[[nodiscard]] std::span<const Form> forms();
[[nodiscard]] const Form* find_form(std::string_view name);

// The content key of an artifact that has one of its own: of a signed RAUC bundle of the format crypt, from its
// manifest. None for any other file. HF-ENCRYPT-0021 for a bundle that cannot be read.
[[nodiscard]] Result<std::optional<crypto::Secret>> content_key_in(const keys::SourceFile& artifact);

// Of one form each.
Result<void> encrypt_mcuboot(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                             keys::TargetFile& out, keys::TargetFile* beside);
Result<void> encrypt_swu(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                         keys::TargetFile& out, keys::TargetFile* beside);
Result<void> encrypt_rauc(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile* beside);
Result<void> encrypt_cose(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile* beside);
Result<void> encrypt_suit(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                          keys::TargetFile& out, keys::TargetFile* beside);

[[nodiscard]] tl::unexpected<Error> bad_artifact(std::string what);    // HF-ENCRYPT-0021
[[nodiscard]] tl::unexpected<Error> bad_recipients(std::string what);  // HF-ENCRYPT-0022
// Each recipient's certificate, by which CMS names it. HF-ENCRYPT-0022 for one without.
[[nodiscard]] Result<std::vector<Bytes>> certificates_of(const Recipients& recipients);
// [offset, offset + size) of the artifact, encrypted to `write` in pieces.
Result<void> encrypt_part(const keys::SourceFile& artifact, std::uint64_t offset, std::uint64_t size,
                          crypto::CipherMode mode, ByteView key, ByteView iv, ByteView aad,
                          const std::function<Result<void>(ByteView)>& write);

}  // namespace hf::encryption
