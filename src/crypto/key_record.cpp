#include "crypto/key_record.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/json.h"
#include "crypto/private_file.h"

namespace hf::crypto {
namespace {

constexpr std::size_t kRecordMax = 1U << 20;

std::optional<std::string> text_at(const Json& entry, std::string_view name) {
  const auto* object = entry.if_object();
  const auto* value = object ? object->if_contains(name) : nullptr;
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::optional<std::string>(text->c_str()) : std::nullopt;
}

std::optional<std::pair<std::string, RecordedKey>> read_entry(const Json& entry) {
  const auto label = text_at(entry, "label"), algorithm = text_at(entry, "algorithm"), id = text_at(entry, "id"),
             fingerprint = text_at(entry, "fingerprint");
  if (!label || !algorithm || !id || !fingerprint) return std::nullopt;
  const auto id_bytes = from_hex(*id), print = from_hex(*fingerprint);
  RecordedKey key;
  if (!id_bytes || id_bytes->empty() || !print || print->size() != key.pin.fingerprint.size()) return std::nullopt;
  for (const auto known : {KeyAlgorithm::ed25519, KeyAlgorithm::ecdsa_p256}) {
    if (name_of(known) != *algorithm) continue;
    key.algorithm = known;
    key.pin.id = *id_bytes;
    std::ranges::copy(*print, key.pin.fingerprint.begin());
    return std::pair{*label, key};
  }
  return std::nullopt;
}

}  // namespace

Result<KeyRecord> read_key_record(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return KeyRecord{};
  HF_TRY(const auto content, read_private_file(path, kRecordMax));
  const auto refuse = [&] {  // never taken for an empty one: new keys would be made in place of those in use
    return fail(ErrorKind::internal, "HF-TOKEN-0005", path.string() + " is damaged; restore it from a backup");
  };
  const auto json = parse_json(content.text());
  const auto* object = json ? json->if_object() : nullptr;
  const auto* list = object ? object->if_contains("keys") : nullptr;
  if (!list || !list->is_array()) return refuse();
  KeyRecord record;
  for (const auto& entry : list->get_array()) {
    auto read = read_entry(entry);
    if (!read || !record.insert(*std::move(read)).second) return refuse();
  }
  return record;
}

Result<void> write_key_record(const std::filesystem::path& path, const KeyRecord& record) {
  JsonArray list;
  for (const auto& [label, key] : record)
    list.push_back(JsonObject{{"label", label},
                              {"algorithm", name_of(key.algorithm)},
                              {"id", to_hex(key.pin.id)},
                              {"fingerprint", to_hex(key.pin.fingerprint)}});
  return write_private_file(path, bytes_of(to_pretty_text(JsonObject{{"keys", std::move(list)}}) + "\n"));
}

}  // namespace hf::crypto
