// All SQL of the register of keys.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/glass_store.h"
#include "keys/signer/custodian.h"

namespace hf::keys {

struct StoredKey {
  std::int64_t id = 0;
  std::string name, key_class, environment;
  Time created_at;
  Charter charter;  // in force
  std::string charter_digest;
  std::int64_t signatures = 0;  // walked through to be counted: where it is shown or judged
  std::int64_t entry = 0;
};

struct StoredRequest {
  std::int64_t id = 0;
  std::string digest;
  SigningRequest request;
  std::string attachment;
  std::vector<Approval> approvals;
  std::int64_t used = 0;  // signatures made; of a charter request 1 if its charter came into force
  std::int64_t entry = 0;
  std::optional<StoredGlass> glass{};  // that was broken with it
};

struct StoredSignature {
  std::int64_t id = 0;
  std::string request, key, product, format, scheme, artifact_name, artifact_sha256, signature, requester;
  std::int64_t version = 0, journal_line = 0, entry = 0;
  Time signed_at;
  std::vector<std::string> signed_files;  // SHA-256
};

// Where a request stands in a list: by expiry and id, or by id alone.
struct RequestPlace {
  std::int64_t expires = 0;  // microseconds
  std::int64_t id = 0;
};
struct RequestHandle {
  std::string digest;
  std::int64_t key_id = 0;
  RequestPlace place;
};

struct StoredVersion {
  std::int64_t version = 0;
  std::string spki, custody;  // hex; JSON
  Time created_at;
  std::int64_t signatures = 0;
};

class Store {
 public:
  // As of an instant; absent: now.
  explicit Store(const db::Reader& reader, std::optional<Time> as_of = {})
      : db_(reader), as_of_(as_of), until_(as_of ? micros(*as_of) : std::numeric_limits<std::int64_t>::max()) {}

  [[nodiscard]] Result<std::optional<StoredKey>> key(std::string_view name) const;  // without `signatures`
  [[nodiscard]] Result<std::optional<StoredKey>> counted_key(std::string_view name) const;
  // By name, after `after`, of those that begin with `beginning`; without `signatures`.
  [[nodiscard]] Result<std::vector<StoredKey>> keys(std::string_view beginning, std::string_view after,
                                                    std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<std::string>> key_names() const;
  [[nodiscard]] Result<std::vector<StoredVersion>> versions(std::int64_t key_id) const;  // oldest first
  struct Version {
    std::int64_t id;
    std::string fingerprint, spki, custody, cka_id;
  };
  [[nodiscard]] Result<std::optional<Version>> version(std::int64_t key_id, std::int64_t version) const;
  // Names of keys by the fingerprint of a version, for a token's contents.
  [[nodiscard]] Result<std::optional<std::string>> key_with(std::string_view fingerprint) const;

  [[nodiscard]] Result<std::optional<StoredRequest>> request(std::string_view digest) const;
  // By a beginning of its digest of at least 8 digits. HF-KEYS-0012 if it is of more than one.
  [[nodiscard]] Result<std::optional<std::string>> digest_from(std::string_view beginning) const;
  // Newest first, with an id below `before`; of a key, unless it is empty.
  [[nodiscard]] Result<std::vector<RequestHandle>> requests(std::string_view key, std::int64_t before,
                                                            std::int64_t limit) const;
  // By expiry, after `after`: those made by then, whether somebody can still decide or not.
  [[nodiscard]] Result<std::vector<RequestHandle>> by_expiry(const RequestPlace& after, std::int64_t limit) const;
  // Digests of those that somebody rejected and that have not expired.
  [[nodiscard]] Result<std::vector<std::string>> rejected(Time now) const;
  [[nodiscard]] Result<std::vector<StoredSignature>> signatures(std::int64_t key_id, std::int64_t before,
                                                                std::int64_t limit) const;

 private:
  const db::Reader& db_;
  std::optional<Time> as_of_;
  std::int64_t until_;
};

Result<void> insert_key(ledger::Transaction& transaction, ledger::EntryId entry, const Charter& charter,
                        const std::vector<crypto::TokenKey>& versions);
Result<void> insert_version(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id, int number,
                            const crypto::TokenKey& key);
Result<void> insert_charter(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                            const Charter& charter);
Result<void> insert_request(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                            const SigningRequest& request, std::string_view attachment);
// HF-KEYS-0013 if the person has spoken already.
Result<void> insert_approval(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id,
                             const Approval& approval);
struct NewSignature {
  std::int64_t request_id, key_version_id;
  std::string product, format, artifact_name, artifact_sha256, evidence_sha256, requester;
  crypto::SignatureScheme scheme;
  Signature made;
};
Result<std::int64_t> insert_signature(ledger::Transaction& transaction, ledger::EntryId entry,
                                      const NewSignature& signature);
Result<void> insert_signed_artifact(ledger::Transaction& transaction, ledger::EntryId entry, std::string_view sha256,
                                    std::int64_t signature_id);

}  // namespace hf::keys
