// Debug access of Arm's ADAC (adac.h): a certificate of a chain, and the token that answers a device's challenge.
#include <array>

#include "keys/debug_policy.h"
#include "keys/formats/adac.h"
#include "keys/formats/all.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ed25519};

std::string hex16(std::uint16_t number) {
  return "0x" + to_hex(Bytes{std::uint8_t(number >> 8), std::uint8_t(number)});
}
std::string hex32(std::uint32_t number) {
  return hex16(std::uint16_t(number >> 16)) + hex16(std::uint16_t(number)).substr(2);
}
// PSA_LIFECYCLE_UNKNOWN limits to no state.
std::string lifecycle_of(std::uint16_t number) { return number == 0 ? "any" : hex16(number); }
std::string device_of(ByteView soc_id) { return all_zero(soc_id) ? std::string() : to_hex(soc_id); }
std::string fingerprint_of_key(const crypto::PublicKey& key) { return to_hex(fingerprint_of(key)); }

Result<void> check_key(const crypto::PublicKey& expected, const SigningContext& context) {
  if (context.key != expected)
    return fail(ErrorKind::invalid, "HF-FORMAT-0008", "this key cannot sign it: the chain has another one there");
  return {};
}

// A chain whose last certificate may be unsigned.
Result<View> view_of(const adac::Chain& chain) {
  const auto& last = chain.last();
  const bool alone = chain.certificates.size() == 1;
  const auto& issuer = alone ? last : chain.certificates[chain.certificates.size() - 2];
  View view{.format = "adac-certificate", .kind = std::string(kDebugCertificate)};
  view.compatible = {"soc-class:" + hex32(chain.soc_class)};
  view.digests = {to_hex(crypto::sha256({last.signed_part}))};
  JsonArray extensions;
  for (const auto type : last.extensions) extensions.emplace_back(hex16(type));
  view.facts = {{"role", name_of(last.role)},
                {"device", device_of(chain.soc_id)},
                {"soc_class", hex32(chain.soc_class)},
                {"permissions", to_hex(last.permissions)},
                {"effective_permissions", to_hex(chain.permissions)},
                {"lifecycle", lifecycle_of(chain.lifecycle)},
                {"usage", last.usage},
                {"oem_constraint", hex16(last.oem_constraint)},
                {"certificates", std::int64_t(chain.certificates.size())},
                {"key", crypto::name_of(last.key.algorithm)},
                {"key_sha256", fingerprint_of_key(last.key)},
                {"issuer_key_sha256", fingerprint_of_key(issuer.key)},
                {"extensions", extensions}};
  return view;
}

class AdacCertificate final : public Format {
 public:
  std::string_view name() const override { return "adac-certificate"; }
  std::string_view summary() const override {
    return "debug access: a certificate of Arm's ADAC (DEN0101), with its chain";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  bool recognizes(ByteView head) const override {
    return begins_with(head, TlvType::certificate) || text_of(head).starts_with("AAABA");
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    return debug_evidence(*this, artifact);
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto chain, parse(request));
    return view_of(chain);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto chain, parse(request));
    const auto count = chain.certificates.size();
    HF_CHECK(check_key(chain.certificates[count > 1 ? count - 2 : 0].key, context));
    const auto part = chain.last().signed_part;
    return ToSign{Bytes(part.begin(), part.end()), false};
  }

  // The chain with the certificate at its end, in base64: as Arm's secure debug manager reads it.
  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto chain, parse(request));
    const auto at = std::size_t(chain.last().signature.data() - request.data());
    if (signature.size() != chain.last().signature.size()) return malformed("a signature of another size");
    auto trusted = context;
    trusted.key = chain.root().key;
    std::ranges::copy(signature, request.begin() + std::ptrdiff_t(at));
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(bytes_of(to_base64(request) + "\n")));
    return finish(target, *this, artifact, evidence, trusted);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(auto read, source.read_all(kDebugFileMax));
    HF_TRY(const auto bytes, adac::chain_bytes(std::move(read)));
    HF_TRY(const auto tlvs, read_tlvs(bytes, adac::kChainMax));
    HF_TRY(const auto chain, adac::chain_of(tlvs, false));
    HF_CHECK(adac::check_root(chain, trust));
    return view_of(chain);
  }

 private:
  static Result<adac::Chain> parse(ByteView request) {
    HF_TRY(const auto tlvs, read_tlvs(request, adac::kChainMax));
    return adac::chain_of(tlvs, true);
  }
};

struct TokenRequest {
  std::uint32_t soc_class = 0;
  std::uint16_t lifecycle = 0;
  ByteView soc_id{}, challenge{};
  adac::Chain chain{};
  adac::Token token{};
  ByteView answer{};  // chain and token
};

// Views into `request`.
Result<TokenRequest> parse_token(ByteView request) {
  constexpr std::size_t kOthers = 5;  // class, id, lifecycle, challenge, token
  HF_TRY(const auto all, read_tlvs(request, adac::kChainMax + kOthers));
  std::span<const Tlv> tlvs(all);
  TokenRequest read;
  HF_TRY(const auto soc_class, take_tlv(tlvs, TlvType::soc_class, "SoC class", 4));
  HF_TRY(read.soc_id, take_tlv(tlvs, TlvType::soc_id, "SoC id", adac::kSocId));
  HF_TRY(const auto lifecycle, take_tlv(tlvs, TlvType::lifecycle, "lifecycle state", 2));
  HF_TRY(read.challenge, take_tlv(tlvs, TlvType::challenge, "challenge", adac::kChallenge));
  read.soc_class = le32(soc_class, 0), read.lifecycle = le16(lifecycle, 0);
  if (tlvs.empty()) return malformed("there is no chain and no token");
  read.answer = {tlvs.front().whole.data(), request.data() + request.size()};
  HF_TRY(read.chain, adac::chain_of(tlvs.first(tlvs.size() - 1), false));
  if (tlvs.back().type != TlvType::token) return malformed("there is no token at its end");
  HF_TRY(read.token, adac::token_of(tlvs.back().value));
  if (!all_zero(read.token.signature))
    return fail(ErrorKind::conflict, "HF-FORMAT-0012", "the token of the request is signed already");
  const auto& leaf = read.chain.last();
  // As the authenticator of psa-adac: after an intermediate it takes no token.
  if (leaf.role == adac::Role::intermediate)
    return malformed("its chain ends with an intermediate: a leaf signs tokens, or a root by itself");
  if (read.token.system != leaf.system) return malformed("token and chain are of two cryptosystems");
  if (all_zero(read.challenge)) return malformed("the challenge is all zeros");
  if (read.chain.soc_class != 0 && read.chain.soc_class != read.soc_class)
    return malformed("its chain is for another SoC class than the device's");
  if (!all_zero(read.chain.soc_id) && !std::ranges::equal(read.chain.soc_id, read.soc_id))
    return malformed("its chain is for another device than the one whose challenge it is");
  if (read.chain.lifecycle != 0 && read.chain.lifecycle != read.lifecycle)
    return malformed("its chain is for another lifecycle state than the device's");
  return read;
}

View view_of(const TokenRequest& request) {
  View view{.format = "adac-token", .kind = std::string(kDebugToken)};
  view.compatible = {"soc-class:" + hex32(request.soc_class)};
  view.digests = {to_hex(crypto::sha256({request.token.signed_part, request.challenge}))};
  Bytes effective(request.chain.permissions);
  for (std::size_t i = 0; i < effective.size(); ++i) effective[i] &= request.token.permissions[i];
  view.facts = {// Only a certificate binds a device: the token itself names none.
                {"device", device_of(request.chain.soc_id)},
                {"asked_for_device", to_hex(request.soc_id)},
                {"soc_class", hex32(request.soc_class)},
                {"permissions", to_hex(request.token.permissions)},
                {"effective_permissions", to_hex(effective)},
                {"lifecycle", request.lifecycle == 0 ? std::string("unknown") : hex16(request.lifecycle)},
                {"challenge_sha256", to_hex(crypto::sha256({request.challenge}))},
                {"certificates", std::int64_t(request.chain.certificates.size())},
                {"key_sha256", fingerprint_of_key(request.chain.last().key)},
                {"root_key_sha256", fingerprint_of_key(request.chain.root().key)}};
  return view;
}

class AdacToken final : public Format {
 public:
  std::string_view name() const override { return "adac-token"; }
  std::string_view summary() const override {
    return "debug access: the answer to a device's challenge, of Arm's ADAC (DEN0101)";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::string_view detached_suffix() const override { return ".adac"; }
  bool recognizes(ByteView head) const override { return begins_with(head, TlvType::soc_class); }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    return debug_evidence(*this, artifact);
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto parsed, parse_token(request));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto parsed, parse_token(request));
    HF_CHECK(check_key(parsed.chain.last().key, context));
    return ToSign{message_of(parsed), false};
  }

  // What goes to the device after its challenge, in order: the certificates, and the token.
  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto parsed, parse_token(request));
    if (signature.size() != parsed.token.signature.size()) return malformed("a signature of another size");
    auto trusted = context;
    trusted.key = parsed.chain.root().key;
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(answer_of(parsed, signature)));
    return finish(target, *this, artifact, evidence, trusted);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto request, source.read_all(kDebugFileMax));
    HF_TRY(const auto parsed, parse_token(request));
    HF_TRY(const auto answer_file, SourceFile::open(file.signature));
    HF_TRY(const auto answer, answer_file.read_all(kDebugFileMax));
    HF_CHECK(adac::check_root(parsed.chain, trust));
    const auto at = std::size_t(parsed.token.signature.data() - parsed.answer.data());
    const auto size = parsed.token.signature.size();
    if (answer.size() != parsed.answer.size()) return not_verified("the answer is not of this request");
    const auto signature = ByteView(answer).subspan(at, size);
    if (answer_of(parsed, signature) != answer) return not_verified("the answer is not of this request");
    const auto& leaf = parsed.chain.last();
    if (!crypto::Verifier(leaf.key).verify(leaf.system->scheme, message_of(parsed), signature))
      return not_verified("the token is not signed by the key of its chain, or for another challenge");
    return view_of(parsed);
  }

 private:
  static Bytes message_of(const TokenRequest& request) {
    Bytes message(request.token.signed_part.begin(), request.token.signed_part.end());
    put(message, request.challenge);
    return message;
  }
  static Bytes answer_of(const TokenRequest& request, ByteView signature) {
    Bytes answer(request.answer.begin(), request.answer.end());
    std::ranges::copy(signature, answer.begin() + (request.token.signature.data() - request.answer.data()));
    return answer;
  }
};

}  // namespace

const Format& adac_certificate_format() {
  static const AdacCertificate format;
  return format;
}
const Format& adac_token_format() {
  static const AdacToken format;
  return format;
}

}  // namespace hf::keys
