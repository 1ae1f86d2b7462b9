// SBOMs, coordinates and posting lists: all their SQL.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/transaction.h"
#include "portfolio/evidence.h"
#include "portfolio/types.h"

namespace hf::portfolio {

struct StoredSbom {
  std::int64_t id = 0;
  std::string sha256;
  std::int64_t entry = 0;
};

struct StoredStatement {
  std::string vulnerability;
  CoordinateId coordinate;
  std::string basis, state, reason;

  friend auto operator<=>(const StoredStatement&, const StoredStatement&) = default;
};

class CoordinateStore {
 public:
  explicit CoordinateStore(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::optional<std::int64_t>> build(std::string_view path) const;
  [[nodiscard]] Result<std::optional<StoredSbom>> current_sbom(std::int64_t build_id) const;
  [[nodiscard]] Result<std::uint64_t> unidentified(std::int64_t sbom_id) const;  // components without identity
  [[nodiscard]] Result<std::optional<CoordinateId>> find(std::string_view digest) const;
  [[nodiscard]] Result<Coordinate> get(CoordinateId id) const;
  // Coordinates under a key: "purl:pkg:npm/left-pad".
  [[nodiscard]] Result<std::vector<CoordinateId>> with_key(std::string_view key) const;
  [[nodiscard]] Result<std::vector<CoordinateId>> of_build(std::int64_t build_id) const;
  // Those of them that some record speaks of, by a common key.
  [[nodiscard]] Result<std::vector<CoordinateId>> of_build_with_records(std::int64_t build_id) const;
  [[nodiscard]] Result<std::vector<std::int64_t>> builds_of(CoordinateId id) const;
  // Open statements of a build on that basis.
  [[nodiscard]] Result<std::vector<StoredStatement>> statements(std::int64_t build_id, std::string_view basis) const;
  // Builds with an open statement about the vulnerability that rests on their set of components.
  [[nodiscard]] Result<std::vector<std::int64_t>> builds_with_set_statement(std::string_view vulnerability) const;

 private:
  const db::Reader& db_;
};

// A component as its coordinate is stored. Made without the database, so on any thread.
struct PreparedCoordinate {
  std::string digest, name, version, purl, claims;  // claims: canonical JSON
  std::vector<std::string> keys;                    // look-up keys
};
[[nodiscard]] Result<PreparedCoordinate> prepare(const vuln::Subject& subject);

// Finds or makes the coordinates of components, and writes new ones many at a time.
class CoordinateInterner {
 public:
  explicit CoordinateInterner(ledger::Transaction& transaction) : transaction_(transaction) {}
  // `made` tells whether it is new.
  Result<CoordinateId> add(PreparedCoordinate coordinate, bool& made);
  // After the last, and before anything reads them.
  Result<void> flush();

 private:
  ledger::Transaction& transaction_;
  // By digest: in the order of the index that is the most expensive to fill.
  std::map<std::string, std::pair<CoordinateId, PreparedCoordinate>> made_;
};
Result<CoordinateId> intern(ledger::Transaction& transaction, const vuln::Subject& subject, bool& made);
// Makes these the contents of the build from now on; refs in the order of the coordinates. `sbom` is the digest of the
// document that says so.
Result<void> set_contents(ledger::Transaction& transaction, const Evidence& evidence, std::int64_t build_id,
                          const std::vector<std::pair<CoordinateId, std::string_view>>& contents,
                          std::string_view sbom);
// Of the digests of all components of a build, whatever their order: what the event of its SBOM carries.
[[nodiscard]] std::string digest_of_contents(std::vector<std::string> digests);
// Makes these the statements of the build on that basis from now on; with `only`, those about these vulnerabilities.
// The number that changed.
Result<std::uint64_t> set_statements(ledger::Transaction& transaction, const Evidence& evidence, std::int64_t build_id,
                                     std::string_view basis, const std::set<StoredStatement>& wanted,
                                     const std::set<std::string>* only = nullptr);
// What builds said of the vulnerability under a number that is an alias of it now moves to its own number. The builds.
Result<std::set<std::int64_t>> move_statements(ledger::Transaction& transaction, const Evidence& evidence,
                                               std::string_view vulnerability);
// The build's SBOM from now on.
Result<void> insert_sbom(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t build_id,
                         const Receipt& receipt, std::uint64_t size);

}  // namespace hf::portfolio
