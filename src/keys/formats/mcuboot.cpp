#include <algorithm>
#include <array>

#include "keys/formats/all.h"
#include "keys/formats/key_scan.h"
#include "keys/formats/mcuboot_image.h"

namespace hf::keys {
namespace {

using namespace mcuboot;
using crypto::Digest, crypto::KeyAlgorithm, crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::rsa_pss_sha256, SignatureScheme::ed25519};
constexpr std::array kOptions{
    Option{"digest", "sha256 (default), sha384 (for P-384) or sha512"},
    Option{"replace", "true: the image is signed already; its signature gives way to the new one"},
    Option{"slot-size", "pad the signed image with 0xff to this size, with the trailer's magic at the end"},
    Option{"version", "of a plain binary: 1.2.3 or 1.2.3+4"},
    Option{"header-size", "of a plain binary: 32 (default) or what the linker script leaves"},
    Option{"pad-header", "of a plain binary: true if it does not begin with room for the header"},
    Option{"load-addr", "of a plain binary: where it runs from RAM (sets RAM_LOAD)"},
    Option{"encrypted", "of a plain binary: 128 or 256, the bits of the content key that it is to be encrypted with"},
    Option{"security-counter", "of a plain binary: the anti-rollback counter"},
    Option{"vid", "of a plain binary: vendor UUID"},
    Option{"cid", "of a plain binary: class UUID"},
};

struct DigestRow {
  std::string_view name;
  Digest digest;
  std::uint16_t type;
  std::size_t size;
};
constexpr std::array kDigests{DigestRow{"sha256", Digest::sha256, kSha256, 32},
                              DigestRow{"sha384", Digest::sha384, kSha384, 48},
                              DigestRow{"sha512", Digest::sha512, kSha512, 64}};
template <class T>
const DigestRow* digest_row(T DigestRow::*member, const T& value) {
  const auto found = std::ranges::find(kDigests, value, member);
  return found == kDigests.end() ? nullptr : &*found;
}

constexpr std::array<std::uint8_t, 16> kBootMagic{0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                                  0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
constexpr std::uint64_t kSlotMax = std::uint64_t{1} << 30;

std::string uuid_text(ByteView bytes) {
  auto text = to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}
std::optional<Bytes> uuid_bytes(std::string text) {
  std::erase(text, '-');
  auto bytes = from_hex(text);
  return bytes && bytes->size() == 16 ? bytes : std::nullopt;
}

struct Evidence {
  Bytes header, protected_area, digest;
  const DigestRow* algorithm = nullptr;
  std::string name;
  std::uint64_t slot_size = 0;
  std::vector<std::string> keys{};
};

Result<View> view_of(const Evidence& evidence) {
  HF_TRY(const auto header, header_of(evidence.header));
  View view{.format = "mcuboot", .kind = "firmware", .claimed = true};
  view.version = version_of(header);
  view.digests = {to_hex(evidence.digest)};
  JsonArray dependencies, others;
  if (header.protected_size != evidence.protected_area.size()) return malformed("its protected TLV area's size");
  const auto records = records_of(evidence.protected_area, kProtectedMagic);
  if (!records && !evidence.protected_area.empty()) return malformed("its protected TLV area");
  for (const auto& [type, value] : records.value_or(std::vector<Record>())) {
    if (type == kSecurityCounter) {
      // bootutil takes the first; a second one is there to mislead.
      if (value.size() != 4 || view.security_version) return malformed("its security counter TLV");
      view.security_version = le32(value, 0);
    } else if (type == kVendorId || type == kClassId) {
      if (value.size() != 16) return malformed("a UUID TLV that is not of 16 bytes");
      view.compatible.push_back((type == kVendorId ? "vid:" : "cid:") + uuid_text(value));
    } else if (type == kDependency) {
      if (value.size() != 12) return malformed("a dependency TLV that is not of 12 bytes");
      Header needed{.major = value[4], .minor = value[5], .revision = le16(value, 6), .build = le32(value, 8)};
      dependencies.emplace_back("image " + std::to_string(value[0]) + " at least " + version_of(needed));
    } else if (type < 0x30) {
      return malformed("a digest, key or signature among the protected TLVs");
    } else {
      constexpr std::size_t kShown = 32;
      others.emplace_back("0x" + to_hex(Bytes{std::uint8_t(type >> 8), std::uint8_t(type)}) + " " +
                          to_hex(value.first(std::min(value.size(), kShown))) + (value.size() > kShown ? "..." : ""));
    }
  }
  view.facts = {{"name", evidence.name},
                {"digest_algorithm", evidence.algorithm->name},
                {"image_size", std::int64_t(header.image_size)},
                {"header_size", std::int64_t(header.header_size)},
                {"load_address", std::int64_t(header.load_address)},
                {"flags", std::int64_t(header.flags)}};
  if ((header.flags & kEncryptedAes128) != 0) view.facts["encrypted_afterwards"] = "aes-128";
  if ((header.flags & kEncryptedAes256) != 0) view.facts["encrypted_afterwards"] = "aes-256";
  if (!evidence.keys.empty()) view.facts["embedded_keys"] = JsonArray(evidence.keys.begin(), evidence.keys.end());
  if (!dependencies.empty()) view.facts["dependencies"] = dependencies;
  if (!others.empty()) view.facts["tlvs"] = others;
  return view;
}

Result<Evidence> parse(ByteView bytes) {
  Evidence evidence;
  HF_CHECK(read_evidence("mcuboot", bytes, [&](Fields& fields) {
    constexpr std::size_t kAreaMax = 0xffff, kDigestMax = 64;
    evidence.name = fields.text("name");
    evidence.header = fields.hex("header", kHeaderSize);
    if (fields.find("protected")) evidence.protected_area = fields.hex("protected", kAreaMax);
    evidence.digest = fields.hex("digest", kDigestMax);
    evidence.keys = fields.texts_or_none("embedded_keys", 16).value_or(std::vector<std::string>());
    evidence.slot_size = std::uint64_t(fields.integer_or_none("slot_size", 1, std::int64_t(kSlotMax)).value_or(0));
    evidence.algorithm = digest_row(&DigestRow::name, std::string_view(fields.text("algorithm")));
    if (!evidence.algorithm || evidence.digest.size() != evidence.algorithm->size) fields.fault("digest", "a digest");
  }));
  return evidence;
}

// The TLVs that no digest covers may hold the digest and one key with its signature, in this order, and nothing that a
// boot loader acts upon: what else is there was put there by somebody whom no approver saw.
struct Signed {
  const DigestRow* algorithm = nullptr;
  ByteView digest{}, key_hash{}, public_key{}, signature{};
  std::uint16_t signature_type = 0;
};
Result<Signed> read_tlvs(ByteView area) {
  Signed found;
  if (area.empty()) return found;
  for (const auto& [type, value] : records_of(area, kTlvMagic).value_or(std::vector<Record>())) {
    const bool has_key = !found.key_hash.empty() || !found.public_key.empty();
    if (const auto* row = digest_row(&DigestRow::type, type)) {
      if (found.algorithm || has_key || value.size() != row->size) return malformed("its digest TLV");
      found.algorithm = row, found.digest = value;
    } else if (type == kKeyHash || type == kPublicKey) {
      if (has_key || value.empty()) return malformed("more than one key TLV");
      (type == kKeyHash ? found.key_hash : found.public_key) = value;
    } else if (type == kRsa2048 || type == kEcdsa || type == kRsa3072 || type == kEd25519) {
      if (!has_key || found.signature_type != 0) return malformed("a signature TLV without its key, or a second one");
      found.signature = value, found.signature_type = type;
    } else if (type == kPure) {
      return malformed("a signature over the image itself, not its digest, which is not supported");
    } else {
      return malformed("the TLV 0x" + to_hex(Bytes{std::uint8_t(type >> 8), std::uint8_t(type)}) +
                       " stands outside the protected area, where no signature covers it");
    }
  }
  return found;
}

std::optional<std::uint16_t> signature_type_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::ecdsa_p256:
    case KeyAlgorithm::ecdsa_p384: return kEcdsa;
    case KeyAlgorithm::rsa_2048: return kRsa2048;
    case KeyAlgorithm::rsa_3072: return kRsa3072;
    case KeyAlgorithm::ed25519: return kEd25519;
    case KeyAlgorithm::rsa_4096: break;
  }
  return std::nullopt;
}

SignatureScheme scheme_of(KeyAlgorithm algorithm) {
  const auto scheme = default_scheme_of(algorithm);
  return scheme == SignatureScheme::rsa_pkcs1_sha256 ? SignatureScheme::rsa_pss_sha256 : scheme;
}

// As imgtool's get_public_bytes: RSAPublicKey of an RSA key, else SubjectPublicKeyInfo.
Bytes public_bytes(const crypto::PublicKey& key) {
  return key.algorithm == KeyAlgorithm::rsa_2048 || key.algorithm == KeyAlgorithm::rsa_3072 ? key.point : to_spki(key);
}

Result<Image> open_image(const std::filesystem::path& artifact, const Options& options) {
  HF_TRY(auto source, SourceFile::open(artifact));
  HF_TRY(const auto head, source.read(0, std::size_t(std::min<std::uint64_t>(source.size(), kHeaderSize))));
  const auto version = options.text("version");
  if (has_magic(head)) {
    if (version) return bad_option("version", "the image has a header of its own");
    return read_image(std::move(source));
  }
  Header header;
  if (!version) return malformed("it does not begin with an MCUboot header, and no version for one is given");
  if (!read_version(*version, header)) return bad_option("version", "1.2.3 or 1.2.3+4 is expected");
  HF_TRY(const auto header_size, options.number("header-size", UINT16_MAX));
  HF_TRY(const auto load_address, options.number("load-addr", UINT32_MAX));
  HF_TRY(const auto counter, options.number("security-counter", UINT32_MAX));
  header.header_size = std::uint16_t(header_size.value_or(kHeaderSize));
  constexpr std::uint32_t kRamLoad = 0x20;
  if (load_address) header.load_address = std::uint32_t(*load_address), header.flags = kRamLoad;
  HF_TRY(const auto bits, options.number("encrypted", 256));
  if (bits && *bits != 128 && *bits != 256) return bad_option("encrypted", "128 or 256 is expected");
  if (bits) header.flags |= *bits == 128 ? kEncryptedAes128 : kEncryptedAes256;
  Bytes records, value;
  if (counter) put_le32(value, std::uint32_t(*counter)), put_record(records, kSecurityCounter, value);
  for (const auto& [name, type] : {std::pair("vid", kVendorId), std::pair("cid", kClassId)}) {
    const auto text = options.text(name);
    const auto uuid = text ? uuid_bytes(*text) : std::nullopt;
    if (text && !uuid) return bad_option(name, "a UUID is expected");
    if (uuid) put_record(records, type, *uuid);
  }
  return wrap_image(std::move(source), header, records.empty() ? Bytes() : area_of(kProtectedMagic, records),
                    options.text("pad-header").value_or("false") != "true");
}

class Mcuboot final : public Format {
 public:
  std::string_view name() const override { return "mcuboot"; }
  std::string_view summary() const override { return "MCUboot image (mcu-tools/mcuboot, docs/design.md)"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::span<const Option> options() const override { return kOptions; }
  bool recognizes(ByteView head) const override { return has_magic(head); }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& given) const override {
    HF_TRY(const auto options, Options::read(given, *this));
    HF_TRY(const auto image, open_image(artifact, options));
    HF_TRY(const auto tlvs, read_tlvs(image.tlv_area));
    if ((tlvs.signature_type != 0 || !tlvs.key_hash.empty()) && options.text("replace") != "true")
      return fail(ErrorKind::conflict, "HF-FORMAT-0012", "the image is signed already; replace=true signs it anew");
    if (image.tail != image.source.size())
      return malformed("there is data after its TLVs: sign it before it is padded");
    const auto named = options.text("digest");
    const auto* algorithm = named ? digest_row(&DigestRow::name, std::string_view(*named))
                                  : (tlvs.algorithm ? tlvs.algorithm : &kDigests[0]);
    if (!algorithm) return bad_option("digest", "sha256, sha384 or sha512 is expected");
    if (tlvs.algorithm) {
      HF_TRY(const auto found, image.digest(tlvs.algorithm->digest));
      if (!std::ranges::equal(found, tlvs.digest)) return malformed("its digest TLV is not of this image");
    }
    HF_TRY(const auto digest, image.digest(algorithm->digest));
    JsonObject json{{"name", artifact.filename().string()},
                    {"header", to_hex(image.header)},
                    {"algorithm", algorithm->name},
                    {"digest", to_hex(digest)}};
    if (!image.protected_area.empty()) json["protected"] = to_hex(image.protected_area);
    HF_TRY(auto keys, embedded_keys(image.source, image.at, image.size));
    if (!keys.empty()) json["embedded_keys"] = std::move(keys);
    HF_TRY(const auto slot, options.number("slot-size", kSlotMax));
    if (slot && *slot > 0) json["slot_size"] = std::int64_t(*slot);
    HF_TRY(auto evidence, write_evidence(name(), std::move(json)));
    HF_CHECK(view(evidence));
    return evidence;
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check(context));
    HF_TRY(auto parsed, parse(evidence));
    HF_CHECK(view_of(parsed));
    // Ed25519 signs the digest as its message, as imgtool does; the others the digest as such.
    const bool message = context.scheme == SignatureScheme::ed25519;
    if (!message && parsed.digest.size() != input_size_of(context.scheme))
      return bad_evidence(std::string(name_of(context.scheme)) + " does not sign a digest of that size");
    return ToSign{std::move(parsed.digest), !message};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check(context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto header, header_of(parsed.header));
    HF_TRY(auto source, SourceFile::open(artifact));
    HF_TRY(const auto head, source.read(0, std::size_t(std::min<std::uint64_t>(source.size(), kHeaderSize))));
    const bool in_place = source.size() != header.image_size;
    HF_TRY(const auto image, has_magic(head) ? read_image(std::move(source))
                                             : wrap_image(std::move(source), header, parsed.protected_area, in_place));
    HF_TRY(auto target, TargetFile::create(out));
    std::uint64_t written = 0;
    HF_CHECK(image.each([&](ByteView piece) {
      written += piece.size();
      return target.write(piece);
    }));
    Bytes records;
    put_record(records, parsed.algorithm->type, parsed.digest);
    put_record(records, kKeyHash, digest_of(parsed.algorithm->digest, public_bytes(context.key)));
    const bool ecdsa = signature_type_of(context.key.algorithm) == kEcdsa;
    put_record(records, *signature_type_of(context.key.algorithm),
               ecdsa ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end()));
    const auto area = area_of(kTlvMagic, records);
    HF_CHECK(target.write(area));
    written += area.size();
    if (parsed.slot_size != 0) {
      if (written + kBootMagic.size() > parsed.slot_size) return over_limit("the signed image does not fit the slot");
      HF_CHECK(target.fill(parsed.slot_size - kBootMagic.size() - written, 0xff));
      HF_CHECK(target.write(kBootMagic));
    }
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(auto source, SourceFile::open(file.file));
    HF_TRY(const auto image, read_image(std::move(source)));
    HF_TRY(const auto tlvs, read_tlvs(image.tlv_area));
    if (!tlvs.algorithm || tlvs.signature_type == 0) return not_verified("the image has no digest and signature");
    HF_CHECK(check_tail(image));
    HF_TRY(const auto digest, image.digest(tlvs.algorithm->digest));
    if (!std::ranges::equal(digest, tlvs.digest)) return not_verified("its digest is not of this image");
    for (const auto& key : trust.keys) {
      const auto bytes = public_bytes(key);
      if (signature_type_of(key.algorithm) != tlvs.signature_type ||
          (!tlvs.key_hash.empty() && !std::ranges::equal(digest_of(tlvs.algorithm->digest, bytes), tlvs.key_hash)) ||
          (!tlvs.public_key.empty() && !std::ranges::equal(bytes, tlvs.public_key)))
        continue;
      const auto size = key.algorithm == KeyAlgorithm::ecdsa_p384 ? 96U : 64U;
      const auto signature = tlvs.signature_type == kEcdsa ? crypto::ecdsa_from_der(tlvs.signature, size)
                                                           : Bytes(tlvs.signature.begin(), tlvs.signature.end());
      if (crypto::Verifier(key).verify_input(scheme_of(key.algorithm), digest, signature))
        return view_of({image.header, image.protected_area, digest, tlvs.algorithm, file.file.filename().string()});
    }
    return not_verified("no trusted key made its signature");
  }

 private:
  Result<void> check(const SigningContext& context) const {
    HF_CHECK(check_context(*this, context));
    if (!signature_type_of(context.key.algorithm))
      return fail(ErrorKind::invalid, "HF-FORMAT-0008", "MCUboot has no signature by RSA keys of 4096 bits");
    return {};
  }

  // Nothing, or the erased rest of a slot: 0xff, and the magic of a trailer at its end.
  static Result<void> check_tail(const Image& image) {
    const auto size = image.source.size() - image.tail;
    if (size == 0) return {};
    if (size < kBootMagic.size()) return malformed("there is data after its TLVs");
    HF_TRY(const auto magic, image.source.read(image.source.size() - kBootMagic.size(), kBootMagic.size()));
    if (!std::ranges::equal(magic, kBootMagic)) return malformed("there is data after its TLVs");
    return image.source.each(image.tail, size - kBootMagic.size(), [](ByteView piece) -> Result<void> {
      if (std::ranges::any_of(piece, [](std::uint8_t byte) { return byte != 0xff; }))
        return malformed("there is data after its TLVs");
      return {};
    });
  }
};

}  // namespace

const Format& mcuboot_format() {
  static const Mcuboot format;
  return format;
}

}  // namespace hf::keys
