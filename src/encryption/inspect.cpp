#include "encryption/inspect.h"

#include "crypto/cms_envelope.h"
#include "crypto/cose_encrypt.h"
#include "crypto/x509.h"
#include "keys/formats/cms_form.h"
#include "keys/formats/cpio.h"
#include "keys/formats/libconfig.h"
#include "keys/formats/mcuboot_image.h"

namespace hf::encryption {
namespace {

namespace mcuboot = keys::mcuboot;

constexpr std::size_t kHead = 32, kLength = 8, kDescriptionMax = 160U << 10, kCoseMax = 1U << 20;

auto refuse(std::string what) { return fail(ErrorKind::invalid, "HF-ENCRYPT-0030", std::move(what)); }

std::vector<SeenRecipient> of_cms(const std::vector<crypto::CmsRecipient>& recipients) {
  std::vector<SeenRecipient> seen;
  for (const auto& recipient : recipients) {
    const auto issuer = recipient.issuer.empty() ? std::nullopt : crypto::x509::name_of_der(recipient.issuer);
    seen.push_back({.how = recipient.kind,
                    .fingerprint = {},
                    .issuer = issuer ? issuer->text() : to_hex(recipient.issuer),
                    .serial = to_hex(recipient.serial),
                    .key_id = to_hex(recipient.key_id)});
  }
  return seen;
}

std::string name_of_wrapping(std::int64_t algorithm) {
  switch (algorithm) {
    case -3: return "A128KW";
    case -5: return "A256KW";
    case -29: return "ECDH-ES + A128KW";
    case -31: return "ECDH-ES + A256KW";
    default: return "COSE algorithm " + std::to_string(algorithm);
  }
}

Result<Seen> see_cose(ByteView bytes) {
  HF_TRY(const auto cose, crypto::parse_cose_encrypt(bytes));
  Seen seen{.form = "cose"};
  seen.cipher = cose.algorithm == 1   ? "A128GCM"
                : cose.algorithm == 3 ? "A256GCM"
                                      : "COSE algorithm " + std::to_string(cose.algorithm);
  constexpr std::size_t kFingerprint = 32;
  for (const auto& recipient : cose.recipients) {
    const bool ours = recipient.key_id.size() == kFingerprint;
    seen.recipients.push_back({.how = name_of_wrapping(recipient.algorithm),
                               .fingerprint = ours ? to_hex(recipient.key_id) : "",
                               .issuer = {},
                               .serial = {},
                               .key_id = ours ? "" : to_hex(recipient.key_id)});
  }
  seen.note = cose.detached ? "the ciphertext is in a file of its own" : "the ciphertext is in it";
  return seen;
}

// Not by read_image(), which is of plain images: an encrypted one has no digest that could be checked.
Result<Seen> see_mcuboot(const keys::SourceFile& file) {
  HF_TRY(const auto head, file.read(0, mcuboot::kHeaderSize));
  HF_TRY(const auto header, mcuboot::header_of(head));
  const auto at = std::uint64_t(header.header_size) + header.image_size + header.protected_size;
  if (at + mcuboot::kTlvHead > file.size()) return refuse("the MCUboot image has no TLV area");
  HF_TRY(const auto info, file.read(at, mcuboot::kTlvHead));
  const auto size = keys::le16(info, 2);
  if (size > file.size() - at) return refuse("the MCUboot image ends within its TLV area");
  HF_TRY(const auto area, file.read(at, size));
  const auto records = mcuboot::records_of(area, mcuboot::kTlvMagic);
  if (!records) return refuse("the MCUboot image's TLV area cannot be read");
  Seen seen{.form = "mcuboot"};
  seen.cipher = (header.flags & mcuboot::kEncryptedAes256) != 0 ? "AES-256-CTR" : "AES-128-CTR";
  for (const auto& [type, value] : *records) {
    const char* how = type == mcuboot::kEncryptedRsa2048        ? "RSA-2048-OAEP"
                      : type == mcuboot::kEncryptedKw           ? "AES key wrap"
                      : type == mcuboot::kEncryptedEc256        ? "ECIES-P256"
                      : type == mcuboot::kEncryptedX25519       ? "ECIES-X25519"
                      : type == mcuboot::kEncryptedX25519Sha512 ? "ECIES-X25519, SHA-512"
                                                                : nullptr;
    if (how) seen.recipients.push_back({.how = how, .fingerprint = {}, .issuer = {}, .serial = {}, .key_id = {}});
  }
  if (seen.recipients.empty()) return refuse("the MCUboot image has no content key: it is not encrypted");
  seen.parts = {"payload, " + std::to_string(header.image_size) + " bytes"};
  seen.note = "MCUboot does not say whose key it is for: 'holdfast encrypt show' does, of a file that it wrote";
  return seen;
}

void collect_encrypted(const JsonObject& object, std::vector<std::string>& parts) {
  const auto* file = object.if_contains("filename");
  const auto* flag = object.if_contains("encrypted");
  if (file && file->is_string() && flag && flag->is_bool() && flag->get_bool())
    parts.emplace_back(std::string_view(file->get_string()));
  for (const auto& [name, member] : object) {  // as deep as the parsers read
    if (member.is_object()) collect_encrypted(member.get_object(), parts);
    if (!member.is_array()) continue;
    for (const auto& item : member.get_array())
      if (item.is_object()) collect_encrypted(item.get_object(), parts);
  }
}

Result<Seen> see_swu(const keys::SourceFile& file) {
  HF_TRY(const auto cpio, keys::read_cpio(file));
  if (cpio.members.empty() || cpio.members.front().name != "sw-description" ||
      cpio.members.front().size > kDescriptionMax)
    return refuse("the archive's first member is not a sw-description");
  HF_TRY(const auto bytes, file.read(cpio.members.front().at, std::size_t(cpio.members.front().size)));
  JsonObject root;
  if (trim(text_of(bytes)).starts_with('{')) {
    HF_TRY(const auto json, parse_json(text_of(bytes), {.bytes_max = kDescriptionMax, .depth_max = 16}));
    if (!json.is_object()) return refuse("sw-description is not an object");
    root = json.get_object();
  } else {
    HF_TRY(root, keys::parse_libconfig(text_of(bytes)));
  }
  Seen seen{.form = "swu", .cipher = "AES-CBC"};
  collect_encrypted(root, seen.parts);
  if (seen.parts.empty()) return refuse("sw-description says of no member that it is encrypted");
  seen.note = "its key travels apart: inspect the envelope of the key file (.key.cms)";
  return seen;
}

Result<std::optional<Seen>> see_rauc(const keys::SourceFile& file) {
  if (file.size() <= kLength) return std::nullopt;
  HF_TRY(const auto tail, file.read(file.size() - kLength, kLength));
  const auto length = keys::be64(tail, 0);
  if (length < kHead || length > keys::kCmsMax + (64U << 10) || length > file.size() - kLength) return std::nullopt;
  HF_TRY(const auto cms, file.read(file.size() - kLength - length, std::size_t(length)));
  if (!crypto::is_cms_envelope(cms)) return std::nullopt;
  HF_TRY(const auto recipients, crypto::cms_recipients(cms));
  return Seen{.form = "rauc",
              .cipher = "AES-256-CBC, plain64",
              .recipients = of_cms(recipients),
              .parts = {"bundle payload"},
              .note = "the content key is in the signed manifest, inside of the envelope"};
}

}  // namespace

Result<Seen> inspect(const keys::SourceFile& file) {
  HF_TRY(const auto head, file.read(0, std::size_t(std::min<std::uint64_t>(file.size(), kHead))));
  constexpr std::uint8_t kTag96[] = {0xd8, 0x60};
  if (head.size() >= 2 && std::ranges::equal(ByteView(head).first(2), kTag96)) {
    HF_TRY(const auto bytes, file.read_all(kCoseMax));
    return see_cose(bytes);
  }
  if (mcuboot::has_magic(head)) return see_mcuboot(file);
  if (keys::has_cpio_magic(head)) return see_swu(file);
  if (crypto::is_cms_envelope(head) && file.size() <= kCoseMax) {
    HF_TRY(const auto bytes, file.read_all(kCoseMax));
    HF_TRY(const auto recipients, crypto::cms_recipients(bytes));
    return Seen{.form = "cms", .cipher = "EnvelopedData", .recipients = of_cms(recipients)};
  }
  HF_TRY(auto bundle, see_rauc(file));
  if (bundle) return *std::move(bundle);
  return refuse(
      "the file is none of an encrypted MCUboot image, SWUpdate image, RAUC bundle, CMS envelope or COSE_Encrypt");
}

JsonObject to_json(const Seen& seen) {
  JsonArray recipients;
  for (const auto& one : seen.recipients) {
    JsonObject json{{"how", one.how}};
    for (const auto& [name, value] : {std::pair("fingerprint", one.fingerprint), std::pair("issuer", one.issuer),
                                      std::pair("serial", one.serial), std::pair("key_id", one.key_id)})
      if (!value.empty()) json[name] = value;
    recipients.push_back(std::move(json));
  }
  return {{"form", seen.form},
          {"cipher", seen.cipher},
          {"recipients", std::move(recipients)},
          {"parts", JsonArray(seen.parts.begin(), seen.parts.end())},
          {"note", seen.note}};
}

}  // namespace hf::encryption
