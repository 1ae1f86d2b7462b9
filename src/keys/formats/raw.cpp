// A signature over a file as it is, in a file of its own, for tools that are not known here. The signer sees a digest
// and a name that nothing binds to it: a policy must allow that by itself (View::digest_only).
#include "keys/formats/raw.h"

#include <array>

#include "keys/formats/all.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::Digest;
using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pss_sha256};
constexpr std::array kOptions{
    Option{"algorithm", "sha256 (default), or sha384 for a P-384 key"},
    Option{"encoding", "of an ECDSA signature: der (default, RFC 3279) or p1363 (r || s)"},
};
constexpr std::size_t kSignatureMax = 1024;

Digest digest_for(SignatureScheme scheme) {
  return scheme == SignatureScheme::ecdsa_p384_sha384 ? Digest::sha384 : Digest::sha256;
}
std::size_t size_for(SignatureScheme scheme) { return scheme == SignatureScheme::ecdsa_p384_sha384 ? 96 : 64; }

struct Evidence {
  std::string algorithm, encoding, name;
  Bytes digest;
  std::int64_t size = 0;
};

Result<Evidence> parse(ByteView bytes) {
  Evidence evidence;
  HF_CHECK(read_evidence("raw", bytes, [&](Fields& fields) {
    constexpr std::size_t kDigestMax = 48;
    evidence.algorithm = fields.text("algorithm");
    evidence.encoding = fields.text("encoding");
    evidence.name = fields.text("name");
    evidence.digest = fields.hex("digest", kDigestMax);
    evidence.size = fields.integer("size", 0, std::int64_t{1} << 53);
    // A digest of another length, or under another name, is not what a scheme signs: it would be padded or cut.
    if (evidence.algorithm != "sha256" && evidence.algorithm != "sha384") fields.fault("algorithm", "sha256 or sha384");
    if (evidence.digest.size() != (evidence.algorithm == "sha384" ? 48U : 32U)) fields.fault("digest", "a digest");
    if (evidence.encoding != "der" && evidence.encoding != "p1363") fields.fault("encoding", "der or p1363");
  }));
  return evidence;
}

View view_of(const std::string& algorithm, ByteView digest, const std::string& name, std::int64_t size) {
  View view{.format = "raw", .kind = "digest", .digest_only = true, .claimed = true};
  view.digests = {to_hex(digest)};
  view.facts = {{"name", name}, {"size", size}, {"digest_algorithm", algorithm}};
  return view;
}

class Raw final : public Format {
 public:
  std::string_view name() const override { return "raw"; }
  std::string_view summary() const override {
    return "a file's digest: ECDSA (FIPS 186-5) or RSA (RFC 8017), detached";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::span<const Option> options() const override { return kOptions; }
  std::string_view detached_suffix() const override { return ".sig"; }
  bool recognizes(ByteView) const override { return false; }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_TRY(const auto given, Options::read(options, *this));
    const auto algorithm = given.text("algorithm").value_or("sha256");
    const auto encoding = given.text("encoding").value_or("der");
    if (algorithm != "sha256" && algorithm != "sha384") return bad_option("algorithm", "sha256 or sha384 is expected");
    if (encoding != "der" && encoding != "p1363") return bad_option("encoding", "der or p1363 is expected");
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto digest, source.digest(algorithm == "sha384" ? Digest::sha384 : Digest::sha256, 0, source.size()));
    return write_evidence(name(), {{"algorithm", algorithm},
                                   {"encoding", encoding},
                                   {"digest", to_hex(digest)},
                                   {"name", artifact.filename().string()},
                                   {"size", std::int64_t(source.size())}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed.algorithm, parsed.digest, parsed.name, parsed.size);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(auto parsed, parse(evidence));
    if (parsed.digest.size() != input_size_of(context.scheme))
      return bad_evidence(std::string(name_of(context.scheme)) + " does not sign a digest of " + parsed.algorithm);
    return ToSign{std::move(parsed.digest), true};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(auto target, TargetFile::create(out));
    const bool der = is_ecdsa(context.scheme) && parsed.encoding == "der";
    HF_CHECK(target.write(der ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end())));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto detached, SourceFile::open(file.signature));
    HF_TRY(const auto signature, detached.read_all(kSignatureMax));
    HF_TRY(const auto sha256, source.digest(Digest::sha256, 0, source.size()));
    HF_TRY(const auto sha384, source.digest(Digest::sha384, 0, source.size()));
    for (const auto& key : trust.keys)
      for (const auto scheme : kSchemes) {
        if (!fits(scheme, key.algorithm)) continue;
        const auto digest = digest_for(scheme);
        const auto& bytes = digest == Digest::sha384 ? sha384 : sha256;
        const crypto::Verifier verifier(key);
        if (verifier.verify_input(scheme, bytes, signature) ||
            (is_ecdsa(scheme) &&
             verifier.verify_input(scheme, bytes, crypto::ecdsa_from_der(signature, size_for(scheme)))))
          return view_of(std::string(crypto::name_of(digest)), bytes, file.file.filename().string(),
                         std::int64_t(source.size()));
      }
    return not_verified("the signature is not of this file by a key that is trusted");
  }
};

}  // namespace

Result<Bytes> raw_evidence(std::string_view name, ByteView digest) {
  constexpr std::size_t kSha384 = 48;
  return write_evidence("raw", {{"algorithm", digest.size() == kSha384 ? "sha384" : "sha256"},
                                {"encoding", "p1363"},
                                {"digest", to_hex(digest)},
                                {"name", name},
                                {"size", 0}});
}

const Format& raw_format() {
  static const Raw format;
  return format;
}

}  // namespace hf::keys
