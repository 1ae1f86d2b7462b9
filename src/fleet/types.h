// Values of the fleet. Serials are unique within a product.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hf::fleet {

// 1 to 64 letters, digits and . _ : / -, the first a letter or digit: safe in a path, a CSV cell and JSON as it stands.
[[nodiscard]] bool is_serial(std::string_view text);

// What may be the path of a catalogue record: 1 to 256 bytes of UTF-8 without control characters. Others are refused
// before the database, which on one engine takes no U+0000.
[[nodiscard]] bool is_path(std::string_view text);

constexpr std::int64_t kShards = 16;
[[nodiscard]] std::int64_t shard_of(std::string_view serial);  // FNV-1a, 64 bits, modulo kShards

// One unit as the factory records it.
struct DeviceRecord {
  std::string batch;  // path
  std::string serial;
  std::string hardware_revision;               // path; empty: the batch's
  std::vector<std::string> builds;             // paths; empty: those of the release that the batch flashes
  std::string market;                          // country, ISO 3166-1 alpha-2
  std::string certificate_sha256, key_sha256;  // hex; empty: none
};

// A device says what it runs, after boot.
struct RunningReport {
  std::string product;  // path
  std::string serial;
  std::vector<std::string> builds;  // paths
};

}  // namespace hf::fleet
