// keys.json: the keys in use on a token, by label. {"keys":[{"label","algorithm","id","fingerprint"}]}, hex.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "crypto/key_store.h"

namespace hf::crypto {

struct RecordedKey {
  KeyAlgorithm algorithm{};
  KeyPin pin;

  bool operator==(const RecordedKey&) const = default;
};
using KeyRecord = std::map<std::string, RecordedKey, std::less<>>;

// Empty if there is no file. HF-TOKEN-0005 if it is not such a record, HF-FILE-*.
[[nodiscard]] Result<KeyRecord> read_key_record(const std::filesystem::path& path);
[[nodiscard]] Result<void> write_key_record(const std::filesystem::path& path, const KeyRecord& record);

}  // namespace hf::crypto
