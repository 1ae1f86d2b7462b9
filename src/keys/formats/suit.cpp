// SUIT envelope (draft-ietf-suit-manifest): a manifest, its digest, and a COSE_Sign1 over that digest. Sections that
// are severed from the manifest, and payloads that travel along, are held to the digests in it.
#include <algorithm>
#include <array>
#include <set>

#include "crypto/cose.h"
#include "keys/formats/all.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::Cbor, crypto::SignatureScheme;
namespace cbor = crypto::cbor;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::ed25519};
constexpr std::uint64_t kEnvelopeTag = 107;
constexpr std::int64_t kAuthentication = 2, kManifest = 3, kSha256 = -16;
constexpr std::size_t kEnvelopeMax = 64U << 20, kManifestMax = 64U << 10;
// draft-ietf-suit-manifest 8.4: those of a manifest that hold commands, and those of them that may be severed.
constexpr std::array<std::int64_t, 6> kSequences{7, 8, 9, 16, 20, 21};
constexpr std::array<std::int64_t, 3> kSeverable{16, 20, 23};

std::optional<Bytes> sha256_in(ByteView digest) {  // SUIT_Digest
  const auto parsed = crypto::parse_cbor(digest);
  if (!parsed || !parsed->is(Cbor::Kind::array) || parsed->items.size() != 2 || parsed->items[0].integer() != kSha256 ||
      !parsed->items[1].is(Cbor::Kind::bytes) || parsed->items[1].content.size() != 32)
    return std::nullopt;
  const auto bytes = parsed->items[1].content;
  return Bytes(bytes.begin(), bytes.end());
}
Bytes digest_item(ByteView digest) { return cbor::array({cbor::integer(kSha256), cbor::bytes(digest)}); }
// Of a byte string with its head: the draft digests what the envelope holds.
Bytes wrapped_digest(ByteView content) { return digest_of(crypto::Digest::sha256, cbor::bytes(content)); }

std::string uuid_text(ByteView bytes) {
  auto text = to_hex(bytes);
  if (bytes.size() == 16)
    for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

struct Found {
  std::set<std::string> digests{}, compatible{};
  std::vector<std::string> uris{};
  std::optional<std::string> fault{};
};

// Command sequences: pairs of a number and its argument; 19, 20 set parameters, 15 and 32 hold sequences.
void walk(ByteView sequence, int depth, Found& found) {
  constexpr int kDepthMax = 8;
  constexpr std::int64_t kTryEach = 15, kSetParameters = 19, kOverrideParameters = 20, kRunSequence = 32;
  constexpr std::int64_t kVendor = 1, kClass = 2, kImageDigest = 3, kUri = 21;
  const auto parsed = crypto::parse_cbor(sequence);
  if (!parsed || !parsed->is(Cbor::Kind::array) || parsed->items.size() % 2 != 0 || depth > kDepthMax) {
    found.fault = "a command sequence of the manifest";
    return;
  }
  for (std::size_t i = 0; i < parsed->items.size(); i += 2) {
    const auto command = parsed->items[i].integer();
    const auto& argument = parsed->items[i + 1];
    if (command == kRunSequence && argument.is(Cbor::Kind::bytes)) walk(argument.content, depth + 1, found);
    if (command == kTryEach && argument.is(Cbor::Kind::array))
      for (const auto& branch : argument.items)
        if (branch.is(Cbor::Kind::bytes)) walk(branch.content, depth + 1, found);
    if (command != kSetParameters && command != kOverrideParameters) continue;
    for (const auto& [key, prefix] : {std::pair(kVendor, "vendor:"), std::pair(kClass, "class:")})
      if (const auto* id = argument.find(key); id && id->is(Cbor::Kind::bytes))
        found.compatible.insert(prefix + uuid_text(id->content));
    if (const auto* digest = argument.find(kImageDigest)) {
      const auto bytes = digest->is(Cbor::Kind::bytes) ? sha256_in(digest->content) : std::nullopt;
      if (!bytes) found.fault = "an image digest other than SHA-256";
      else found.digests.insert(to_hex(*bytes));
    }
    if (const auto* uri = argument.find(kUri); uri && uri->is(Cbor::Kind::text)) {
      if (is_plain(text_of(uri->content))) found.uris.emplace_back(text_of(uri->content));
      else found.fault = "a URI with control or direction characters";
    }
  }
}

struct Severed {
  std::int64_t key = 0;
  Bytes content;
};

// A canonical JSON number: what a policy compares it with.
constexpr std::uint64_t kSequenceMax = (std::uint64_t{1} << 53) - 1;

// `severed`: sections that the manifest holds the digest of, and the envelope the content.
Result<View> view_of(ByteView bytes, const std::vector<Severed>& severed) {
  constexpr std::int64_t kVersion = 1, kSequenceNumber = 2, kCommon = 3, kReference = 4, kComponents = 2, kShared = 4;
  const auto manifest = crypto::parse_cbor(bytes);
  if (!manifest) return malformed("its manifest: " + manifest.error().message);
  const auto* version = manifest->find(kVersion);
  const auto* sequence = manifest->find(kSequenceNumber);
  const auto* common = manifest->find(kCommon);
  if (!version || version->integer() != 1 || !sequence || !sequence->is(Cbor::Kind::number) ||
      sequence->value > kSequenceMax || !common || !common->is(Cbor::Kind::bytes))
    return malformed("its manifest has no version 1, sequence number or common part");
  View view{.format = "suit", .kind = "manifest"};
  view.security_version = sequence->value;
  const auto parsed = crypto::parse_cbor(common->content);
  if (!parsed) return malformed("its common part: " + parsed.error().message);
  Found found;
  JsonArray components, sections;
  if (const auto* list = parsed->find(kComponents); list && list->is(Cbor::Kind::array))
    for (const auto& component : list->items) components.emplace_back(to_hex(component.whole));
  if (const auto* shared = parsed->find(kShared)) {
    if (!shared->is(Cbor::Kind::bytes)) return malformed("its shared sequence");
    walk(shared->content, 0, found);
  }
  for (const auto key : kSequences) {
    const auto* section = manifest->find(key);
    if (!section) continue;
    sections.emplace_back(key);
    if (section->is(Cbor::Kind::bytes)) walk(section->content, 0, found);
  }
  for (const auto& part : severed) {
    const auto* section = manifest->find(part.key);
    const auto digest = section && section->is(Cbor::Kind::array) ? sha256_in(section->whole) : std::nullopt;
    if (std::ranges::find(kSeverable, part.key) == kSeverable.end() || digest != wrapped_digest(part.content))
      return not_verified("a severed section is not the one that the manifest binds");
    constexpr std::int64_t kText = 23;
    if (part.key != kText) walk(part.content, 0, found);
  }
  if (found.fault) return malformed(*found.fault);
  view.digests.assign(found.digests.begin(), found.digests.end());
  view.compatible.assign(found.compatible.begin(), found.compatible.end());
  view.facts = {
      {"components", components}, {"sections", sections}, {"uris", JsonArray(found.uris.begin(), found.uris.end())}};
  if (const auto* uri = manifest->find(kReference); uri && uri->is(Cbor::Kind::text) && is_plain(text_of(uri->content)))
    view.facts["reference_uri"] = text_of(uri->content);
  return view;
}

struct Envelope {
  Bytes bytes{};
  Bytes manifest{};
  std::vector<Severed> severed{};
  std::optional<Bytes> digest_bytes{};  // the encoded SUIT_Digest, if there is one
  std::optional<Bytes> signature{};     // the encoded COSE_Sign1
  Bytes rest{};                         // what follows the authentication block in the map, as encoded
  std::size_t entries = 0;              // of the map
};

Result<Envelope> open_envelope(const std::filesystem::path& path) {
  HF_TRY(const auto source, SourceFile::open(path));
  Envelope envelope;
  HF_TRY(envelope.bytes, source.read_all(kEnvelopeMax));
  const auto parsed = crypto::parse_cbor(envelope.bytes, {.bytes_max = kEnvelopeMax});
  if (!parsed) return malformed(parsed.error().message);
  if (!parsed->is(Cbor::Kind::tag) || parsed->value != kEnvelopeTag || !parsed->items[0].is(Cbor::Kind::map))
    return malformed("it is not a SUIT envelope (tag 107)");
  const auto& map = parsed->items[0];
  envelope.entries = map.items.size() / 2;
  const auto* manifest = map.find(kManifest);
  if (!manifest || !manifest->is(Cbor::Kind::bytes)) return malformed("the envelope has no manifest");
  if (manifest->content.size() > kManifestMax) return over_limit("the manifest");
  envelope.manifest.assign(manifest->content.begin(), manifest->content.end());
  std::vector<Bytes> payloads;
  for (std::size_t i = 0; i < map.items.size(); i += 2) {
    const auto& key = map.items[i];
    const auto& value = map.items[i + 1];
    if (!value.is(Cbor::Kind::bytes)) return malformed("an entry of the envelope that is no byte string");
    if (key.integer() == kAuthentication) {
      const auto block = crypto::parse_cbor(value.content);
      if (!block || !block->is(Cbor::Kind::array) || block->items.empty() || block->items.size() > 2 ||
          !std::ranges::all_of(block->items, [](const Cbor& item) { return item.is(Cbor::Kind::bytes); }))
        return malformed("its authentication block is not a digest and at most one signature");
      const auto copy = [](const Cbor& item) { return Bytes(item.content.begin(), item.content.end()); };
      envelope.digest_bytes = copy(block->items[0]);
      if (block->items.size() == 2) envelope.signature = copy(block->items[1]);
      if (sha256_in(*envelope.digest_bytes) != wrapped_digest(envelope.manifest))
        return not_verified("its digest is not of its manifest");
      continue;
    }
    put(envelope.rest, key.whole);
    put(envelope.rest, value.whole);
    if (key.integer() == kManifest) continue;
    if (const auto number = key.integer())
      envelope.severed.push_back({*number, Bytes(value.content.begin(), value.content.end())});
    else if (key.is(Cbor::Kind::text)) payloads.push_back(digest_of(crypto::Digest::sha256, value.content));
    else return malformed("a key of the envelope");
  }
  HF_TRY(const auto view, view_of(envelope.manifest, envelope.severed));
  for (const auto& payload : payloads)
    if (std::ranges::find(view.digests, to_hex(payload)) == view.digests.end())
      return not_verified("a payload in the envelope has a digest that the manifest does not name");
  return envelope;
}

class Suit final : public Format {
 public:
  std::string_view name() const override { return "suit"; }
  std::string_view summary() const override {
    return "SUIT envelope: COSE_Sign1 (RFC 9052) over its manifest's digest";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::span<const Option> options() const override {
    static constexpr std::array all{
        Option{"replace", "true: the envelope is signed already; its signature gives way to the new one"}};
    return all;
  }
  bool recognizes(ByteView head) const override {
    return head.size() > 2 && head[0] == 0xd8 && head[1] == kEnvelopeTag;
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& given) const override {
    HF_TRY(const auto options, Options::read(given, *this));
    HF_TRY(const auto envelope, open_envelope(artifact));
    if (envelope.signature && options.text("replace") != "true")
      return fail(ErrorKind::conflict, "HF-FORMAT-0012", "the envelope is signed already; replace=true signs it anew");
    JsonArray severed;
    for (const auto& part : envelope.severed)
      severed.push_back(JsonObject{{"key", part.key}, {"content", to_base64(part.content)}});
    return write_evidence(name(), {{"manifest", to_base64(envelope.manifest)}, {"severed", severed}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed.manifest, parsed.severed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_CHECK(view_of(parsed.manifest, parsed.severed));
    return ToSign{crypto::cose_to_sign(context.scheme, digest_item(wrapped_digest(parsed.manifest))), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto envelope, open_envelope(artifact));
    const auto block = cbor::array({cbor::bytes(digest_item(wrapped_digest(parsed.manifest))),
                                    cbor::bytes(crypto::cose_sign1(context.scheme, signature))});
    auto bytes = cbor::head(Cbor::Kind::tag, kEnvelopeTag);
    put(bytes, cbor::head(Cbor::Kind::map, envelope.entries + (envelope.digest_bytes ? 0 : 1)));
    put(bytes, cbor::integer(kAuthentication));  // the least key of an envelope
    put(bytes, cbor::bytes(block));
    put(bytes, envelope.rest);
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(bytes));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto envelope, open_envelope(file.file));
    if (!envelope.signature) return not_verified("the envelope has no signature");
    const auto sign1 = crypto::parse_cose_sign1(*envelope.signature);
    if (!sign1) return malformed(sign1.error().message);
    const auto message = crypto::cose_to_sign(sign1->scheme, *envelope.digest_bytes);
    const auto verified = verify_any(trust, std::array{sign1->scheme}, message, sign1->signature);
    if (!verified) return not_verified("its signature is not by a trusted key");
    HF_TRY(auto view, view_of(envelope.manifest, envelope.severed));
    view.facts["signer_key"] = to_hex(fingerprint_of(verified->key));
    return view;
  }

 private:
  struct Evidence {
    Bytes manifest;
    std::vector<Severed> severed;
  };
  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence;
    HF_CHECK(read_evidence("suit", bytes, [&](Fields& fields) {
      constexpr std::size_t kSections = 8;
      evidence.manifest = base64_field(fields, "manifest", kManifestMax);
      fields.each("severed", kSections, [&](Fields& part) {
        const auto key = part.integer("key", 0, 1 << 16);
        evidence.severed.push_back({key, base64_field(part, "content")});
      });
    }));
    return evidence;
  }
};

}  // namespace

const Format& suit_format() {
  static const Suit format;
  return format;
}

}  // namespace hf::keys
