#include "keys/rotation.h"

#include <algorithm>

namespace hf::keys {
namespace {

const KeyVersion* active_of(const Charter& charter) {
  const auto found = std::ranges::find(charter.versions, VersionState::active, &KeyVersion::state);
  return found == charter.versions.end() ? nullptr : &*found;
}

KeyVersion pre_active(int number, const crypto::TokenKey& key) {
  return {.version = number,
          .algorithm = key.public_key.algorithm,
          .id = key.pin.id,
          .fingerprint = key.pin.fingerprint,
          .state = VersionState::pre_active};
}

// A pair under the version's label, or the one that an interrupted try left there.
Result<crypto::TokenKey> pair_of(Signer& signer, crypto::KeyAlgorithm algorithm, const std::string& label) {
  auto made = signer.generate(algorithm, label);
  if (made || made.error().code != "HF-KEY-0007") return made;
  HF_TRY(const auto contents, signer.contents());
  const auto found = std::ranges::find(contents.keys, label, &crypto::TokenKey::label);
  if (found == contents.keys.end() || found->public_key.algorithm != algorithm) return fail(made.error());
  return *found;
}

}  // namespace

Result<std::optional<KeyVersion>> prepared_version(const db::Reader& reader, const StoredKey& key) {
  const Store store(reader);
  HF_TRY(const auto versions, store.versions(key.id));
  for (const auto& one : versions) {
    if (key.charter.version(int(one.version))) continue;
    HF_TRY(const auto spki, crypto::public_key_of_spki(from_hex(one.spki).value_or(Bytes())));
    HF_TRY(const auto row, store.version(key.id, one.version));
    return std::optional(KeyVersion{.version = int(one.version),
                                    .algorithm = spki.algorithm,
                                    .id = from_hex(row->cka_id).value_or(Bytes()),
                                    .fingerprint = crypto::sha256({crypto::to_spki(spki)}),
                                    .state = VersionState::pre_active});
  }
  return std::optional<KeyVersion>();
}

Result<KeyVersion> prepare_version(db::Database& database, const Clock& clock, Signer& signer, std::string_view name,
                                   std::optional<crypto::KeyAlgorithm> algorithm, const ledger::Actor& actor) {
  struct Sight {
    std::optional<StoredKey> key;
    std::optional<KeyVersion> prepared;
  };
  const auto look = [&](const db::Reader& reader) -> Result<Sight> {
    Sight sight;
    HF_TRY(sight.key, Store(reader).key(name));
    if (!sight.key) return fail(no_key(name));
    HF_TRY(sight.prepared, prepared_version(reader, *sight.key));
    if (sight.prepared)
      return fail(ErrorKind::conflict, "HF-KEYS-0033",
                  "version " + std::to_string(sight.prepared->version) + " of " + sight.key->name +
                      " is prepared already: 'holdfast key activate' asks for it");
    return sight;
  };
  HF_TRY(const auto before, database.read(look));
  const auto& charter = before.key->charter;
  const auto* active = active_of(charter);
  if (!algorithm && !active)
    return fail(ErrorKind::conflict, "HF-KEYS-0034", "no version of the key signs: name the algorithm of the next one");
  const auto number = std::ranges::max_element(charter.versions, {}, &KeyVersion::version)->version + 1;
  HF_TRY(const auto pair,
         pair_of(signer, algorithm ? *algorithm : active->algorithm, charter.key + "-" + std::to_string(number)));
  HF_CHECK(ledger::write(database, clock, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto now, look(transaction.db()));
    HF_TRY(const auto entry, transaction.append("key.version_prepared", {"key:" + charter.key},
                                                {{"version", number}, {"fingerprint", to_hex(pair.pin.fingerprint)}}));
    return insert_version(transaction, entry, now.key->id, number, pair);
  }));
  return pre_active(number, pair);
}

Charter with_active(Charter charter, KeyVersion next) {
  for (auto& version : charter.versions)
    if (version.state == VersionState::active) version.state = VersionState::verify_only;
  next.state = VersionState::active;
  charter.versions.push_back(std::move(next));
  return charter;
}

Result<Charter> with_retired(Charter charter, int number) {
  const auto found = std::ranges::find(charter.versions, number, &KeyVersion::version);
  if (found == charter.versions.end())
    return fail(ErrorKind::not_found, "HF-KEYS-0011",
                "the key " + charter.key + " has no version " + std::to_string(number));
  if (found->state != VersionState::verify_only)
    return fail(ErrorKind::conflict, "HF-KEYS-0034",
                "version " + std::to_string(number) + " is " + std::string(name_of(found->state)) +
                    ", and only a version that is verify_only is retired");
  found->state = VersionState::retired;
  return charter;
}

}  // namespace hf::keys
