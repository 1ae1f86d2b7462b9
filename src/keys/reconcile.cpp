// What was signed against what is known to have been signed.
#include "keys/formats/file.h"
#include "keys/formats/formats.h"
#include "keys/reconcile_store.h"
#include "keys/service.h"

namespace hf::keys {
namespace {

using Uses = std::vector<ReconcileStore::VersionUses>;

// The signer writes down before it signs, the register after: where the journal has more, somebody may have a signature
// that no ledger tells of; where it has less, it is not the journal that belongs to this register.
void compare(const Uses& registered, const SignerUses& journal, std::vector<Discrepancy>& found) {
  for (const auto& version : registered) {
    const auto name = version.key + "/" + std::to_string(version.version);
    const auto counted = journal.uses.find(name);
    const auto used = counted == journal.uses.end() ? 0 : counted->second;
    if (version.journal_line > journal.lines || version.signatures > used)
      found.push_back({"journal_behind", version.key, version.fingerprint,
                       "the register has " + std::to_string(version.signatures) + " signatures of version " +
                           std::to_string(version.version) + ", the signer's journal " + std::to_string(used) +
                           ": it was set back, or is another's"});
    else if (version.signatures < used)
      found.push_back({"unrecorded", version.key, version.fingerprint,
                       "the signer's journal has " + std::to_string(used) + " uses of version " +
                           std::to_string(version.version) + ", the register " + std::to_string(version.signatures) +
                           " signatures: a signature may exist that the ledger does not tell of"});
  }
}

// A file that is not of the register is an alarm if one of its keys signed it, and worth a word if none did.
Result<void> judge_file(const ReconcileStore& store, const std::filesystem::path& file, const Uses& versions,
                        std::vector<Discrepancy>& found) {
  HF_TRY(const auto source, SourceFile::open(file));
  HF_TRY(const auto digest, source.digest(crypto::Digest::sha256, 0, source.size()));
  HF_TRY(const auto known, store.knows_file(to_hex(digest)));
  if (known) return {};
  const auto format = recognize_format(file);
  for (const auto& version : versions) {
    if (!format) break;
    const auto spki = from_hex(version.spki);
    const auto key = spki ? crypto::public_key_of_spki(*spki) : Result<crypto::PublicKey>(fail(format.error()));
    if (!key || !(*format)->verify({file, {}}, {.keys = {*key}, .certificates = {}})) continue;
    found.push_back({"unrecorded_file", version.key, version.fingerprint,
                     file.string() + " carries a signature of version " + std::to_string(version.version) +
                         ", and no signature of the register is known to be in it"});
    return {};
  }
  found.push_back({"unknown_file", "", "",
                   file.string() + " is not of the register, and no key of the register by itself verifies it"});
  return {};
}

}  // namespace

Result<std::vector<Discrepancy>> Service::reconcile(std::span<const std::filesystem::path> files) {
  // The journal first: what is signed meanwhile is in the register only.
  HF_TRY(const auto journal, signer_.uses());
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<Discrepancy>> {
    const ReconcileStore store(reader);
    std::vector<Discrepancy> found;
    HF_TRY(const auto versions, store.uses());
    compare(versions, journal, found);
    HF_TRY(const auto repeats, store.repeated_r());
    for (const auto& repeat : repeats)
      found.push_back({"repeated_nonce", repeat.key, repeat.fingerprint,
                       std::to_string(repeat.signatures) + " signatures have the r " + repeat.r.substr(0, 16) +
                           "...: whoever has two of them can compute the private key. Freeze it"});
    for (const auto& file : files) HF_CHECK(judge_file(store, file, versions, found));
    return found;
  });
}

}  // namespace hf::keys
