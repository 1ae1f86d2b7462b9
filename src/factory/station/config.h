// station.json: written once, read at each start.
#pragma once

#include "factory/station/station.h"

namespace hf::factory {

inline constexpr std::string_view kIdentityKey = "station", kCaKey = "factory-ca";

Result<void> write_station_file(const std::filesystem::path& directory, const Station::Description& station);
[[nodiscard]] Result<Station::Description> read_station_file(
    const std::filesystem::path& directory);  // HF-STATION-0003
// The token of the station, made if it is the soft one and not there yet.
[[nodiscard]] Result<crypto::TokenConfig> token_of(const std::filesystem::path& directory, const StationConfig& config);
[[nodiscard]] std::span<const crypto::KeySpec> station_keys();

}  // namespace hf::factory
