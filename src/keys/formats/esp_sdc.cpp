#include "keys/formats/esp_sdc.h"

#include <algorithm>
#include <array>

#include "keys/debug_policy.h"
#include "keys/formats/all.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256};
constexpr std::size_t kHeader = 20, kConfiguration = 256, kKey = 64, kSignature = 64, kDigest = 32, kMac = 6,
                      kBody = kConfiguration + kKey + kSignature + kDigest, kCertificate = kHeader + kBody + kDigest;
constexpr std::uint32_t kMagic = 0x524d4143;
constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kKnownBits = sdc::kJtag | sdc::kDownloadReuse | sdc::kForceSpiBoot;

// As the ROM's crc32_le() with UINT32_MAX for the checksum so far: the register begins at zero.
std::uint32_t crc32_of(ByteView bytes) {
  std::uint32_t crc = 0;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

Bytes big_endian(std::uint32_t number) {
  Bytes bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(number >> shift));
  return bytes;
}

struct Request {
  std::uint32_t configuration = 0;
  ByteView chip_info{}, nonce{}, mac{};
  std::uint8_t session = 0;
};

// Views into `bytes`.
Result<Request> parse(ByteView bytes) {
  HF_TRY(const auto all, read_tlvs(bytes, 4));
  std::span<const Tlv> tlvs(all);
  HF_TRY(const auto configuration, take_tlv(tlvs, TlvType::sdc_configuration, "configuration", 4));
  HF_TRY(const auto chip_info, take_tlv(tlvs, TlvType::sdc_chip_info, "chip info", 2 * kDigest));
  Request read{.configuration = le32(configuration, 0),
               .chip_info = chip_info.first(kDigest),
               .nonce = chip_info.subspan(kDigest)};
  HF_TRY(read.mac, take_tlv(tlvs, TlvType::sdc_mac, "MAC address", kMac));
  HF_TRY(const auto session, take_tlv(tlvs, TlvType::sdc_session, "session counter", 1));
  read.session = session[0];
  if (!tlvs.empty()) return malformed("there is something after the session counter");
  if ((read.configuration & ~kKnownBits) != 0) return malformed("a bit of the configuration that is not known");
  // Fuses that only burn from 0 to 1.
  if (read.session != 0 && read.session != 1 && read.session != 3 && read.session != 7)
    return malformed("a session counter is 0, 1, 3 or 7");
  const Bytes reversed(read.mac.rbegin(), read.mac.rend());
  const auto unique = crypto::sha256({reversed});
  const std::uint8_t tail = std::uint8_t(read.session << 4);
  if (!std::ranges::equal(crypto::sha256({unique, read.nonce, ByteView(&tail, 1)}), read.chip_info))
    return malformed("the chip info is of another device or session than MAC address and session counter say");
  if (all_zero(read.nonce)) return malformed("the nonce is all zeros");
  return read;
}

Bytes configuration_of(const Request& request) {
  auto bytes = big_endian(request.configuration);
  bytes.resize(kConfiguration);
  return bytes;
}
Bytes message_of(const Request& request) {
  auto message = configuration_of(request);
  put(message, request.chip_info);
  return message;
}

Bytes certificate_of(const Request& request, const crypto::PublicKey& key, ByteView signature) {
  auto body = configuration_of(request);
  put(body, ByteView(key.point).subspan(1));
  put(body, signature);
  put(body, crypto::sha256({body}));
  Bytes out;
  put_le32(out, kMagic);
  put(out, Bytes{kVersion, 0});
  put_le16(out, kConfiguration);
  put_le16(out, kHeader + kBody);
  put_le16(out, 0);
  put_le32(out, crc32_of(body));
  put_le32(out, 0);
  put(out, body);
  put(out, request.nonce);
  return out;
}

View view_of(const Request& request) {
  std::string mac;
  for (const auto byte : request.mac) mac += (mac.empty() ? "" : ":") + to_hex(Bytes{byte});
  JsonArray unlocks;
  for (const auto& [bit, name] : {std::pair(sdc::kJtag, "JTAG"), std::pair(sdc::kDownloadReuse, "download reuse"),
                                  std::pair(sdc::kForceSpiBoot, "forced SPI boot")})
    if ((request.configuration & bit) != 0) unlocks.emplace_back(name);
  View view{.format = "esp-sdc", .kind = std::string(kDebugToken)};
  view.digests = {to_hex(crypto::sha256({message_of(request)}))};
  view.facts = {{"device", mac},
                {"session", request.session},
                {"permissions", to_hex(big_endian(request.configuration))},
                {"unlocks", unlocks},
                {"lifecycle", "unknown"},  // the chip info does not tell
                {"challenge_sha256", to_hex(crypto::sha256({request.nonce}))},
                {"chip_info", to_hex(request.chip_info)}};
  return view;
}

class EspSdc final : public Format {
 public:
  std::string_view name() const override { return "esp-sdc"; }
  std::string_view summary() const override {
    return "debug access: a certificate of Espressif's Secure Debug Controller";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::string_view detached_suffix() const override { return ".sdc"; }
  bool recognizes(ByteView head) const override { return begins_with(head, TlvType::sdc_configuration); }

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
    return ToSign{message_of(parsed), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto request, debug_request_of(name(), evidence));
    HF_TRY(const auto parsed, parse(request));
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(certificate_of(parsed, context.key, signature)));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto request, source.read_all(kDebugFileMax));
    HF_TRY(const auto parsed, parse(request));
    HF_TRY(const auto certificate_file, SourceFile::open(file.signature));
    HF_TRY(const auto certificate, certificate_file.read_all(kDebugFileMax));
    if (certificate.size() != kCertificate) return malformed("a debug certificate has 468 bytes");
    const auto signature = ByteView(certificate).subspan(kHeader + kConfiguration + kKey, kSignature);
    const auto verified = verify_any(trust, kSchemes, message_of(parsed), signature);
    if (!verified || certificate_of(parsed, verified->key, signature) != certificate)
      return not_verified("the debug certificate is not of this request by a trusted key");
    return view_of(parsed);
  }
};

}  // namespace

namespace sdc {

Result<Bytes> certificate_request(const NewCertificate& wanted) {
  Bytes configuration, request;
  put_le32(configuration, wanted.configuration);
  put_tlv(request, TlvType::sdc_configuration, configuration);
  put_tlv(request, TlvType::sdc_chip_info, wanted.chip_info);
  put_tlv(request, TlvType::sdc_mac, wanted.mac);
  put_tlv(request, TlvType::sdc_session, ByteView(&wanted.session, 1));
  HF_CHECK(parse(request));
  return request;
}

}  // namespace sdc

const Format& esp_sdc_format() {
  static const EspSdc format;
  return format;
}

}  // namespace hf::keys
