// Keeps the findings true, from whichever side the change comes: a record or a component. Nothing is rescanned.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "portfolio/advisory_store.h"
#include "portfolio/coordinate_store.h"

namespace hf::portfolio {

// One transaction's evaluation. Touch what changed, then run once.
class Evaluation {
 public:
  explicit Evaluation(ledger::Transaction& transaction) : transaction_(transaction) {}

  // A record of this vulnerability came or changed.
  void touch_vulnerability(std::string vulnerability) { vulnerabilities_.insert(std::move(vulnerability)); }
  // A component came, or what is known of its product's makers changed: all its records are looked at.
  void touch_coordinate(CoordinateId id) { coordinates_.insert(id); }
  // A build's contents changed: records with AND nodes look at the whole of it.
  void touch_build(std::int64_t build_id) { builds_.insert(build_id); }

  // Findings and statements that changed. Events go to the segment, which the caller writes with its entry.
  struct Outcome {
    std::uint64_t findings = 0, statements = 0;
    std::set<std::string> vulnerabilities;  // whose findings changed
  };
  Result<Outcome> run(const Evidence& evidence);

 private:
  Result<const Coordinate*> coordinate(CoordinateId id);
  Result<void> by_vulnerability(const std::string& vulnerability);
  Result<void> by_coordinate(CoordinateId id);
  // All that AND nodes say of the build, or what they say of these vulnerabilities.
  Result<void> by_build(std::int64_t build_id, const std::set<std::string>* only);
  struct BuildSet;
  Result<const BuildSet*> set_of(std::int64_t build_id);
  Result<void> set(const std::string& vulnerability, const Coordinate& coordinate, const std::optional<Verdict>& before,
                   const std::optional<Verdict>& now);

  ledger::Transaction& transaction_;
  std::set<std::string> vulnerabilities_;
  std::set<CoordinateId> coordinates_;
  std::set<std::int64_t> builds_;
  std::map<std::int64_t, std::set<std::string>> vulnerabilities_of_build_;  // to be judged against that build's set
  std::map<CoordinateId, Coordinate> loaded_;
  std::map<std::int64_t, std::shared_ptr<const BuildSet>> sets_;

  const Evidence* evidence_ = nullptr;  // while run() runs
  Outcome outcome_;
};

}  // namespace hf::portfolio
