#include "keys/formats/nxp_dat.h"

#include <algorithm>
#include <array>

#include "keys/debug_policy.h"
#include "keys/formats/all.h"

namespace hf::keys {
namespace nxp {
namespace {

using crypto::KeyAlgorithm, crypto::SignatureScheme;

constexpr std::size_t kUuid = 16, kChallenge = 32, kDacRest = 72;  // a DAC without its hash

struct Kind {
  Version version;
  KeyAlgorithm algorithm;
  std::size_t key, signature, hash;  // bytes: of a key on the wire, a signature, a root key's hash
};
constexpr std::array kKinds{
    Kind{{1, 0}, KeyAlgorithm::rsa_2048, 260, 256, 32}, Kind{{1, 1}, KeyAlgorithm::rsa_4096, 516, 512, 32},
    Kind{{2, 0}, KeyAlgorithm::ecdsa_p256, 64, 64, 32}, Kind{{2, 1}, KeyAlgorithm::ecdsa_p384, 96, 96, 48}};

Result<const Kind*> kind_of(ByteView bytes) {
  const Version version{le16(bytes, 0), le16(bytes, 2)};
  const auto found = std::ranges::find(kKinds, version, &Kind::version);
  if (found == kKinds.end()) return malformed("its version is none of 1.0, 1.1, 2.0 and 2.1");
  return &*found;
}

bool is_rsa(const Kind& kind) { return kind.version.major == 1; }

Result<crypto::PublicKey> key_of(const Kind& kind, ByteView bytes) {
  if (is_rsa(kind)) {
    const auto exponent = bytes.last(4);
    const auto first = std::ranges::find_if(exponent, [](std::uint8_t byte) { return byte != 0; });
    HF_TRY(auto key, crypto::rsa_public_key_of(bytes.first(bytes.size() - 4), ByteView(first, exponent.end())));
    if (key.algorithm != kind.algorithm) return malformed("an RSA key of another size than its version's");
    return key;
  }
  Bytes point{4};  // SEC 1 2.3.3
  put(point, bytes);
  return crypto::public_key_of(kind.algorithm, point);
}

bool holds(const crypto::PublicKey& key, ByteView message, ByteView signature) {
  const crypto::Verifier verifier(key);
  for (const auto scheme : {SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                            SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pss_sha256})
    if (crypto::fits(scheme, key.algorithm) && verifier.verify(scheme, message, signature)) return true;
  return false;
}

// Where fields stand after one another, of bytes whose size was checked before.
class Cursor {
 public:
  explicit Cursor(ByteView bytes) : rest_(bytes) {}
  ByteView take(std::size_t size) {
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint32_t number() { return le32(take(4), 0); }
  void numbers(std::initializer_list<std::uint32_t*> into) {
    for (auto* one : into) *one = number();
  }

 private:
  ByteView rest_;
};

// Root keys in the flags of a credential: how many, of which one signed it.
Result<std::size_t> table_size(std::uint32_t flags, const Kind& kind) {
  constexpr std::uint32_t kKnown = 0x80000ff0;
  const std::uint32_t count = flags >> 4 & 0xf, used = flags >> 8 & 0xf;
  if ((flags & 0x80000000) == 0 || (flags & ~kKnown) != 0 || count < 1 || count > 4 || used >= count)
    return malformed("the flags of its root keys");
  return count == 1 ? 0 : count * kind.hash;
}

}  // namespace

Result<Challenge> challenge_of(ByteView bytes) {
  const auto hash = bytes.size() - std::min(bytes.size(), kDacRest);
  if (hash < 32) return malformed("a debug challenge is cut off");
  HF_TRY(const auto* const kind, kind_of(bytes));
  // Some families of P-384 use SHA-256 for it all the same.
  if (hash != 32 && hash != kind->hash) return malformed("a debug challenge has 104 bytes, or of version 2.1 also 120");
  Cursor in(bytes.subspan(4));
  Challenge read{.version = kind->version};
  read.soc_class = in.number();
  read.uuid = in.take(kUuid);
  read.revocation = in.number();
  read.root_hash = in.take(hash);
  in.numbers({&read.pinned, &read.preset, &read.vendor_use});
  read.challenge = in.take(kChallenge);
  return read;
}

Result<Credential> credential_of(ByteView bytes) {
  constexpr std::size_t kHead = 24, kCurveHead = kHead + 16, kRsaHashes = 128, kNumbers = 12;
  if (bytes.size() < kCurveHead) return malformed("a debug credential is cut off");
  HF_TRY(const auto* const kind, kind_of(bytes));
  std::size_t table = 0;
  if (!is_rsa(*kind)) {
    HF_TRY(table, table_size(le32(bytes, kHead + kNumbers), *kind));
  }
  const auto size = is_rsa(*kind) ? kHead + kRsaHashes + kNumbers + 2 * kind->key + kind->signature
                                  : kCurveHead + table + 2 * kind->key + kind->signature;
  if (bytes.size() != size) return malformed("a debug credential of another size than its version and root keys say");
  Cursor in(bytes.subspan(4));
  Credential read{.version = kind->version};
  read.soc_class = in.number();
  read.uuid = in.take(kUuid);
  ByteView root, key;
  if (is_rsa(*kind)) {
    in.take(kRsaHashes);
    key = in.take(kind->key);
    in.numbers({&read.permissions, &read.vendor_use, &read.beacon});
    root = in.take(kind->key);
  } else {
    in.numbers({&read.permissions, &read.vendor_use, &read.beacon});
    in.take(4 + table);
    root = in.take(kind->key);
    key = in.take(kind->key);
  }
  HF_TRY(read.root, key_of(*kind, root));
  HF_TRY(read.key, key_of(*kind, key));
  if (!holds(read.root, bytes.first(size - kind->signature), bytes.last(kind->signature)))
    return not_verified("the debug credential is not signed by the root key that it brings");
  return read;
}

Result<Bytes> response_request(ByteView challenge, ByteView credential, std::uint32_t beacon) {
  Bytes number, request;
  put_le32(number, beacon);
  put_tlv(request, TlvType::nxp_challenge, challenge);
  put_tlv(request, TlvType::nxp_credential, credential);
  put_tlv(request, TlvType::nxp_beacon, number);
  HF_TRY(const auto evidence, write_evidence("nxp-dat", {{"request", to_base64(request)}}));
  HF_CHECK(nxp_dat_format().view(evidence));
  return request;
}

}  // namespace nxp

namespace {

using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pss_sha256};

struct Request {
  nxp::Challenge challenge{};
  nxp::Credential credential{};
  std::uint32_t beacon = 0;
  Bytes response{};  // up to the signature
};

Result<Request> parse(ByteView bytes) {
  HF_TRY(const auto all, read_tlvs(bytes, 3));
  std::span<const Tlv> tlvs(all);
  HF_TRY(const auto dac, take_tlv(tlvs, TlvType::nxp_challenge, "challenge"));
  HF_TRY(const auto dc, take_tlv(tlvs, TlvType::nxp_credential, "credential"));
  HF_TRY(const auto beacon, take_tlv(tlvs, TlvType::nxp_beacon, "beacon", 4));
  if (!tlvs.empty()) return malformed("there is something after the beacon");
  Request read;
  HF_TRY(read.challenge, nxp::challenge_of(dac));
  HF_TRY(read.credential, nxp::credential_of(dc));
  read.beacon = le32(beacon, 0);
  if (read.challenge.version != read.credential.version)
    return malformed("challenge and credential are of two versions");
  if (read.challenge.soc_class != read.credential.soc_class)
    return malformed("the credential is for another SoC class than the device's");
  if (!all_zero(read.credential.uuid) && !std::ranges::equal(read.credential.uuid, read.challenge.uuid))
    return malformed("the credential is for another device than the one whose challenge it is");
  if (all_zero(read.challenge.challenge)) return malformed("the challenge is all zeros");
  put(read.response, dc);
  put(read.response, beacon);
  if (read.challenge.version.major == 2) put(read.response, read.challenge.uuid);
  return read;
}

std::string hex32(std::uint32_t number) {
  Bytes bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(number >> shift));
  return to_hex(bytes);
}

View view_of(const Request& request) {
  const auto& [challenge, credential, beacon, response] = request;
  View view{.format = "nxp-dat", .kind = std::string(kDebugToken)};
  view.compatible = {"soc-class:0x" + hex32(challenge.soc_class)};
  view.digests = {to_hex(crypto::sha256({response, challenge.challenge}))};
  view.facts = {
      {"device", all_zero(challenge.uuid) ? std::string() : to_hex(challenge.uuid)},
      {"credential_for", all_zero(credential.uuid) ? std::string("any device of the class") : to_hex(credential.uuid)},
      {"soc_class", "0x" + hex32(challenge.soc_class)},
      {"version", std::to_string(challenge.version.major) + "." + std::to_string(challenge.version.minor)},
      {"permissions", hex32(credential.permissions)},  // cc_socu
      {"pinned", hex32(challenge.pinned)},
      {"default", hex32(challenge.preset)},
      {"lifecycle", "unknown"},  // a DAC does not tell
      {"beacon", std::int64_t(beacon)},
      {"credential_beacon", std::int64_t(credential.beacon)},
      {"vendor_use", hex32(credential.vendor_use)},
      {"revocation", hex32(challenge.revocation)},
      {"challenge_sha256", to_hex(crypto::sha256({challenge.challenge}))},
      {"key_sha256", to_hex(fingerprint_of(credential.key))},
      {"root_key_sha256", to_hex(fingerprint_of(credential.root))},
      {"device_root_hash", to_hex(challenge.root_hash)}};
  return view;
}

class NxpDat final : public Format {
 public:
  std::string_view name() const override { return "nxp-dat"; }
  std::string_view summary() const override { return "debug access: NXP's debug authentication response (DAR)"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::string_view detached_suffix() const override { return ".dar"; }
  bool recognizes(ByteView head) const override { return begins_with(head, TlvType::nxp_challenge); }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    return debug_evidence(*this, artifact);
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto parsed, parse(request));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto parsed, parse(request));
    if (parsed.credential.key != context.key)
      return fail(ErrorKind::invalid, "HF-FORMAT-0008", "this key cannot sign it: the credential is for another");
    return ToSign{message_of(parsed), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(auto parsed, parse(request));
    put(parsed.response, signature);
    auto trusted = context;
    trusted.key = parsed.credential.root;
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(parsed.response));
    return finish(target, *this, artifact, evidence, trusted);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto request, source.read_all(kDebugFileMax));
    HF_TRY(const auto parsed, parse(request));
    HF_TRY(const auto answer_file, SourceFile::open(file.signature));
    HF_TRY(const auto answer, answer_file.read_all(kDebugFileMax));
    if (std::ranges::find(trust.keys, parsed.credential.root) == trust.keys.end())
      return not_verified("the root key of its credential is not trusted");
    const auto size = parsed.response.size();
    if (answer.size() < size || !std::ranges::equal(parsed.response, ByteView(answer).first(size)))
      return not_verified("the answer is not of this request");
    if (!nxp::holds(parsed.credential.key, message_of(parsed), ByteView(answer).subspan(size)))
      return not_verified("the answer is not signed by the key of its credential, or for another challenge");
    return view_of(parsed);
  }

 private:
  static Bytes message_of(const Request& request) {
    auto message = request.response;
    put(message, request.challenge.challenge);
    return message;
  }
};

}  // namespace

const Format& nxp_dat_format() {
  static const NxpDat format;
  return format;
}

}  // namespace hf::keys
