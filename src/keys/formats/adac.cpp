#include "keys/formats/adac.h"

#include <algorithm>
#include <array>

namespace hf::keys::adac {
namespace {

using crypto::Digest, crypto::KeyAlgorithm, crypto::SignatureScheme;

constexpr std::size_t kCertificateHeader = 52, kTokenHeader = 24;
constexpr std::array kSystems{
    Cryptosystem{1, KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, Digest::sha256, 64, 32, 64},
    Cryptosystem{5, KeyAlgorithm::ed25519, SignatureScheme::ed25519, Digest::sha512, 32, 64, 64}};
constexpr std::array<std::pair<Role, std::string_view>, 3> kRoles{
    {{Role::root, "root"}, {Role::intermediate, "intermediate"}, {Role::leaf, "leaf"}}};

Result<const Cryptosystem*> system_of(std::uint8_t id) {
  const auto found = std::ranges::find(kSystems, id, &Cryptosystem::id);
  if (found == kSystems.end())
    return malformed("its cryptosystem " + std::to_string(id) +
                     " is not one that is read here: 1 (P-256), 5 (Ed25519)");
  return &*found;
}

Result<Version> version_of(ByteView bytes) {
  const Version version{bytes[0], bytes[1]};
  if (version != Version{1, 0} && version != Version{0, 1})
    return malformed("it is of another version than 1.0 or 0.1");
  return version;
}

// Extensions and their hash, which is zero when there are none.
Result<std::vector<std::uint16_t>> extensions_of(ByteView area, ByteView hash, Digest digest) {
  std::vector<std::uint16_t> types;
  if (area.empty()) {
    if (!all_zero(hash)) return malformed("it has no extensions, and a hash of some");
    return types;
  }
  HF_TRY(const auto tlvs, read_tlvs(area, kExtensionsMax));
  if (!std::ranges::equal(crypto::digest_of(digest, area), hash))
    return malformed("its extensions are not of its hash");
  for (const auto& tlv : tlvs) types.push_back(std::uint16_t(tlv.type));
  return types;
}

// The extensions after a body of `body` bytes: their size in the header, in words on the wire.
Result<ByteView> area_of(ByteView value, std::size_t body, std::uint32_t size) {
  if ((std::uint64_t{size} + 3) / 4 * 4 != value.size() - body)
    return malformed("the size of its extensions is not what follows it");
  return value.subspan(body);
}

Bytes point_of(const Cryptosystem& system, ByteView raw) {
  Bytes point;
  if (system.algorithm == KeyAlgorithm::ecdsa_p256) point.push_back(4);  // SEC 1 2.3.3
  put(point, raw);
  return point;
}
ByteView raw_of(const Cryptosystem& system, const crypto::PublicKey& key) {
  return ByteView(key.point).subspan(system.algorithm == KeyAlgorithm::ecdsa_p256 ? 1 : 0);
}

// Zero above: any; zero here: as above. What is named twice is named alike.
template <class T>
bool narrows(T& above, const T& here) {
  if (here != T{} && above != T{} && here != above) return false;
  if (here != T{}) above = here;
  return true;
}

Result<void> add(Chain& chain, Certificate certificate, bool is_unsigned) {
  const bool first = chain.certificates.empty();
  const auto& issuer = first ? certificate : chain.last();
  if (first != (certificate.role == Role::root))
    return malformed(first ? "its first certificate is not a root" : "a root stands below another certificate");
  if (!first && issuer.role == Role::leaf) return malformed("a leaf issues no certificate");
  if (certificate.system != issuer.system) return malformed("its certificates are of more than one cryptosystem");
  if (is_unsigned && !all_zero(certificate.signature))
    return fail(ErrorKind::conflict, "HF-FORMAT-0012", "the last certificate of the request is signed already");
  if (!is_unsigned &&
      !crypto::Verifier(issuer.key).verify(certificate.system->scheme, certificate.signed_part, certificate.signature))
    return not_verified("the signature of certificate " + std::to_string(chain.certificates.size() + 1) +
                        " of the chain is not by the one above it");
  if (!narrows(chain.soc_class, certificate.soc_class) || !narrows(chain.lifecycle, certificate.lifecycle))
    return malformed("a certificate is for another SoC class or lifecycle state than one above it");
  if (!all_zero(certificate.soc_id)) {
    if (!all_zero(chain.soc_id) && !std::ranges::equal(chain.soc_id, certificate.soc_id))
      return malformed("a certificate is for another device than one above it");
    chain.soc_id.assign(certificate.soc_id.begin(), certificate.soc_id.end());
  }
  for (std::size_t i = 0; i < kPermissions; ++i) chain.permissions[i] &= certificate.permissions[i];
  chain.certificates.push_back(std::move(certificate));
  return {};
}

}  // namespace

std::string_view name_of(Role role) {
  const auto found = std::ranges::find(kRoles, role, &std::pair<Role, std::string_view>::first);
  return found == kRoles.end() ? std::string_view() : found->second;
}
std::optional<Role> role_of(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name, &std::pair<Role, std::string_view>::second);
  return found == kRoles.end() ? std::nullopt : std::optional(found->first);
}

const Cryptosystem* cryptosystem_of(KeyAlgorithm algorithm) {
  const auto found = std::ranges::find(kSystems, algorithm, &Cryptosystem::algorithm);
  return found == kSystems.end() ? nullptr : &*found;
}

Result<Certificate> certificate_of(ByteView value) {
  if (value.size() < kCertificateHeader) return malformed("an ADAC certificate is cut off");
  Certificate certificate;
  HF_TRY(certificate.version, version_of(value));
  HF_TRY(certificate.system, system_of(value[2]));
  const auto& system = *certificate.system;
  if (value[3] != system.id) return malformed("its key and its signature are of two cryptosystems");
  certificate.role = Role(value[4]);
  if (name_of(certificate.role).empty()) return malformed("its role is none of root, intermediate and leaf");
  certificate.usage = value[5];
  if (le16(value, 6) != 0) return malformed("a reserved field is not zero");
  certificate.lifecycle = le16(value, 8);
  certificate.oem_constraint = le16(value, 10);
  const auto extensions = le32(value, 12);
  certificate.soc_class = le32(value, 16);
  certificate.soc_id = value.subspan(20, kSocId);
  certificate.permissions = value.subspan(36, kPermissions);
  const auto signed_size = kCertificateHeader + system.key_size + system.digest_size;
  if (value.size() < signed_size + system.signature_size) return malformed("an ADAC certificate is cut off");
  HF_TRY(certificate.key,
         crypto::public_key_of(system.algorithm, point_of(system, value.subspan(kCertificateHeader, system.key_size))));
  certificate.signed_part = value.first(signed_size);
  certificate.signature = value.subspan(signed_size, system.signature_size);
  HF_TRY(certificate.rest, area_of(value, signed_size + system.signature_size, extensions));
  HF_TRY(certificate.extensions,
         extensions_of(certificate.rest, value.subspan(kCertificateHeader + system.key_size, system.digest_size),
                       system.digest));
  return certificate;
}

Result<Token> token_of(ByteView value) {
  if (value.size() < kTokenHeader) return malformed("an ADAC token is cut off");
  Token token;
  HF_TRY(token.version, version_of(value));
  HF_TRY(token.system, system_of(value[2]));
  if (value[3] != 0) return malformed("a reserved field is not zero");
  if (le32(value, 4) != 0) return malformed("a token with extensions is not taken: what they would say is not known");
  token.permissions = value.subspan(8, kPermissions);
  const auto signed_size = kTokenHeader + token.system->digest_size;
  if (value.size() != signed_size + token.system->signature_size) return malformed("an ADAC token of another size");
  if (!all_zero(value.subspan(kTokenHeader, token.system->digest_size)))
    return malformed("it has no extensions, and a hash of some");
  token.signed_part = value.first(signed_size);
  token.signature = value.subspan(signed_size);
  return token;
}

Result<Chain> chain_of(std::span<const Tlv> tlvs, bool last_is_unsigned) {
  if (tlvs.empty()) return malformed("a chain without a certificate");
  if (tlvs.size() > kChainMax) return over_limit("a chain has at most " + std::to_string(kChainMax) + " certificates");
  Chain chain;
  chain.soc_id.resize(kSocId);
  chain.permissions.assign(kPermissions, 0xff);
  for (std::size_t i = 0; i < tlvs.size(); ++i) {
    if (tlvs[i].type != TlvType::certificate) return malformed("a chain with something else than certificates");
    HF_TRY(auto certificate, certificate_of(tlvs[i].value));
    HF_CHECK(add(chain, std::move(certificate), last_is_unsigned && i + 1 == tlvs.size()));
  }
  return chain;
}

Result<void> check_root(const Chain& chain, const Trust& trust) {
  if (std::ranges::find(trust.keys, chain.root().key) == trust.keys.end())
    return not_verified("the root of its chain is not a key that is trusted");
  return {};
}

Result<Bytes> chain_bytes(Bytes file) {
  if (file.empty() || file[0] == 0) return file;
  auto bytes = from_base64(trim(text_of(file)));
  if (!bytes) return malformed("a chain is a sequence of TLVs, or base64 of one");
  return *std::move(bytes);
}

Result<Bytes> certificate_request(ByteView issuers, const NewCertificate& wanted) {
  const auto* const system = cryptosystem_of(wanted.key.algorithm);
  if (!system)
    return fail(ErrorKind::invalid, "HF-FORMAT-0020",
                "an ADAC certificate is for a key of ecdsa-p256 or ed25519, not " +
                    std::string(crypto::name_of(wanted.key.algorithm)));
  Bytes value{wanted.version.major,      wanted.version.minor, system->id, system->id,
              std::uint8_t(wanted.role), wanted.usage,         0,          0};
  put_le16(value, wanted.lifecycle);
  put_le16(value, wanted.oem_constraint);
  put_le32(value, 0);
  put_le32(value, wanted.soc_class);
  put(value, wanted.soc_id);
  put(value, wanted.permissions);
  put(value, raw_of(*system, wanted.key));
  value.resize(value.size() + system->digest_size + system->signature_size);
  Bytes request(issuers.begin(), issuers.end());
  put_tlv(request, TlvType::certificate, value);
  return request;
}

Result<Bytes> token_request(ByteView chain, const NewToken& wanted) {
  HF_TRY(const auto tlvs, read_tlvs(chain, kChainMax));
  HF_TRY(const auto read, chain_of(tlvs, false));
  const auto& leaf = read.last();
  Bytes value{leaf.version.major, leaf.version.minor, leaf.system->id, 0};
  put_le32(value, 0);
  put(value, wanted.permissions);
  value.resize(value.size() + leaf.system->digest_size + leaf.system->signature_size);
  Bytes soc_class, lifecycle, request;
  put_le32(soc_class, wanted.soc_class);
  put_le16(lifecycle, wanted.lifecycle);
  put_tlv(request, TlvType::soc_class, soc_class);
  put_tlv(request, TlvType::soc_id, wanted.soc_id);
  put_tlv(request, TlvType::lifecycle, lifecycle);
  put_tlv(request, TlvType::challenge, wanted.challenge);
  put(request, chain);
  put_tlv(request, TlvType::token, value);
  return request;
}

}  // namespace hf::keys::adac
