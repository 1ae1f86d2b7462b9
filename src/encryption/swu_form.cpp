// SWUpdate's encrypted images (swupdate doc/source/encrypted_images.rst): each payload with AES-CBC and its own
// initialization vector, which sw-description names, with the SHA-256 of what travels. So the description changes, and
// is signed afterwards. `swupdate -K` takes key and vector from a file: it goes to the devices in a CMS envelope, and
// is never written here in the clear.
#include <map>
#include <numeric>

#include "crypto/cms_envelope.h"
#include "crypto/random.h"
#include "encryption/forms.h"
#include "keys/formats/cpio.h"
#include "keys/formats/libconfig.h"

namespace hf::encryption {
namespace {

constexpr std::string_view kDescription = "sw-description", kSignature = "sw-description.sig";
constexpr std::size_t kDescriptionMax = 160U << 10;
constexpr std::uint64_t kMemberMax = UINT32_MAX;

struct Payload {
  const keys::CpioMember* member = nullptr;
  Bytes iv = crypto::random_bytes(crypto::kAesBlock);
  Bytes sha256{};
  std::uint64_t size = 0;
  std::uint32_t sum = 0;
  bool named = false;
};
using Payloads = std::map<std::string, Payload, std::less<>>;

// Sets what sw-description says of each payload. The parsers limit the depth.
Result<void> describe(JsonObject& object, Payloads& payloads) {
  if (const auto* file = object.if_contains("filename"); file && file->is_string()) {
    const auto found = payloads.find(std::string_view(file->get_string()));
    if (found == payloads.end())
      return bad_artifact("sw-description names '" + std::string(file->get_string()) + "', which the archive lacks");
    if (const auto* flag = object.if_contains("encrypted"); flag && !(flag->is_bool() && !flag->get_bool()))
      return bad_artifact("'" + found->first + "' is encrypted already");
    auto& payload = found->second;
    payload.named = true;
    object["encrypted"] = true;
    object["ivt"] = to_hex(payload.iv);
    object["sha256"] = to_hex(payload.sha256);
    if (const auto* type = object.if_contains("type"); type && type->is_string() && type->get_string() == "ubivol") {
      // The UBI handler allocates its volume before it decrypts (handlers/ubivol_handler.c).
      auto& properties = object["properties"];
      if (!properties.is_object()) properties = JsonObject();
      properties.get_object()["decrypted-size"] = std::to_string(payload.member->size);
    }
  }
  for (auto& [name, member] : object) {
    if (member.is_object()) HF_CHECK(describe(member.get_object(), payloads));
    if (!member.is_array()) continue;
    for (auto& item : member.get_array())
      if (item.is_object()) HF_CHECK(describe(item.get_object(), payloads));
  }
  return {};
}

std::string libconfig_of(const Json& value, int depth);

std::string libconfig_group(const JsonObject& object, int depth) {
  std::string out;
  for (const auto& [name, member] : object)
    out += std::string(std::size_t(depth) * 2, ' ') + std::string(name) + " = " + libconfig_of(member, depth) + ";\n";
  return out;
}

// libconfig manual, "Configuration Files": a list, which takes any types, for what may have been an array. As deep as
// what the parser read.
std::string libconfig_of(const Json& value, int depth) {
  if (value.is_object())
    return "{\n" + libconfig_group(value.get_object(), depth + 1) + std::string(std::size_t(depth) * 2, ' ') + "}";
  if (value.is_array()) {
    const auto& array = value.get_array();
    const bool plain = std::ranges::all_of(array, [](const Json& item) { return item.is_string(); });
    std::string out(plain && !array.empty() ? "[" : "(");
    for (const auto& item : array) out += (out.size() > 1 ? ", " : "") + libconfig_of(item, depth);
    return out + (plain && !array.empty() ? "]" : ")");
  }
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_int64()) {
    const auto number = value.get_int64();
    return std::to_string(number) + (number > INT32_MAX || number < INT32_MIN ? "L" : "");
  }
  std::string out = "\"";
  for (const char c : value.is_string() ? std::string_view(value.get_string()) : std::string_view()) {
    constexpr const char* kDigits = "0123456789abcdef";
    if (c == '"' || c == '\\') {
      out += '\\', out += c;
    } else if (std::uint8_t(c) < 0x20) {
      out += "\\x", out += kDigits[std::uint8_t(c) >> 4], out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

bool is_json(std::string_view text) { return trim(text).starts_with('{'); }

Result<JsonObject> parse(std::string_view text) {
  if (!is_json(text)) return keys::parse_libconfig(text);
  HF_TRY(const auto json, parse_json(text, {.bytes_max = kDescriptionMax, .depth_max = 16}));
  if (!json.is_object()) return bad_artifact("sw-description is not an object");
  return json.get_object();
}

Result<std::string> new_description(std::string_view text, Payloads& payloads) {
  HF_TRY(auto root, parse(text));
  HF_CHECK(describe(root, payloads));
  for (const auto& [name, payload] : payloads)
    if (!payload.named) return bad_artifact("sw-description does not name the member '" + name + "'");
  auto out = is_json(text) ? to_pretty_text(root) + "\n" : libconfig_group(root, 0);
  // What is written is what was meant, or it is not written.
  HF_TRY(const auto again, parse(out));
  if (to_text(again) != to_text(root))
    return bad_artifact("sw-description has a value that is not written back the same");
  return out;
}

Result<crypto::Secret> key_file(ByteView key, ByteView iv) {
  auto text = to_hex(key);
  text += " " + to_hex(iv) + "\n";
  crypto::Secret out(bytes_of(text));
  crypto::cleanse(text);
  return out;
}

}  // namespace

Result<void> encrypt_swu(const keys::SourceFile& artifact, ByteView key, const Recipients& recipients,
                         keys::TargetFile& out, keys::TargetFile* beside) {
  HF_TRY(const auto certificates, certificates_of(recipients));
  HF_TRY(const auto cpio, keys::read_cpio(artifact));
  const auto& members = cpio.members;
  if (members.empty() || members.front().name != kDescription)
    return bad_artifact("the archive's first member is not sw-description");
  if (members.front().size > kDescriptionMax) return bad_artifact("sw-description is too large");
  HF_TRY(const auto description, artifact.read(members.front().at, std::size_t(members.front().size)));
  Payloads payloads;
  for (const auto& member : members) {
    if (member.name == kSignature)
      return bad_artifact("it is signed already, and its description changes: encrypt it first, then sign it");
    if (member.name != kDescription) payloads[member.name].member = &member;
  }
  // Twice through each payload: the description, with the digests of what travels, comes first.
  const auto encrypt = [&](const Payload& payload, const std::function<Result<void>(ByteView)>& write) {
    return encrypt_part(artifact, payload.member->at, payload.member->size, crypto::CipherMode::cbc, key, payload.iv,
                        {}, write);
  };
  for (auto& [name, payload] : payloads) {
    crypto::DigestStream digest(crypto::Digest::sha256);
    HF_CHECK(encrypt(payload, [&, at = &payload](ByteView piece) -> Result<void> {
      digest.update(piece);
      at->size += piece.size();
      at->sum = std::accumulate(piece.begin(), piece.end(), at->sum);
      return {};
    }));
    payload.sha256 = digest.finish();
    if (payload.size > kMemberMax) return bad_artifact("'" + name + "' is too large for a cpio archive");
  }
  HF_TRY(const auto text, new_description(text_of(description), payloads));
  if (text.size() > kDescriptionMax) return bad_artifact("sw-description is too large");
  HF_CHECK(out.write(keys::cpio_member(cpio.magic, kDescription, bytes_of(text))));
  for (const auto& member : members) {  // in their order
    if (member.name == kDescription) continue;
    const auto& payload = payloads[member.name];
    HF_CHECK(out.write(keys::cpio_head(cpio.magic, member.name, std::uint32_t(payload.size),
                                       cpio.magic == "070702" ? payload.sum : 0)));
    HF_CHECK(encrypt(payload, [&](ByteView piece) { return out.write(piece); }));
    HF_CHECK(out.fill((4 - payload.size % 4) % 4, 0));
  }
  HF_CHECK(out.copy(artifact, cpio.trailer, artifact.size() - cpio.trailer));
  HF_TRY(const auto file, key_file(key, crypto::random_bytes(crypto::kAesBlock)));
  HF_TRY(const auto envelope, crypto::cms_envelope(file.bytes(), certificates));
  return beside->write(envelope);
}

}  // namespace hf::encryption
