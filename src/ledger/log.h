// From the outbox to a signed checkpoint: sequence, integrate, publish.
//
// Any number of processes may append and run this; a lock lets one at a time integrate. A crash between two steps
// leaves work for the next run and nothing else.
#pragma once

#include <string>

#include "crypto/key_store.h"
#include "db/database.h"
#include "ledger/checkpoint.h"
#include "ledger/store.h"
#include "ledger/tlog_proof.h"

namespace hf::ledger {

class Log {
 public:
  // `origin` names the log in its checkpoints for ever, such as "example.eu/holdfast"; `key` is the label of an
  // Ed25519 key of the store.
  Log(db::Database& database, const Clock& clock, crypto::KeyStore& keys, std::string origin, std::string key);

  // Gives waiting entries their index and their place in the tree, at most one batch. The number integrated.
  Result<std::uint64_t> integrate();
  // Signs a checkpoint if the tree is larger than the last one; its size. HF-LEDGER-0008 if the tree is not an
  // extension of the last checkpoint: then nothing is signed, whatever asks for it.
  Result<std::uint64_t> publish();
  // Both until nothing waits; the published size.
  Result<std::uint64_t> advance();

  // A proof of the entry under the newest checkpoint. HF-LEDGER-0009 while it is not published.
  Result<TlogProof> prove(EntryId entry);
  [[nodiscard]] Result<VerifierKey> verifier_key();
  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] db::Database& database() { return database_; }

 private:
  db::Database& database_;
  const Clock& clock_;
  crypto::KeyStore& keys_;
  std::string origin_, key_;
};

}  // namespace hf::ledger
