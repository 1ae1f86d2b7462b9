// Espressif's secure boot v2: a sector after the image, with up to three blocks, each of a digest, a public key and a
// signature, little endian (ESP-IDF docs/en/security/secure-boot-v2.rst, "Signature Block Format"). One block is
// written.
#include <algorithm>
#include <array>

#include "keys/formats/all.h"
#include "keys/formats/key_scan.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::Digest, crypto::KeyAlgorithm, crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::rsa_pss_sha256, SignatureScheme::ecdsa_p256_sha256,
                              SignatureScheme::ecdsa_p384_sha384};
constexpr std::size_t kSector = 4096, kBlock = 1216, kCovered = 1196, kHead = 0x20 + 256;
constexpr std::uint8_t kImageMagic = 0xe9, kBlockMagic = 0xe7, kRsa = 2, kEcdsa = 3;
constexpr std::uint32_t kAppMagic = 0xabcd5432;

Bytes reversed(ByteView bytes) { return {bytes.rbegin(), bytes.rend()}; }
Bytes padded(Bytes number, std::size_t size) {  // big endian
  number.insert(number.begin(), size - number.size(), 0);
  return number;
}
Bytes halves_reversed(ByteView pair) {
  auto out = reversed(pair.first(pair.size() / 2));
  put(out, reversed(pair.subspan(pair.size() / 2)));
  return out;
}

std::uint32_t crc32(ByteView bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

// R^2 mod n and -1/n mod 2^32 of the RSA peripheral's Montgomery form, with R = 2^3072. By doubling: the value is
// public and made once a signature, so it is not worth a library of large numbers.
Bytes montgomery_r2(ByteView modulus) {
  const auto limbs = modulus.size() / 4;
  std::vector<std::uint32_t> n(limbs + 1), value(limbs + 1);  // little endian, with room for a carry
  for (std::size_t i = 0; i < limbs; ++i) n[i] = be32(modulus, modulus.size() - 4 * (i + 1));
  value[limbs - 1] = 1U << 31;  // 2^3071, which is less than n
  for (std::size_t bit = 0; bit < modulus.size() * 8 + 1; ++bit) {
    std::uint32_t carry = 0;
    for (auto& limb : value) {
      const auto next = limb >> 31;
      limb = limb << 1 | carry;
      carry = next;
    }
    if (std::lexicographical_compare(value.rbegin(), value.rend(), n.rbegin(), n.rend())) continue;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i <= limbs; ++i) {
      const auto left = std::uint64_t(value[i]) - n[i] - borrow;
      value[i] = std::uint32_t(left);
      borrow = left >> 63;
    }
  }
  Bytes out;
  for (std::size_t i = limbs; i-- > 0;)
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(std::uint8_t(value[i] >> shift));
  return out;
}
std::uint32_t montgomery_m(ByteView modulus) {
  const auto n = be32(modulus, modulus.size() - 4);
  std::uint32_t inverse = 1;  // Newton: each step doubles the bits that are right
  for (int i = 0; i < 5; ++i) inverse *= 2 - n * inverse;
  return 0U - inverse;
}

bool usable(const crypto::PublicKey& key) {
  return key.algorithm == KeyAlgorithm::rsa_3072 || key.algorithm == KeyAlgorithm::ecdsa_p256 ||
         key.algorithm == KeyAlgorithm::ecdsa_p384;
}
SignatureScheme scheme_of(const crypto::PublicKey& key) {
  return key.algorithm == KeyAlgorithm::rsa_3072 ? SignatureScheme::rsa_pss_sha256 : default_scheme_of(key.algorithm);
}
Digest digest_for(const crypto::PublicKey& key) {
  return key.algorithm == KeyAlgorithm::ecdsa_p384 ? Digest::sha384 : Digest::sha256;
}

// The block up to its signature: what a verifier can make again from key and digest.
Result<Bytes> head_of(const crypto::PublicKey& key, ByteView digest) {
  Bytes out{kBlockMagic};
  if (key.algorithm == KeyAlgorithm::rsa_3072) {
    HF_TRY(const auto numbers, rsa_numbers_of(key));
    put(out, Bytes{kRsa, 0, 0});
    put(out, digest);
    put(out, reversed(numbers.modulus));
    put(out, reversed(padded(numbers.exponent, 4)));
    put(out, reversed(montgomery_r2(numbers.modulus)));
    put_le32(out, montgomery_m(numbers.modulus));
    return out;
  }
  const bool p384 = key.algorithm == KeyAlgorithm::ecdsa_p384;
  put(out, Bytes{kEcdsa, std::uint8_t(p384 ? 1 : 0), 0});
  put(out, digest);
  out.push_back(p384 ? 3 : 2);
  put(out, halves_reversed(ByteView(key.point).subspan(1)));
  return out;
}

Result<Bytes> block_of(const crypto::PublicKey& key, Bytes out, ByteView signature) {
  put(out, key.algorithm == KeyAlgorithm::rsa_3072 ? reversed(signature) : halves_reversed(signature));
  if (out.size() > kCovered) return malformed("a signature of another size");
  out.resize(kCovered);
  put_le32(out, crc32(out));
  out.resize(kBlock);
  return out;
}

std::string text_in(ByteView bytes) {  // up to NUL
  const auto text = text_of(bytes);
  auto found = std::string(text.substr(0, text.find('\0')));
  return is_plain(found) ? found : std::string();
}

struct Evidence {
  std::string name;
  Bytes head{}, sha256{}, sha384{};
  std::int64_t size = 0;  // of what the digests are of
  std::vector<std::string> keys{};
  bool append = false;
};

// The image header and, in an application, esp_app_desc_t at the start of the first segment (ESP-IDF
// components/bootloader_support/include/esp_app_format.h, components/esp_app_format/include/esp_app_desc.h).
Result<View> view_of(const Evidence& evidence) {
  constexpr std::size_t kImageHeader = 24, kApp = 32;
  const ByteView head(evidence.head);
  if (head.size() < kImageHeader || head[0] != kImageMagic)
    return malformed("it does not begin with an ESP image header");
  View view{.format = "esp32", .kind = "firmware", .claimed = true};
  view.digests = {to_hex(evidence.sha256)};
  view.facts = {{"name", evidence.name},
                {"image_size", evidence.size},
                {"segments", head[1]},
                {"entry", std::int64_t(le32(head, 4))}};
  if (!evidence.keys.empty()) view.facts["embedded_keys"] = JsonArray(evidence.keys.begin(), evidence.keys.end());
  view.compatible = {"chip:" + std::to_string(le16(head, 12))};  // esp_chip_id_t
  if (head.size() >= kHead && le32(head, kApp) == kAppMagic) {
    view.security_version = le32(head, kApp + 4);
    view.version = text_in(head.subspan(kApp + 16, 32));
    view.facts["project"] = text_in(head.subspan(kApp + 48, 32));
    view.facts["built"] = text_in(head.subspan(kApp + 96, 16)) + " " + text_in(head.subspan(kApp + 80, 16));
    view.facts["idf_version"] = text_in(head.subspan(kApp + 112, 32));
    view.facts["elf_sha256"] = to_hex(head.subspan(kApp + 144, 32));
  }
  return view;
}

struct Image {
  SourceFile source;
  std::uint64_t size = 0, padding = 0;  // of the image, and of the 0xff after it that the digest covers
  Bytes sector{};                       // the signature sector that is there; empty: none
};

Result<Image> open_image(const std::filesystem::path& path) {
  HF_TRY(auto source, SourceFile::open(path));
  constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 28;
  if (source.size() > kSizeMax) return over_limit("an ESP image has at most 256 MiB");
  Image image{.source = std::move(source)};
  const auto size = image.source.size();
  image.size = size;
  image.padding = (kSector - size % kSector) % kSector;
  if (size % kSector != 0 || size < 2 * kSector) return image;
  HF_TRY(auto last, image.source.read(size - kSector, kSector));
  // As the boot ROM: a block is one if its magic and its checksum say so.
  if (last[0] != kBlockMagic || crc32(ByteView(last).first(kCovered)) != le32(last, kCovered)) return image;
  image.size -= kSector;
  image.sector = std::move(last);
  return image;
}

Result<Evidence> describe(const Image& image, const std::filesystem::path& path) {
  Evidence evidence{.name = path.filename().string(), .size = std::int64_t(image.size + image.padding)};
  HF_TRY(evidence.head, image.source.read(0, std::size_t(std::min<std::uint64_t>(image.size, kHead))));
  const Bytes padding(std::size_t(image.padding), 0xff);
  crypto::DigestStream sha256(Digest::sha256), sha384(Digest::sha384);
  HF_CHECK(image.source.each(0, image.size, [&](ByteView piece) -> Result<void> {
    sha256.update(piece);
    sha384.update(piece);
    return {};
  }));
  evidence.sha256 = sha256.update(padding).finish();
  evidence.sha384 = sha384.update(padding).finish();
  return evidence;
}

class Esp32 final : public Format {
 public:
  std::string_view name() const override { return "esp32"; }
  std::string_view summary() const override { return "Espressif secure boot v2: RSA-3072 PSS, ECDSA P-256 and P-384"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::span<const Option> options() const override {
    static constexpr std::array all{
        Option{"replace", "true: the image is signed already; its signature sector gives way to the new one"},
        Option{"append",
               "true: the image is signed already; the new signature stands after those that it has, up to three"}};
    return all;
  }
  bool recognizes(ByteView head) const override {
    constexpr std::size_t kImageHeader = 24, kSegmentsMax = 16;
    return head.size() >= kImageHeader && head[0] == kImageMagic && head[1] >= 1 && head[1] <= kSegmentsMax;
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& given) const override {
    HF_TRY(const auto options, Options::read(given, *this));
    HF_TRY(const auto image, open_image(artifact));
    const bool append = options.text("append") == "true";
    if (!image.sector.empty() && !append && options.text("replace") != "true")
      return fail(ErrorKind::conflict, "HF-FORMAT-0012",
                  "the image is signed already; replace=true signs it anew, append=true once more");
    HF_TRY(const auto evidence, describe(image, artifact));
    HF_CHECK(view_of(evidence));
    JsonObject json{{"name", evidence.name},
                    {"head", to_hex(evidence.head)},
                    {"size", evidence.size},
                    {"sha256", to_hex(evidence.sha256)},
                    {"sha384", to_hex(evidence.sha384)}};
    if (append) json["append"] = true;
    HF_TRY(auto keys, embedded_keys(image.source, 0, image.size));
    if (!keys.empty()) json["embedded_keys"] = std::move(keys);
    return write_evidence(name(), std::move(json));
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check(context));
    HF_TRY(auto parsed, parse(evidence));
    HF_CHECK(view_of(parsed));
    return ToSign{digest_for(context.key) == Digest::sha384 ? std::move(parsed.sha384) : std::move(parsed.sha256),
                  true};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check(context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto image, open_image(artifact));
    const auto& digest = digest_for(context.key) == Digest::sha384 ? parsed.sha384 : parsed.sha256;
    HF_TRY(auto head, head_of(context.key, digest));
    HF_TRY(const auto block, block_of(context.key, std::move(head), signature));
    Bytes sector;
    if (parsed.append) sector = blocks_of(image.sector);
    put(sector, block);
    if (sector.size() > kSector) return over_limit("a signature sector has three blocks at most");
    sector.resize(kSector, 0xff);
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.copy(image.source, 0, image.size));
    HF_CHECK(target.fill(image.padding, 0xff));
    HF_CHECK(target.write(sector));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto image, open_image(file.file));
    if (image.sector.empty()) return not_verified("the image has no signature sector");
    HF_TRY(const auto evidence, describe(image, file.file));
    for (const auto& key : trust.keys) {
      if (!usable(key)) continue;
      const auto& digest = digest_for(key) == Digest::sha384 ? evidence.sha384 : evidence.sha256;
      HF_TRY(const auto head, head_of(key, digest));
      for (std::size_t at = 0; at + kBlock <= kSector; at += kBlock) {
        const auto block = ByteView(image.sector).subspan(at, kBlock);
        if (!std::ranges::equal(block.first(head.size()), head)) continue;
        const std::size_t size = key.algorithm == KeyAlgorithm::rsa_3072     ? 384
                                 : key.algorithm == KeyAlgorithm::ecdsa_p256 ? 64
                                                                             : 96;
        const auto raw = block.subspan(head.size(), size);
        const auto signature = key.algorithm == KeyAlgorithm::rsa_3072 ? reversed(raw) : halves_reversed(raw);
        // Nothing in the block but what is derived, and nothing in the sector but such blocks.
        HF_TRY(const auto whole, block_of(key, head, signature));
        if (!std::ranges::equal(whole, block)) return malformed("its signature block");
        if (crypto::Verifier(key).verify_input(scheme_of(key), digest, signature)) {
          HF_CHECK(check_rest(image.sector));
          return view_of(evidence);
        }
      }
    }
    return not_verified("no block of its signature sector is by a trusted key");
  }

 private:
  // Its blocks, whoever's they are: magic and checksum make one.
  static Bytes blocks_of(ByteView sector) {
    std::size_t at = 0;
    while (at + kBlock <= sector.size() && sector[at] == kBlockMagic &&
           crc32(sector.subspan(at, kCovered)) == le32(sector, at + kCovered))
      at += kBlock;
    return {sector.begin(), sector.begin() + std::ptrdiff_t(at)};
  }
  // What is no block is erased flash.
  static Result<void> check_rest(ByteView sector) {
    if (std::ranges::any_of(sector.subspan(blocks_of(sector).size()), [](std::uint8_t byte) { return byte != 0xff; }))
      return malformed("there is data in its signature sector");
    return {};
  }

  Result<void> check(const SigningContext& context) const {
    HF_CHECK(check_context(*this, context));
    if (!usable(context.key))
      return fail(ErrorKind::invalid, "HF-FORMAT-0008", "of RSA keys, secure boot v2 takes those of 3072 bits");
    return {};
  }

  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence;
    HF_CHECK(read_evidence("esp32", bytes, [&](Fields& fields) {
      evidence.name = fields.text("name");
      evidence.head = fields.hex("head", kHead);
      evidence.size = fields.integer("size", 0, std::int64_t{1} << 28);
      evidence.append = fields.flag("append");
      evidence.keys = fields.texts_or_none("embedded_keys", 16).value_or(std::vector<std::string>());
      read_digests(fields, evidence.sha256, evidence.sha384);
    }));
    return evidence;
  }
};

}  // namespace

const Format& esp32_format() {
  static const Esp32 format;
  return format;
}

}  // namespace hf::keys
