// The only way to change state: rows and the entry that proves them, in one database transaction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "db/database.h"
#include "ledger/merkle.h"

namespace hf::ledger {

// Who acts, and in which role: "user:maria", "crypto-officer".
struct Actor {
  std::string name;
  std::string role;
  std::string reason{};
};

struct EntryKind;
using EntryId = Id<EntryKind>;

// A table whose rows the ledger proves. The digest covers the named columns of one row, in canonical JSON:
// {"column": value, ...}, integers above 2^53 - 1 and bytes (hex) as text.
class ProvenTable {
 public:
  // `columns` are separated by ", "; the key is one column of them.
  ProvenTable(std::string_view table, std::string_view key, std::string_view columns);
  ProvenTable(const ProvenTable&) = delete;
  ProvenTable& operator=(const ProvenTable&) = delete;

  [[nodiscard]] std::string_view table() const { return table_; }
  [[nodiscard]] Hash digest(const db::Row& row) const;
  [[nodiscard]] const db::Query& row_query() const { return row_; }    // $1 = key
  [[nodiscard]] const db::Query& rows_query() const { return rows_; }  // key as text, entry_id, then the columns
  static std::vector<const ProvenTable*> all();

 private:
  friend class Transaction;
  std::string table_, row_name_, row_sql_, rows_name_, rows_sql_;
  std::vector<std::string> columns_;
  db::Query row_, rows_;
};

class Transaction {
 public:
  // Its time is the clock's, or just after the newest entry where the clock has gone back: `as of` needs one order.
  static Result<Transaction> begin(db::Writer& writer, const Clock& clock, Actor actor);

  [[nodiscard]] db::Writer& db() { return writer_; }
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] const Actor& actor() const { return actor_; }

  // Opens an entry: its id goes into the rows it proves. `data` are the facts a reader needs, without secrets.
  Result<EntryId> append(std::string kind, std::vector<std::string> subjects, JsonObject data = {});
  // Adds the digest of a row, as it stands now, to an open entry. HF-LEDGER-0006 if there is no such row.
  Result<void> prove(EntryId entry, const ProvenTable& table, std::int64_t key);
  // A further fact that is known only later in the same transaction.
  void note(EntryId entry, std::string_view name, Json value);

  [[nodiscard]] bool has_evidence() const { return !entries_.empty(); }
  // Writes the open entries. HF-LEDGER-0005 if there are none: no change of state without evidence. HF-LEDGER-0012 for
  // one over 65,535 bytes, which a tile cannot hold.
  Result<void> finish();

 private:
  struct Open {
    EntryId id;
    std::string kind;
    std::vector<std::string> subjects;
    JsonObject data;
    JsonArray rows;
  };
  Transaction(db::Writer& writer, Time now, Actor actor) : writer_(writer), now_(now), actor_(std::move(actor)) {}
  Open& open(EntryId entry);

  db::Writer& writer_;
  Time now_;
  Actor actor_;
  std::vector<Open> entries_;
};

// Runs `job(Transaction&)`, which returns a Result, and commits rows and entries together.
template <class F>
auto write(db::Database& database, const Clock& clock, const Actor& actor, F&& job)
    -> std::invoke_result_t<F, Transaction&> {
  return database.write([&](db::Writer& writer) -> std::invoke_result_t<F, Transaction&> {
    HF_TRY(auto transaction, Transaction::begin(writer, clock, actor));
    auto result = job(transaction);
    if (!result) return result;
    HF_CHECK(transaction.finish());
    return result;
  });
}

}  // namespace hf::ledger
