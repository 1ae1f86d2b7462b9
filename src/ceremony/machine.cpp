#include "ceremony/machine.h"

#include <algorithm>

#include "crypto/private_file.h"
#include "keys/formats/file.h"
#include "keys/json_fields.h"

namespace hf::ceremony {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "machine.json", kType = "holdfast-ceremony-machine-1";
constexpr std::size_t kKeysMax = 16, kPathMax = 1024, kFileMax = 64U << 10, kCertificateMax = 64U << 10;

auto unusable(const fs::path& directory, std::string why) {
  return fail(
      ErrorKind::not_found, "HF-CEREMONY-0004",
      directory.string() + " is no machine for ceremonies, or cannot be used: 'holdfast ceremony init' makes one",
      std::move(why));
}

Result<MachineConfig> read_config(const fs::path& directory) {
  const auto text = crypto::read_private_file(directory / kFile, kFileMax);
  if (!text) return unusable(directory, text.error().message);
  const auto json = parse_json(text->text(), {.bytes_max = kFileMax, .depth_max = 4});
  if (!json) return unusable(directory, json.error().message);
  std::vector<keys::Fault> faults;
  keys::Fields in(*json, "", faults);
  MachineConfig config;
  if (in.text("type") != kType) in.fault("type", "is another");
  in.each("manufacturer", kKeysMax, [&](keys::Fields& item) {
    const auto key = crypto::public_key_of_spki(item.hex("spki", kPathMax));
    if (key) config.manufacturer.push_back(*key);
    else item.fault("spki", "is no public key");
  });
  config.module = in.text("module", kPathMax);
  config.token_label = in.text("token_label", kPathMax);
  config.pin_file = in.text("pin_file", kPathMax);
  in.close();
  if (config.manufacturer.empty()) in.fault("manufacturer", "has no key");
  if (!faults.empty()) return unusable(directory, faults.front().pointer + ": " + faults.front().what);
  return config;
}

}  // namespace

Result<Machine> Machine::init(const fs::path& directory, const MachineConfig& config) {
  const auto refuse = [&](std::string why) {
    return fail(ErrorKind::conflict, "HF-CEREMONY-0003",
                "no machine is made in " + directory.string() + ": " + std::move(why));
  };
  std::error_code error;
  if (fs::exists(directory / kFile, error)) return refuse("there is one already");
  if (config.manufacturer.empty() || config.manufacturer.size() > kKeysMax)
    return refuse("name 1 to 16 keys whose scripts it takes");
  fs::create_directories(directory, error);
  const auto base = error ? directory : fs::canonical(directory, error);
  if (!error) fs::permissions(base, fs::perms::owner_all, error);
  if (error) return refuse(error.message());
  Machine machine(base, config);
  HF_TRY(const auto token, machine.token());  // it is there, and the PIN is right
  HF_TRY(const auto info, token->info());
  JsonArray manufacturer;
  for (const auto& key : config.manufacturer)
    manufacturer.push_back(JsonObject{{"spki", to_hex(crypto::to_spki(key))}});
  HF_TRY(const auto text, canonical_json(JsonObject{{"type", kType},
                                                    {"manufacturer", std::move(manufacturer)},
                                                    {"module", config.module},
                                                    {"token_label", config.token_label},
                                                    {"pin_file", config.pin_file}}));
  HF_CHECK(crypto::write_private_file(base / kFile, bytes_of(text + "\n")));
  return machine;
}

Result<Machine> Machine::open(const fs::path& directory) {
  std::error_code error;
  const auto base = fs::canonical(directory, error);
  if (error) return unusable(directory, error.message());
  HF_TRY(auto config, read_config(base));
  return Machine(base, std::move(config));
}

Result<std::unique_ptr<crypto::Token>> Machine::token() const {
  if (!config_.module.empty())
    return crypto::open_token({config_.module, config_.token_label, config_.pin_file, directory_ / "keys.json", false});
  HF_TRY(const auto soft, crypto::set_up_soft_token(directory_, {}));
  return crypto::open_token(soft);
}

Result<fs::path> Machine::folder_of(std::string_view script_sha256) const {
  constexpr std::size_t kDigits = 16;
  const auto folder = directory_ / "ceremonies" / script_sha256.substr(0, kDigits);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return unusable(directory_, error.message());
  HF_CHECK(crypto::sync_directory(directory_ / "ceremonies"));
  return folder;
}

std::optional<Bytes> Machine::certificate(std::string_view sha256) const {
  const auto file = keys::SourceFile::open(directory_ / "certificates" / std::string(sha256));
  auto der = file ? file->read_all(kCertificateMax) : Result<Bytes>(fail(file.error()));
  if (!der || to_hex(crypto::sha256({*der})) != sha256) return std::nullopt;
  return *std::move(der);
}

Result<void> Machine::keep_certificate(ByteView der) const {
  std::error_code error;
  fs::create_directories(directory_ / "certificates", error);
  if (error) return unusable(directory_, error.message());
  HF_TRY(auto file, keys::TargetFile::create(directory_ / "certificates" / to_hex(crypto::sha256({der}))));
  HF_CHECK(file.write(der));
  return file.keep();
}

}  // namespace hf::ceremony
