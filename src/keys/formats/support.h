// What the containers share: refusals, options, and evidence as one closed canonical JSON object.
#pragma once

#include <string>

#include "base/json.h"
#include "keys/formats/file.h"
#include "keys/formats/format.h"
#include "keys/json_fields.h"

namespace hf::keys {

// HF-FORMAT-0004: the file is not as its container's specification says.
[[nodiscard]] tl::unexpected<Error> malformed(std::string what);
// HF-FORMAT-0005
[[nodiscard]] tl::unexpected<Error> over_limit(std::string what);
// HF-FORMAT-0001
[[nodiscard]] tl::unexpected<Error> not_verified(std::string why);

// Options by name, as texts or integers. HF-FORMAT-0006 for one that the format does not have, or a bad value.
class Options {
 public:
  [[nodiscard]] static Result<Options> read(const JsonObject& options, const Format& format);
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  // Decimal, or hexadecimal after 0x.
  [[nodiscard]] Result<std::optional<std::uint64_t>> number(std::string_view name, std::uint64_t max) const;

 private:
  JsonObject options_;
};
[[nodiscard]] tl::unexpected<Error> bad_option(std::string_view name, std::string what);

// The canonical text (RFC 8785) of the object with "format". HF-FORMAT-0005 over kEvidenceMax.
[[nodiscard]] Result<Bytes> write_evidence(std::string_view format, JsonObject object);
// What a member may hold as base64: the rest of the evidence is small.
inline constexpr std::size_t kEvidenceBytesMax = 160U << 10;
[[nodiscard]] Result<Json> parse_evidence(ByteView evidence);
[[nodiscard]] tl::unexpected<Error> bad_evidence(std::string what);
// "sha256" and "sha384", of a whole file.
void read_digests(Fields& fields, Bytes& sha256, Bytes& sha384);
[[nodiscard]] Bytes base64_field(Fields& fields, std::string_view name, std::size_t size_max = kEvidenceBytesMax);

// visit(Fields&) of evidence of this format. HF-FORMAT-0007 unless canonical, closed, and as visit asks.
template <class F>
Result<void> read_evidence(std::string_view format, ByteView evidence, F&& visit) {
  HF_TRY(const auto json, parse_evidence(evidence));
  std::vector<Fault> faults;
  Fields fields(json, "", faults);
  if (fields.text("format") != format) return bad_evidence("it is not of the format " + std::string(format));
  visit(fields);
  fields.close();
  if (!faults.empty()) return bad_evidence(faults.front().pointer + ": " + faults.front().what);
  return {};
}

// HF-FORMAT-0008 unless the format can be signed with this scheme and key, and has its certificate.
[[nodiscard]] Result<void> check_context(const Format& format, const SigningContext& context);
// The first key of `trust`, and a scheme of `schemes` that fits it, for which the signature of the message holds.
struct SignedBy {
  crypto::PublicKey key;
  crypto::SignatureScheme scheme{};
};
[[nodiscard]] std::optional<SignedBy> verify_any(const Trust& trust, std::span<const crypto::SignatureScheme> schemes,
                                                 ByteView message, ByteView signature);
[[nodiscard]] constexpr bool is_ecdsa(crypto::SignatureScheme scheme) {
  return scheme == crypto::SignatureScheme::ecdsa_p256_sha256 || scheme == crypto::SignatureScheme::ecdsa_p384_sha384;
}
// Verifies what was written, against the evidence, and keeps it. HF-FORMAT-0009 or verify's refusal.
[[nodiscard]] Result<void> finish(TargetFile& target, const Format& format, const std::filesystem::path& artifact,
                                  ByteView evidence, const SigningContext& context);

[[nodiscard]] inline std::uint16_t le16(ByteView bytes, std::size_t at) {
  return std::uint16_t(bytes[at] | bytes[at + 1] << 8);
}
[[nodiscard]] inline std::uint32_t le32(ByteView bytes, std::size_t at) {
  return std::uint32_t(le16(bytes, at)) | std::uint32_t(le16(bytes, at + 2)) << 16;
}
[[nodiscard]] inline std::uint32_t be32(ByteView bytes, std::size_t at) {
  return std::uint32_t(bytes[at]) << 24 | std::uint32_t(bytes[at + 1]) << 16 | std::uint32_t(bytes[at + 2]) << 8 |
         bytes[at + 3];
}
[[nodiscard]] inline std::uint64_t be64(ByteView bytes, std::size_t at) {
  return std::uint64_t(be32(bytes, at)) << 32 | be32(bytes, at + 4);
}
inline void put_le16(Bytes& out, std::uint16_t value) {
  out.push_back(std::uint8_t(value));
  out.push_back(std::uint8_t(value >> 8));
}
inline void put_le32(Bytes& out, std::uint32_t value) {
  put_le16(out, std::uint16_t(value));
  put_le16(out, std::uint16_t(value >> 16));
}
inline void put_be64(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(std::uint8_t(value >> shift));
}
inline void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace hf::keys
