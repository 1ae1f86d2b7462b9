// A signature container: what a signature of it covers, what policy and the approver see of it, how the signature gets
// into the file, and how the file is verified. One folder file per container; the table of all is formats.h.
//
// Client:          artifact ──evidence()──> evidence (small, whatever the artifact's size)
// Service, signer: evidence ──view()──> what is judged and shown     evidence ──to_sign()──> what the key signs
// Client:          artifact + evidence + signature ──assemble()──> signed file ──verify()──> view
//
// The evidence is what the device's verifier will read: a manifest, a header with its digest. view() and to_sign() read
// nothing else, so that what is approved is what is signed. Pure: no clock, no store, no key.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/public_key.h"

namespace hf::keys {

inline constexpr std::size_t kEvidenceMax = 256U << 10;  // bytes

// What of an artifact a policy can speak of. Absent: the container does not carry it.
struct View {
  std::string format{};                             // "mcuboot"
  std::string kind{};                               // "firmware", "bundle", "manifest", "document", "digest"
  std::optional<std::string> version{};             // as the container writes it
  std::optional<std::uint64_t> security_version{};  // the device's anti-rollback counter
  std::vector<std::string> compatible{};            // products or hardware that it says it is for
  std::vector<std::string> digests{};               // SHA-256 of the payloads that the signature binds, hex
  bool digest_only = false;                         // the signer sees a digest and nothing of what it is of
  // The signature binds all that is said here, but through a digest of the whole artifact: that the digest is of what
  // is said, only who holds the artifact can check. Unset: the evidence itself proves it.
  bool claimed = false;
  JsonObject facts{};  // the rest, as an approver should see it: texts, integers, lists

  bool operator==(const View&) const = default;
};
[[nodiscard]] JsonObject to_json(const View& view);

struct Option {
  std::string_view name;  // "header-size"
  std::string_view help;
};

// Values that to_sign() and assemble() need beside the evidence; they are part of the signing request.
struct SigningContext {
  crypto::PublicKey key{};
  crypto::SignatureScheme scheme{};
  Bytes certificate{};                 // DER of the signer's X.509 certificate, for CMS; empty: none
  std::vector<Bytes> intermediates{};  // DER
  Time signing_time{};                 // CMS signingTime
  std::vector<Bytes> earlier{};        // of a format of more than one signature: those made already, in order
};

// What the key signs: a message that the scheme digests, or a digest of input_size_of(scheme) bytes.
struct ToSign {
  Bytes bytes;
  bool is_digest = false;
};

// A file to verify. A detached signature stands in a file of its own.
struct SignedFile {
  std::filesystem::path file;
  std::filesystem::path signature{};
};

struct Trust {
  std::vector<crypto::PublicKey> keys{};
  std::vector<Bytes> certificates{};  // DER of trusted X.509 certificates, for CMS
};

class Format {
 public:
  virtual ~Format() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;     // "mcuboot"
  [[nodiscard]] virtual std::string_view summary() const = 0;  // one line, with the specification
  [[nodiscard]] virtual std::span<const crypto::SignatureScheme> schemes() const = 0;
  [[nodiscard]] virtual bool needs_certificate() const { return false; }
  [[nodiscard]] virtual std::span<const Option> options() const { return {}; }
  // What assemble() writes is the signature alone, and this its usual suffix: ".p7s". Empty: the signed file.
  [[nodiscard]] virtual std::string_view detached_suffix() const { return {}; }
  // How many signatures it takes: to_sign() is asked so often, with the earlier ones in the context.
  [[nodiscard]] virtual std::size_t signatures() const { return 1; }
  // Whether a file's first bytes (at most 4096) look like it; for guessing the format of a file.
  [[nodiscard]] virtual bool recognizes(ByteView head) const = 0;

  // Reads an unsigned artifact, streaming. HF-FORMAT-* with what is wrong and where.
  [[nodiscard]] virtual Result<Bytes> evidence(const std::filesystem::path& artifact,
                                               const JsonObject& options) const = 0;
  [[nodiscard]] virtual Result<View> view(ByteView evidence) const = 0;
  [[nodiscard]] virtual Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const = 0;
  // Writes the signed file to `out`, which is replaced whole or not at all, and only when it verifies with the
  // context's key and shows the view of the evidence: HF-FORMAT-0009 for another artifact than the evidence is of.
  [[nodiscard]] virtual Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence,
                                              const SigningContext& context, ByteView signature,
                                              const std::filesystem::path& out) const = 0;
  // Of a signed file: HF-FORMAT-0001 if the signature or a bound digest does not hold, or the key is not trusted.
  [[nodiscard]] virtual Result<View> verify(const SignedFile& file, const Trust& trust) const = 0;
};

}  // namespace hf::keys
