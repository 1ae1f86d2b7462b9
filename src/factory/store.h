// All SQL of the factory part: orders, holds, and what stations say they issued.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "factory/authorisation.h"
#include "ledger/transaction.h"

namespace hf::factory {

struct StoredAuthorisation {
  std::int64_t row = 0;
  FactoryAuthorisation authorisation;
  std::string key, envelope;
  Time registered_at{};
  std::int64_t entry = 0;
};
struct StoredHold {
  std::int64_t row = 0;
  FactoryHold hold;
  bool lives = false;
  std::int64_t entry = 0;
};
struct StoredBundle {
  std::int64_t row = 0;
  std::string station{}, factory{}, head{}, read_head{};
  std::int64_t epoch = 0, counter = 0, lines = 0, read_lines = 0, entry = 0;
  Time exported_at{}, imported_at{};
};
struct StoredIdentity {
  std::int64_t row = 0, bundle = 0;
  std::string station{}, authorisation{}, product{}, serial{}, key_sha256{}, tbs_sha256{}, certificate_sha256{},
      state{};
  std::int64_t epoch = 0, line = 0, use = 0;
  Time reserved_at{};
};
struct StoredClosing {
  std::string authorisation, station;
  std::int64_t used = 0, returned = 0;
  Time closed_at{};
};
struct Alarm {
  std::string kind, station{}, authorisation{}, serial{};
  std::int64_t line = 0;
  std::string detail;
};
struct StoredAlarm {
  Alarm alarm;
  Time raised_at{};
  std::int64_t entry = 0;
};
struct Reconciliation {
  std::string authorisation, report_sha256;
  std::int64_t issued = 0, shipped = 0, not_shipped = 0, not_issued = 0;
};
// How many identities of an authorisation are in a state.
struct StateCount {
  std::string station, state;
  std::int64_t identities = 0;
};
struct BatchOrder {
  std::string product, factory;
  std::optional<std::string> release;
  std::int64_t authorised_quantity = 0;
};

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::optional<StoredAuthorisation>> authorisation(std::string_view id) const;
  // Ids that begin so, at most two: one that is short stands for one.
  [[nodiscard]] Result<std::vector<std::string>> ids_from(std::string_view beginning) const;
  // Newest first, with a row below `before`; of a product, unless it is empty.
  [[nodiscard]] Result<std::vector<StoredAuthorisation>> authorisations(std::string_view product, std::int64_t before,
                                                                        std::int64_t limit) const;
  // Those of the product that end after `now`, whatever holds them.
  [[nodiscard]] Result<std::vector<StoredAuthorisation>> live_of(std::string_view product, Time now) const;
  [[nodiscard]] Result<std::int64_t> last_sequence(std::string_view factory) const;  // 0: none yet
  [[nodiscard]] Result<std::int64_t> units_of_batch(std::string_view batch) const;   // authorised, less what came back

  [[nodiscard]] Result<std::vector<StoredHold>> holds(std::string_view product) const;  // empty: of all; by sequence
  [[nodiscard]] Result<std::optional<StoredHold>> hold(std::int64_t sequence) const;
  [[nodiscard]] Result<std::int64_t> last_hold_sequence() const;
  [[nodiscard]] Result<std::vector<std::string>> held_by(std::int64_t hold_row) const;  // ids of authorisations

  // The longest of the station in the epoch; the newest of these.
  [[nodiscard]] Result<std::optional<StoredBundle>> bundle(std::string_view station, std::int64_t epoch) const;
  // Whether this one was imported, and as far.
  [[nodiscard]] Result<bool> has_bundle(const StoredBundle& bundle) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> last_epoch(std::string_view station) const;

  [[nodiscard]] Result<std::optional<StoredIdentity>> identity_at(std::string_view station, std::int64_t epoch,
                                                                  std::int64_t line) const;  // the newest
  [[nodiscard]] Result<std::int64_t> last_use(std::string_view authorisation, std::string_view station) const;
  [[nodiscard]] Result<std::int64_t> used(std::string_view authorisation, std::string_view station) const;
  [[nodiscard]] Result<std::optional<StoredIdentity>> with_serial(std::string_view product,
                                                                  std::string_view serial) const;  // not void
  [[nodiscard]] Result<std::optional<StoredIdentity>> with_key(std::string_view sha256) const;     // not void
  [[nodiscard]] Result<std::vector<StateCount>> counts(std::string_view authorisation) const;
  // Every identity of the authorisation to visit, which returns false to stop.
  Result<void> each_identity(std::string_view authorisation,
                             const std::function<bool(const StoredIdentity&)>& visit) const;
  [[nodiscard]] Result<std::vector<StoredClosing>> closings(std::string_view authorisation) const;
  [[nodiscard]] Result<std::vector<StoredAlarm>> alarms(std::string_view authorisation, std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<StoredAlarm>> newest_alarms(std::int64_t limit) const;

  // Of the catalogue and the fleet.
  [[nodiscard]] Result<std::optional<BatchOrder>> batch(std::string_view path) const;
  [[nodiscard]] Result<std::vector<std::string>> artifacts_of_release(std::string_view path) const;  // SHA-256
  [[nodiscard]] Result<bool> has_product(std::string_view path) const;
  // Digests of certificates or keys that the fleet has of this unit; none if it has no such unit.
  [[nodiscard]] Result<std::vector<std::string>> credentials(std::string_view product, std::string_view serial,
                                                             std::string_view kind) const;

 private:
  const db::Reader& db_;
};

Result<std::int64_t> insert_authorisation(ledger::Transaction& transaction, ledger::EntryId entry,
                                          const FactoryAuthorisation& authorisation, std::string_view key,
                                          std::string_view envelope);
Result<std::int64_t> insert_hold(ledger::Transaction& transaction, ledger::EntryId entry, const FactoryHold& hold,
                                 const std::vector<StoredAuthorisation>& touched);
Result<std::int64_t> insert_bundle(ledger::Transaction& transaction, ledger::EntryId entry, const StoredBundle& bundle);
Result<void> insert_identity(const db::Writer& writer, const StoredIdentity& identity);
Result<void> change_identity(const db::Writer& writer, std::int64_t row, std::string_view state,
                             const std::optional<std::string>& certificate_sha256);
// Nothing if it was closed at this station before.
Result<void> insert_closing(ledger::Transaction& transaction, ledger::EntryId entry, const StoredClosing& closing);
Result<void> insert_alarm(ledger::Transaction& transaction, ledger::EntryId entry, const Alarm& alarm);
Result<void> insert_reconciliation(ledger::Transaction& transaction, ledger::EntryId entry,
                                   const Reconciliation& reconciliation);

}  // namespace hf::factory
