// A station's bundle becomes rows: each unit, each closing, and an alarm for all that does not reconcile. Nothing is
// dropped in silence: a line that contradicts is still taken for what it says, with its alarm.
//
// Two passes over the file. The first verifies the station's signature and the chain, and whether it continues what was
// imported of this station before; the second writes, in one transaction, what is new. A bundle that does not continue
// it is read from its first line: what it says that was not known is taken, under the alarm "rollback".
#pragma once

#include <istream>
#include <vector>

#include "factory/bundle.h"
#include "factory/store.h"

namespace hf::factory {

struct Imported {
  BundleHeader header;
  bool known = false;  // of this station nothing is new
  std::int64_t lines = 0, reserved = 0, issued = 0, activated = 0, voided = 0, closed = 0;  // that were new
  std::vector<Alarm> alarms;
};

// The stream is read twice from its beginning. HF-FACTORY-0020 for what no station of a factory signed.
Result<Imported> import_bundle(db::Database& database, const Clock& clock, const ledger::Actor& actor,
                               std::istream& bundle);

// Kinds of alarms: "altered" "rollback" "epoch" "clock" "unknown_authorisation" "wrong_station" "after_close" "gap"
// "over_quota" "out_of_range" "out_of_window" "held" "duplicate_serial" "duplicate_key" "bad_certificate"
// "other_credential" "not_proven" "unknown_line".

}  // namespace hf::factory
