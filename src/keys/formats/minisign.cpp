#include "keys/formats/minisign.h"

#include <algorithm>
#include <array>

#include "keys/formats/all.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::Digest, crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ed25519};
constexpr std::size_t kKeyId = 8, kSignature = 64, kFileMax = 8192;
constexpr std::string_view kUntrusted = "untrusted comment: ", kTrusted = "trusted comment: ";

Bytes key_id_of(const crypto::PublicKey& key) {
  const auto digest = crypto::sha256({key.point});
  return {digest.begin(), digest.begin() + kKeyId};
}

// As minisign writes it: what it shows, "number", is the name as a little endian integer.
std::string shown(ByteView id) {
  const Bytes reversed(id.rbegin(), id.rend());
  auto text = to_hex(reversed);
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' ? char(c - 'a' + 'A') : c; });
  return text;
}

struct Evidence {
  std::string name;
  Bytes digest;
  std::int64_t size = 0;
};

View view_of(const Evidence& evidence) {
  View view{.format = "minisign", .kind = "digest", .digest_only = true, .claimed = true};
  view.digests = {to_hex(evidence.digest)};
  view.facts = {{"name", evidence.name}, {"size", evidence.size}, {"digest_algorithm", "blake2b-512"}};
  return view;
}

Result<Evidence> read(const std::filesystem::path& path) {
  HF_TRY(const auto source, SourceFile::open(path));
  HF_TRY(auto digest, source.digest(Digest::blake2b_512, 0, source.size()));
  return Evidence{path.filename().string(), std::move(digest), std::int64_t(source.size())};
}

std::string comment_of(const Evidence& evidence, const SigningContext& context) {
  return "timestamp:" + std::to_string(micros(context.signing_time) / 1'000'000) + "\tfile:" + evidence.name +
         "\thashed";
}

class Minisign final : public Format {
 public:
  std::string_view name() const override { return "minisign"; }
  std::string_view summary() const override { return "any file: minisign, prehashed with BLAKE2b-512, detached"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::string_view detached_suffix() const override { return ".minisig"; }
  std::size_t signatures() const override { return 2; }  // of the digest; of that signature with the trusted comment
  bool recognizes(ByteView) const override { return false; }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    HF_TRY(const auto evidence, read(artifact));
    return write_evidence(name(),
                          {{"name", evidence.name}, {"size", evidence.size}, {"digest", to_hex(evidence.digest)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(auto parsed, parse(evidence));
    if (context.earlier.empty()) return ToSign{std::move(parsed.digest), false};
    if (context.earlier.size() > 1 || context.earlier[0].size() != kSignature)
      return bad_evidence("the signatures so far are not one of 64 bytes");
    // Only a signature by this key over this digest is worth signing: anything else is a message of the caller's
    // choice.
    if (!crypto::verify(context.key, parsed.digest, context.earlier[0]))
      return not_verified("the first signature is not of this key and file");
    auto message = context.earlier[0];
    put(message, bytes_of(comment_of(parsed, context)));
    return ToSign{std::move(message), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    if (context.earlier.size() != 1 || context.earlier[0].size() != kSignature || signature.size() != kSignature)
      return bad_evidence("two signatures of 64 bytes are needed");
    const auto id = key_id_of(context.key);
    Bytes line{'E', 'D'};
    put(line, id);
    put(line, context.earlier[0]);
    const auto text = std::string(kUntrusted) + "signature of the key " + shown(id) + "\n" + to_base64(line) + "\n" +
                      std::string(kTrusted) + comment_of(parsed, context) + "\n" + to_base64(signature) + "\n";
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(bytes_of(text)));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto detached, SourceFile::open(file.signature));
    HF_TRY(const auto bytes, detached.read_all(kFileMax));
    const auto lines = split(text_of(bytes), '\n');
    if (lines.size() != 5 || !lines[4].empty() || !lines[0].starts_with(kUntrusted) || !lines[2].starts_with(kTrusted))
      return malformed("it is not a minisign signature file");
    const auto line = from_base64(lines[1]), global = from_base64(lines[3]);
    if (!line || line->size() != 2 + kKeyId + kSignature || !global || global->size() != kSignature ||
        to_base64(*line) != lines[1] || to_base64(*global) != lines[3])
      return malformed("a signature line of the minisign file");
    if ((*line)[0] != 'E' || (*line)[1] != 'D') return malformed("a signature of the file itself, not of its digest");
    HF_TRY(const auto evidence, read(file.file));
    const auto comment = lines[2].substr(kTrusted.size());
    const ByteView signature = ByteView(*line).subspan(2 + kKeyId);
    Bytes message(signature.begin(), signature.end());
    put(message, bytes_of(comment));
    for (const auto& key : trust.keys) {
      if (key.algorithm != crypto::KeyAlgorithm::ed25519 || !crypto::verify(key, evidence.digest, signature) ||
          !crypto::verify(key, message, *global))
        continue;
      auto view = view_of(evidence);
      std::string plain(comment);
      std::ranges::replace(plain, '\t', ' ');
      if (is_plain(plain)) view.facts["trusted_comment"] = plain;
      return view;
    }
    return not_verified("the signatures are not of this file and comment by a trusted key");
  }

 private:
  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence;
    HF_CHECK(read_evidence("minisign", bytes, [&](Fields& fields) {
      constexpr std::size_t kDigest = 64;
      evidence.name = fields.text("name");
      evidence.size = fields.integer("size", 0, std::int64_t{1} << 53);
      evidence.digest = fields.hex("digest", kDigest);
      if (evidence.digest.size() != kDigest) fields.fault("digest", "a digest");
    }));
    return evidence;
  }
};

}  // namespace

std::string minisign_public_key(const crypto::PublicKey& key) {
  if (key.algorithm != crypto::KeyAlgorithm::ed25519) return {};
  const auto id = key_id_of(key);
  Bytes line{'E', 'd'};
  put(line, id);
  put(line, key.point);
  return std::string(kUntrusted) + "minisign public key " + shown(id) + "\n" + to_base64(line) + "\n";
}

const Format& minisign_format() {
  static const Minisign format;
  return format;
}

}  // namespace hf::keys
