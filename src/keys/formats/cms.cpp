// A detached CMS signature (RFC 5652) over any file, beside it: what `openssl cms -verify` takes. The signer sees
// digests and a name, as with the raw format.
#include "keys/formats/all.h"
#include "keys/formats/cms_form.h"

namespace hf::keys {
namespace {

using crypto::Digest;

struct Evidence {
  std::string name;
  Bytes sha256, sha384;
  std::int64_t size = 0;

  [[nodiscard]] const Bytes& digest(crypto::SignatureScheme scheme) const {
    return crypto::cms_digest_of(scheme) == Digest::sha384 ? sha384 : sha256;
  }
};

Result<Evidence> read(const std::filesystem::path& path) {
  HF_TRY(const auto source, SourceFile::open(path));
  crypto::DigestStream sha256(Digest::sha256), sha384(Digest::sha384);
  HF_CHECK(source.each(0, source.size(), [&](ByteView piece) -> Result<void> {
    sha256.update(piece);
    sha384.update(piece);
    return {};
  }));
  return Evidence{path.filename().string(), sha256.finish(), sha384.finish(), std::int64_t(source.size())};
}

View view_of(const Evidence& evidence) {
  View view{.format = "cms", .kind = "document", .digest_only = true, .claimed = true};
  view.digests = {to_hex(evidence.sha256)};
  view.facts = {{"name", evidence.name}, {"size", evidence.size}};
  return view;
}

class Cms final : public Format {
 public:
  std::string_view name() const override { return "cms"; }
  std::string_view summary() const override { return "any file: CMS SignedData (RFC 5652), detached, DER"; }
  std::span<const crypto::SignatureScheme> schemes() const override { return cms_schemes(); }
  bool needs_certificate() const override { return true; }
  std::string_view detached_suffix() const override { return ".p7s"; }
  bool recognizes(ByteView) const override { return false; }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    HF_TRY(const auto evidence, read(artifact));
    return write_evidence(name(), {{"name", evidence.name},
                                   {"size", evidence.size},
                                   {"sha256", to_hex(evidence.sha256)},
                                   {"sha384", to_hex(evidence.sha384)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    return cms_to_sign(parsed.digest(context.scheme), context);
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto cms, cms_of(parsed.digest(context.scheme), {}, context, signature));
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(cms));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto detached, SourceFile::open(file.signature));
    HF_TRY(const auto cms, detached.read_all(kCmsMax));
    HF_TRY(const auto verified, cms_verified(cms, trust, content_of(source, 0, source.size())));
    HF_TRY(const auto evidence, read(file.file));
    auto view = view_of(evidence);
    add_signer_facts(view.facts, verified);
    return view;
  }

 private:
  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence;
    HF_CHECK(read_evidence("cms", bytes, [&](Fields& fields) {
      evidence.name = fields.text("name");
      evidence.size = fields.integer("size", 0, std::int64_t{1} << 53);
      read_digests(fields, evidence.sha256, evidence.sha384);
    }));
    return evidence;
  }
};

}  // namespace

const Format& cms_format() {
  static const Cms format;
  return format;
}

}  // namespace hf::keys
