// What a debug key is to sign is written here, offline; `sign` has it approved and signed under the key's charter.
#include <charconv>
#include <ostream>

#include "keys/formats/adac.h"
#include "keys/formats/cli.h"
#include "keys/formats/esp_sdc.h"
#include "keys/formats/formats.h"
#include "keys/formats/nxp_dat.h"

namespace hf::keys {
namespace {

auto bad(std::string_view option, std::string what) {
  return fail(ErrorKind::invalid, "HF-FORMAT-0021", "--" + std::string(option) + ": " + std::move(what));
}

Result<Bytes> file_of(const cli::Args& args, std::string_view option) {
  HF_TRY(const auto source, SourceFile::open(std::string(*args.option(option))));
  return source.read_all(kDebugFileMax);
}

// So many bytes in hexadecimal. Absent: zeros.
Result<Bytes> hex_of(const cli::Args& args, std::string_view option, std::size_t size) {
  const auto text = args.option(option);
  if (!text) return Bytes(size);
  auto bytes = from_hex(*text);
  if (!bytes || bytes->size() != size)
    return bad(option, std::to_string(size) + " octets in lower case hexadecimal are expected");
  return *std::move(bytes);
}

// Decimal, or hexadecimal after 0x. Absent: zero.
Result<std::uint64_t> number_of(const cli::Args& args, std::string_view option, std::uint64_t max) {
  const auto text = args.option(option);
  if (!text) return std::uint64_t{0};
  const bool hex = text->starts_with("0x");
  const auto digits = text->substr(hex ? 2 : 0);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size() || value > max)
    return bad(option, "a number of at most " + std::to_string(max) + " is expected");
  return value;
}

Result<Bytes> chain_of(const cli::Args& args) {
  if (!args.option("chain")) return Bytes();
  HF_TRY(auto file, file_of(args, "chain"));
  return adac::chain_bytes(std::move(file));
}

Result<cli::Exit> write(const cli::Args& args, cli::Terminal& terminal, ByteView request) {
  const std::string out(*args.option("out"));
  HF_TRY(auto target, TargetFile::create(out));
  HF_CHECK(target.write(request));
  HF_CHECK(target.keep());
  terminal.err << "not signed yet: holdfast sign request " << out << " has it approved\n";
  return cli::kOk;
}

// The request as it will be judged; a fault shows here, and not when people are asked.
Result<cli::Exit> write_checked(const cli::Args& args, cli::Terminal& terminal, std::string_view format,
                                ByteView request) {
  HF_TRY(const auto evidence, write_evidence(format, {{"request", to_base64(request)}}));
  HF_CHECK(find_format(format)->view(evidence));
  return write(args, terminal, request);
}

Result<cli::Exit> run_adac_certificate(const cli::Args& args, cli::Terminal& terminal) {
  adac::NewCertificate wanted;
  HF_TRY(const auto file, file_of(args, "key"));
  HF_TRY(wanted.key, crypto::public_key_of_pem(text_of(file)));
  const auto role = adac::role_of(*args.option("role"));
  if (!role) return bad("role", "root, intermediate or leaf is expected");
  wanted.role = *role;
  if (args.option("adac-version") == "0.1") wanted.version = {0, 1};
  HF_TRY(wanted.soc_id, hex_of(args, "soc-id", adac::kSocId));
  HF_TRY(wanted.permissions, hex_of(args, "permissions", adac::kPermissions));
  HF_TRY(const auto soc_class, number_of(args, "soc-class", 0xffffffff));
  HF_TRY(const auto lifecycle, number_of(args, "lifecycle", 0xffff));
  HF_TRY(const auto constraint, number_of(args, "oem-constraint", 0xffff));
  HF_TRY(const auto usage, number_of(args, "usage", 0xff));
  wanted.soc_class = std::uint32_t(soc_class), wanted.lifecycle = std::uint16_t(lifecycle);
  wanted.oem_constraint = std::uint16_t(constraint), wanted.usage = std::uint8_t(usage);
  HF_TRY(const auto chain, chain_of(args));
  HF_TRY(const auto request, adac::certificate_request(chain, wanted));
  return write_checked(args, terminal, "adac-certificate", request);
}

// 32 bytes, or the packet that they come in (psa_auth_challenge_t): version, two bytes of zero, the challenge.
Result<Bytes> adac_challenge_of(const cli::Args& args) {
  constexpr std::size_t kPacketHeader = 4;
  HF_TRY(auto bytes, file_of(args, "challenge"));
  if (bytes.size() == kPacketHeader + adac::kChallenge && bytes[2] == 0 && bytes[3] == 0)
    bytes.erase(bytes.begin(), bytes.begin() + kPacketHeader);
  if (bytes.size() != adac::kChallenge) return bad("challenge", "a file of 32 bytes is expected, or the packet of 36");
  return bytes;
}

Result<cli::Exit> run_adac_token(const cli::Args& args, cli::Terminal& terminal) {
  adac::NewToken wanted;
  HF_TRY(wanted.challenge, adac_challenge_of(args));
  HF_TRY(wanted.soc_id, hex_of(args, "soc-id", adac::kSocId));
  HF_TRY(wanted.permissions, hex_of(args, "permissions", adac::kPermissions));
  HF_TRY(const auto soc_class, number_of(args, "soc-class", 0xffffffff));
  HF_TRY(const auto lifecycle, number_of(args, "lifecycle", 0xffff));
  wanted.soc_class = std::uint32_t(soc_class), wanted.lifecycle = std::uint16_t(lifecycle);
  HF_TRY(const auto chain, chain_of(args));
  HF_TRY(const auto request, adac::token_request(chain, wanted));
  return write_checked(args, terminal, "adac-token", request);
}

Result<cli::Exit> run_nxp_dat(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto challenge, file_of(args, "challenge"));
  HF_TRY(const auto credential, file_of(args, "credential"));
  HF_TRY(const auto beacon, number_of(args, "beacon", 0xffffffff));
  HF_TRY(const auto request, nxp::response_request(challenge, credential, std::uint32_t(beacon)));
  return write(args, terminal, request);
}

Result<cli::Exit> run_esp_sdc(const cli::Args& args, cli::Terminal& terminal) {
  constexpr std::size_t kMac = 6;
  sdc::NewCertificate wanted;
  for (const auto& [flag, bit] : {std::pair("jtag", sdc::kJtag), std::pair("download-reuse", sdc::kDownloadReuse),
                                  std::pair("force-spi-boot", sdc::kForceSpiBoot)})
    if (args.flag(flag)) wanted.configuration |= bit;
  HF_TRY(wanted.chip_info, file_of(args, "chip-info"));
  std::string digits(*args.option("mac"));
  std::erase(digits, ':');
  auto mac = from_hex(digits);
  if (!mac || mac->size() != kMac) return bad("mac", "an address as 30:ed:a0:ed:78:9c is expected");
  wanted.mac = *std::move(mac);
  HF_TRY(const auto session, number_of(args, "session-counter", 7));
  wanted.session = std::uint8_t(session);
  HF_TRY(const auto request, sdc::certificate_request(wanted));
  return write(args, terminal, request);
}

constexpr cli::Option kOut{"out", "FILE", "Where the request goes", true};
constexpr cli::Option kSocClass{"soc-class", "N", "The class of the device, as its discovery says (default 0: any)"};
constexpr cli::Option kSocId{"soc-id", "HEX", "The device, 16 octets (default zeros: any of the class)"};
constexpr cli::Option kPermissions{"permissions", "HEX", "Permission bits, 16 octets, first octet first", true};
constexpr cli::Option kLifecycle{"lifecycle", "N", "PSA lifecycle state, such as 0x3000 (default 0: any)"};
constexpr std::string_view kNothingSigned =
    "Works offline and signs nothing: 'holdfast sign request' has the file approved under the key's charter.";

}  // namespace

std::span<const cli::Command> debug_prepare_commands() {
  static const std::vector<cli::Command> list{
      {{.name = "debug prepare adac-certificate",
        .summary = "Write a certificate of Arm's ADAC for signing",
        .details = kNothingSigned,
        .options =
            {{"role", "ROLE", "root, intermediate or leaf", true},
             {"key", "PEM", "The public key that it is for, ecdsa-p256 or ed25519", true},
             {"chain", "FILE", "The issuer's chain, root first; for a root none"},
             kPermissions,
             kSocClass,
             kSocId,
             kLifecycle,
             {"oem-constraint", "N", "As the silicon's maker says (default 0)"},
             {"usage", "N", "As the silicon's maker says (default 0)"},
             {.name = "adac-version", .value = "V", .help = "Of the format (default 1.0)", .choices = {"1.0", "0.1"}},
             kOut},
        .examples = {"holdfast debug prepare adac-certificate --role leaf --key dbg.pem --chain root.chain --soc-id "
                     "00112233445566778899aabbccddeeff --permissions 0f000000000000000000000000000000 --out leaf.req"}},
       &run_adac_certificate},
      {{.name = "debug prepare adac-token",
        .summary = "Write the answer to a device's ADAC challenge for signing",
        .details = kNothingSigned,
        .options = {{"challenge", "FILE", "As the device gave it: 32 bytes, or the packet of 36", true},
                    {"chain", "FILE", "The chain down to the key that signs", true},
                    kPermissions,
                    {"soc-class", "N", "The class of the device, as its discovery says (default 0)"},
                    {"soc-id", "HEX", "The device, as its discovery says", true},
                    {"lifecycle", "N", "The state of the device, as its discovery says (default 0: unknown)"},
                    kOut},
        .examples = {"holdfast debug prepare adac-token --challenge challenge.bin --chain leaf.chain --soc-id "
                     "00112233445566778899aabbccddeeff --lifecycle 0x3000 --permissions "
                     "03000000000000000000000000000000 --out session.req"}},
       &run_adac_token},
      {{.name = "debug prepare nxp-dat",
        .summary = "Write the answer to an NXP device's debug challenge (DAC) for signing",
        .details = kNothingSigned,
        .options = {{"challenge", "FILE", "The DAC, as the device gave it", true},
                    {"credential", "FILE", "The debug credential (DC), signed", true},
                    {"beacon", "N", "Authentication beacon (default 0)"},
                    kOut},
        .examples = {"holdfast debug prepare nxp-dat --challenge dac.bin --credential dc.bin --out session.req"}},
       &run_nxp_dat},
      {{.name = "debug prepare esp-sdc",
        .summary = "Write a debug certificate of Espressif's SDC for signing",
        .details = kNothingSigned,
        .options = {{"chip-info", "FILE", "As the device gave it: 32 bytes of chip info, 32 of nonce", true},
                    {"mac", "MAC", "Of the device, as it is printed", true},
                    {"session-counter", "N", "Of the device: 0, 1, 3 or 7 (default 0)"},
                    {"jtag", "", "Unlock JTAG"},
                    {"download-reuse", "", "Unlock the reuse of download mode"},
                    {"force-spi-boot", "", "Force SPI boot"},
                    kOut},
        .examples = {"holdfast debug prepare esp-sdc --chip-info chip_info.bin --mac 30:ed:a0:ed:78:9c --jtag --out "
                     "session.req"}},
       &run_esp_sdc},
  };
  return list;
}

}  // namespace hf::keys
