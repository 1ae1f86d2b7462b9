// A format whose signed file is a DSSE envelope around the artifact as it is, and whose evidence is the artifact
// itself.
#pragma once

#include "keys/formats/format.h"

namespace hf::keys {

class EnvelopedFormat : public Format {
 public:
  [[nodiscard]] std::span<const crypto::SignatureScheme> schemes() const override;
  [[nodiscard]] Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override;
  [[nodiscard]] Result<View> view(ByteView evidence) const override;
  [[nodiscard]] Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override;
  [[nodiscard]] Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence,
                                      const SigningContext& context, ByteView signature,
                                      const std::filesystem::path& out) const override;
  // With the fingerprint of the key that signed as fact "signer_key".
  [[nodiscard]] Result<View> verify(const SignedFile& file, const Trust& trust) const override;

 protected:
  [[nodiscard]] virtual std::string_view payload_type() const = 0;
  [[nodiscard]] virtual std::string_view member() const = 0;  // of the evidence, that holds the artifact
  [[nodiscard]] virtual std::size_t artifact_max() const = 0;
  [[nodiscard]] virtual Result<View> view_of_payload(ByteView payload) const = 0;

 private:
  [[nodiscard]] Result<Bytes> payload_in(ByteView evidence) const;
};

}  // namespace hf::keys
