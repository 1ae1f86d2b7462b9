#include "factory/station/config.h"

#include <array>

#include "crypto/private_file.h"

namespace hf::factory {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "station.json", kType = "holdfast-station-1";

std::string hex_of(const crypto::PublicKey& key) { return to_hex(crypto::to_spki(key)); }

std::optional<crypto::PublicKey> key_of(std::string_view hex) {
  const auto spki = from_hex(hex);
  const auto key = crypto::public_key_of_spki(spki.value_or(Bytes()));
  return key ? std::optional(*key) : std::nullopt;
}

}  // namespace

std::span<const crypto::KeySpec> station_keys() {
  static const std::array keys{crypto::KeySpec{std::string(kIdentityKey), crypto::KeyAlgorithm::ecdsa_p256},
                               crypto::KeySpec{std::string(kCaKey), crypto::KeyAlgorithm::ecdsa_p256}};
  return keys;
}

Result<void> write_station_file(const fs::path& directory, const Station::Description& station) {
  JsonArray manufacturer;
  for (const auto& key : station.config.manufacturer) manufacturer.emplace_back(hex_of(key));
  const auto& config = station.config;
  HF_TRY(const auto text, canonical_json(JsonObject{{"type", kType},
                                                    {"factory", config.factory},
                                                    {"manufacturer", std::move(manufacturer)},
                                                    {"identity", hex_of(station.keys.identity)},
                                                    {"ca", hex_of(station.keys.ca)},
                                                    {"counter", config.counter},
                                                    {"module", config.module},
                                                    {"token_label", config.token_label},
                                                    {"pin_file", config.pin_file}}));
  return crypto::write_private_file(directory / kFile, bytes_of(text + "\n"));
}

Result<Station::Description> read_station_file(const fs::path& directory) {
  constexpr std::size_t kSizeMax = 64U << 10, kKeysMax = 16;
  const auto refuse = [&](std::string why) {
    return fail(ErrorKind::not_found, "HF-STATION-0003",
                directory.string() + " is no station: 'holdfast station init' makes one", std::move(why));
  };
  const auto text = crypto::read_private_file(directory / kFile, kSizeMax);
  if (!text) return refuse(text.error().message);
  const auto json = parse_json(text->text(), {.bytes_max = kSizeMax, .depth_max = 4});
  if (!json) return refuse(json.error().message);
  std::vector<keys::Fault> faults;
  keys::Fields fields(*json, "", faults);
  Station::Description station;
  if (fields.text("type") != kType) fields.fault("type", "is another");
  station.config.factory = fields.text("factory");
  constexpr std::size_t kSpkiDigitsMax = 2048;
  const auto key_field = [&](std::string_view name) {
    const auto key = key_of(fields.text(name, kSpkiDigitsMax));
    if (!key) fields.fault(name, "is no public key");
    return key.value_or(crypto::PublicKey{});
  };
  station.keys = {key_field("identity"), key_field("ca")};
  const auto* const list = fields.find("manufacturer");
  if (list && list->is_array() && list->get_array().size() <= kKeysMax)
    for (const auto& item : list->get_array())
      if (const auto key = item.is_string() ? key_of(item.get_string()) : std::nullopt)
        station.config.manufacturer.push_back(*key);
  if (station.config.manufacturer.empty()) fields.fault("manufacturer", "has no key");
  constexpr std::size_t kPathMax = 1024;
  station.config.counter = fields.text("counter", kPathMax);
  station.config.module = fields.text("module", kPathMax);
  station.config.token_label = fields.text("token_label", kPathMax);
  station.config.pin_file = fields.text("pin_file", kPathMax);
  fields.close();
  if (!faults.empty()) return refuse(faults.front().pointer + ": " + faults.front().what);
  return station;
}

Result<crypto::TokenConfig> token_of(const fs::path& directory, const StationConfig& config) {
  if (config.module.empty()) return crypto::set_up_soft_token(directory, station_keys());
  return crypto::TokenConfig{config.module, config.token_label, config.pin_file, directory / "keys.json", false};
}

}  // namespace hf::factory
