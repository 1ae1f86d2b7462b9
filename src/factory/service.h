// Use cases of the manufacturer: write orders, register them, hold production, reconcile. Each change is one
// transaction of the ledger. Bundles of stations: import.h.
#pragma once

#include <istream>

#include "factory/store.h"

namespace hf::factory {

// What a person says of an authorisation; the rest follows from catalogue and register.
struct Wish {
  std::string batch;                     // path; product, factory and release are its
  std::optional<std::string> release{};  // else the batch's
  std::vector<FactoryAuthorisation::Station> stations{};
  std::vector<bool> epoch_given{};  // of each station; else that of its newest bundle
  std::string profile{};
  Bytes ca{};  // certificate, DER
  std::vector<std::string> crls{}, ocsp{};
  keys::Serials serials{};
  std::optional<Time> from{}, until{};  // else from now, for 30 days
  std::int64_t policy = 1;
  keys::ActivationDemand activation{};  // without digests: those of the release's artifacts
  bool flash = true;                    // demand them
};

class Service {
 public:
  Service(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // The document, to be approved and signed; nothing is written. HF-FACTORY-0002 no such batch, 0003 it would exceed
  // the batch, 0004 on hold, 0005 something else that does not fit; HF-FACTORY-0001.
  [[nodiscard]] Result<FactoryAuthorisation> propose(const Wish& wish) const;
  // An order in its envelope, signed by a key of the register: an authorisation that is used from now on. Again:
  // nothing happens. Its id, or the sequence of a hold. HF-FACTORY-0006 not signed by a key of ours, 0007 contradicts
  // the register; 0003, 0004.
  Result<std::string> register_order(ByteView envelope, const ledger::Actor& actor);

  // In force at once; the order goes to the stations when it is signed. HF-FACTORY-0005 there is no such product.
  Result<StoredHold> hold(const Scope& scope, std::string_view reason, const ledger::Actor& actor);
  // HF-FACTORY-0008 if no such hold lives.
  Result<StoredHold> resume(std::int64_t sequence, std::string_view reason, const ledger::Actor& actor);

  // By an id or its first 8 digits or more. HF-FACTORY-0009.
  [[nodiscard]] Result<StoredAuthorisation> authorisation(std::string_view id) const;

 private:
  Result<StoredHold> order_hold(FactoryHold hold, const ledger::Actor& actor);

  db::Database& database_;
  const Clock& clock_;
};

// Whoever issues asks this first: a hold that lives and stops what is asked for.
[[nodiscard]] Result<std::optional<FactoryHold>> hold_on(const db::Reader& reader, const Scope& what);
// The same as a refusal: HF-FACTORY-0004.
[[nodiscard]] Result<void> check_not_held(const db::Reader& reader, const Scope& what);

// A unit that stands on one side only, or more than it should.
struct Difference {
  std::string serial, what;  // "not_shipped", "not_issued", "not_activated", "twice"
};
struct Reconciled {
  Reconciliation totals;
  std::vector<Difference> differences;  // by serial
};
// A production report (CSV with a header; the column "serial") against what was issued under the authorisation.
// HF-FACTORY-0010 for a report that cannot be read.
Result<Reconciled> reconcile(db::Database& database, const Clock& clock, const ledger::Actor& actor,
                             const FactoryAuthorisation& authorisation, std::istream& report);

}  // namespace hf::factory
