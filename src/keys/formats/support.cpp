#include "keys/formats/support.h"

#include <algorithm>
#include <charconv>

namespace hf::keys {

tl::unexpected<Error> malformed(std::string what) {
  return fail(ErrorKind::invalid, "HF-FORMAT-0004", "the file is not well formed: " + std::move(what));
}
tl::unexpected<Error> over_limit(std::string what) {
  return fail(ErrorKind::limit, "HF-FORMAT-0005", "over a limit: " + std::move(what));
}
tl::unexpected<Error> not_verified(std::string why) {
  return fail(ErrorKind::forbidden, "HF-FORMAT-0001", "not verified: " + std::move(why));
}
tl::unexpected<Error> bad_option(std::string_view name, std::string what) {
  return fail(ErrorKind::invalid, "HF-FORMAT-0006", "option " + std::string(name) + ": " + std::move(what));
}
tl::unexpected<Error> bad_evidence(std::string what) {
  return fail(ErrorKind::invalid, "HF-FORMAT-0007", "the evidence is not well formed: " + std::move(what));
}

Result<Options> Options::read(const JsonObject& options, const Format& format) {
  for (const auto& [name, value] : options) {
    const std::string_view key(name);
    if (!std::ranges::any_of(format.options(), [&](const Option& option) { return option.name == key; }))
      return bad_option(key, "the format " + std::string(format.name()) + " has none of that name");
    constexpr std::size_t kTextMax = 4096;
    if (const auto* text = value.if_string(); (!text && !value.is_int64()) || (text && text->size() > kTextMax))
      return bad_option(key, "a text or an integer is expected");
    if (const auto* text = value.if_string(); text && !is_plain(*text))
      return bad_option(key, "control characters are not taken");
  }
  Options read;
  read.options_ = options;
  return read;
}

std::optional<std::string> Options::text(std::string_view name) const {
  const auto* value = options_.if_contains(name);
  if (!value) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(*text);
  return std::to_string(value->get_int64());
}

Result<std::optional<std::uint64_t>> Options::number(std::string_view name, std::uint64_t max) const {
  const auto found = text(name);
  if (!found) return std::optional<std::uint64_t>();
  const bool hex = found->starts_with("0x");
  const auto digits = std::string_view(*found).substr(hex ? 2 : 0);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size() || value > max)
    return bad_option(name, "a number of at most " + std::to_string(max) + " is expected");
  return std::optional<std::uint64_t>(value);
}

Result<Bytes> write_evidence(std::string_view format, JsonObject object) {
  object["format"] = format;
  if (const auto* name = object.if_contains("name"); name && !is_plain(name->as_string()))
    return fail(ErrorKind::invalid, "HF-FORMAT-0011", "the file's name has control or direction characters; rename it");
  HF_TRY(const auto text, canonical_json(object));
  if (text.size() > kEvidenceMax)
    return over_limit("what the signer must see of this file is larger than " + std::to_string(kEvidenceMax) +
                      " bytes");
  return Bytes(text.begin(), text.end());
}

Result<Json> parse_evidence(ByteView evidence) {
  if (evidence.size() > kEvidenceMax) return over_limit("the evidence");
  constexpr std::size_t kDepth = 8;
  auto json = parse_json(text_of(evidence), {.bytes_max = kEvidenceMax, .depth_max = kDepth});
  if (!json) return bad_evidence(json.error().message);
  // One text a value: the digest of a request would else be of one of many.
  const auto canonical = canonical_json(*json);
  if (!canonical || *canonical != text_of(evidence)) return bad_evidence("it is not canonical JSON (RFC 8785)");
  return *std::move(json);
}

void read_digests(Fields& fields, Bytes& sha256, Bytes& sha384) {
  constexpr std::size_t kSha256 = 32, kSha384 = 48;
  sha256 = fields.hex("sha256", kSha256);
  sha384 = fields.hex("sha384", kSha384);
  if (sha256.size() != kSha256) fields.fault("sha256", "a digest");
  if (sha384.size() != kSha384) fields.fault("sha384", "a digest");
}

Bytes base64_field(Fields& fields, std::string_view name, std::size_t size_max) {
  const auto text = fields.text(name, size_max / 3 * 4 + 4);
  auto bytes = from_base64(text);
  if (!bytes) fields.fault(name, "base64 is expected");
  return bytes.value_or(Bytes());
}

Result<void> check_context(const Format& format, const SigningContext& context) {
  const auto refuse = [](std::string what) {
    return fail(ErrorKind::invalid, "HF-FORMAT-0008", "this key cannot sign it: " + std::move(what));
  };
  const std::string name(format.name());
  if (std::ranges::find(format.schemes(), context.scheme) == format.schemes().end())
    return refuse("the format " + name + " is not signed with " + std::string(name_of(context.scheme)));
  if (!fits(context.scheme, context.key.algorithm))
    return refuse(std::string(name_of(context.scheme)) + " is not of a key of " +
                  std::string(name_of(context.key.algorithm)));
  if (format.needs_certificate() && context.certificate.empty())
    return refuse("the format " + name + " needs the X.509 certificate of the key");
  return {};
}

std::optional<SignedBy> verify_any(const Trust& trust, std::span<const crypto::SignatureScheme> schemes,
                                   ByteView message, ByteView signature) {
  for (const auto& key : trust.keys)
    for (const auto scheme : schemes)
      if (fits(scheme, key.algorithm) && crypto::Verifier(key).verify(scheme, message, signature))
        return SignedBy{key, scheme};
  return std::nullopt;
}

Result<void> finish(TargetFile& target, const Format& format, const std::filesystem::path& artifact, ByteView evidence,
                    const SigningContext& context) {
  Trust trust{.keys = {context.key}, .certificates = {}};
  if (!context.certificate.empty()) trust.certificates.push_back(context.certificate);
  const bool detached = !format.detached_suffix().empty();
  HF_TRY(auto expected, format.view(evidence));
  HF_TRY(auto found,
         format.verify(detached ? SignedFile{artifact, target.path()} : SignedFile{target.path(), {}}, trust));
  expected.facts.clear(), found.facts.clear();  // a file has a name, and a signer, that evidence need not have
  if (found != expected)
    return fail(ErrorKind::conflict, "HF-FORMAT-0009", "the artifact is not the one that the signature was made for");
  return target.keep();
}

}  // namespace hf::keys
