#include "portfolio/coordinate_store.h"

#include <algorithm>
#include <map>

#include "crypto/sha256.h"

namespace hf::portfolio {
namespace {

const db::Query kBuild{"portfolio.build", "SELECT build_id FROM build WHERE path = $1"};
const db::Query kCurrentSbom{"portfolio.current_sbom", R"sql(
    SELECT sbom_id, sha256, entry_id FROM sbom WHERE build_id = $1 AND replaced_at = 9223372036854775807)sql"};
const db::Query kUnidentified{"portfolio.sbom_unidentified", "SELECT unidentified FROM sbom WHERE sbom_id = $1"};
const db::Query kInsertSbom{"portfolio.insert_sbom", R"sql(
    INSERT INTO sbom (sbom_id, entry_id, build_id, sha256, size, format, spec_version, components, unidentified, received_at, replaced_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 9223372036854775807))sql"};
const db::Query kReplaceSbom{"portfolio.replace_sbom", R"sql(
    UPDATE sbom SET replaced_at = $2 WHERE build_id = $1 AND replaced_at = 9223372036854775807)sql"};
const db::Query kPath{"portfolio.build_path", "SELECT path FROM build WHERE build_id = $1"};
const db::Query kContentDigests{"portfolio.content_digests", R"sql(
    SELECT c.digest FROM build_coordinate AS bc JOIN coordinate AS c ON c.coordinate_id = bc.coordinate_id
     WHERE bc.build_id = $1 AND bc.until = 9223372036854775807)sql"};
const db::Query kDigest{"portfolio.coordinate_digest", "SELECT digest FROM coordinate WHERE coordinate_id = $1"};
const db::Query kFind{"portfolio.coordinate_by_digest", "SELECT coordinate_id FROM coordinate WHERE digest = $1"};
const db::Query kGet{"portfolio.coordinate",
                     "SELECT digest, name, version, claims FROM coordinate WHERE coordinate_id = $1"};
const db::Query kInsert{"portfolio.insert_coordinate", R"sql(
    INSERT INTO coordinate (coordinate_id, digest, name, version, purl, identified, claims, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
const db::Query kInsertKey{"portfolio.insert_coordinate_key",
                           "INSERT INTO coordinate_key (lookup_key, coordinate_id) VALUES ($1, $2)"};
const db::Query kWithKey{"portfolio.coordinates_with_key",
                         "SELECT coordinate_id FROM coordinate_key WHERE lookup_key = $1 ORDER BY coordinate_id"};
const db::Query kContents{"portfolio.build_contents", R"sql(
    SELECT coordinate_id FROM build_coordinate WHERE build_id = $1 AND until = 9223372036854775807 ORDER BY coordinate_id)sql"};
const db::Query kContentsWithRecords{"portfolio.build_contents_with_records", R"sql(
    SELECT DISTINCT bc.coordinate_id
      FROM build_coordinate AS bc
      JOIN coordinate_key AS ck ON ck.coordinate_id = bc.coordinate_id
      JOIN advisory_key AS ak ON ak.lookup_key = ck.lookup_key
     WHERE bc.build_id = $1 AND bc.until = 9223372036854775807)sql"};
const db::Query kBuildsOf{"portfolio.builds_of_coordinate", R"sql(
    SELECT build_id FROM build_coordinate WHERE coordinate_id = $1 AND until = 9223372036854775807 ORDER BY build_id)sql"};
const db::Query kInsertContent{"portfolio.insert_content", R"sql(
    INSERT INTO build_coordinate (coordinate_id, build_id, since, until, ref) VALUES ($1, $2, $3, $4, $5))sql"};
const db::Query kEndContent{"portfolio.end_content", R"sql(
    UPDATE build_coordinate SET until = $3 WHERE build_id = $1 AND coordinate_id = $2 AND until = 9223372036854775807)sql"};
const db::Query kStatements{"portfolio.statements", R"sql(
    SELECT vulnerability, coordinate_id, state, reason FROM build_statement
     WHERE build_id = $1 AND until = 9223372036854775807 AND basis = $2)sql"};
const db::Query kInsertStatement{"portfolio.insert_statement", R"sql(
    INSERT INTO build_statement (vulnerability, build_id, coordinate_id, since, until, state, basis, reason, entry_id, segment_id, position)
    VALUES ($1, $2, $3, $4, 9223372036854775807, $5, $6, $7, $8, $9, $10))sql"};
const db::Query kEndStatement{"portfolio.end_statement", R"sql(
    UPDATE build_statement SET until = $4
     WHERE vulnerability = $1 AND build_id = $2 AND coordinate_id = $3 AND until = 9223372036854775807 AND basis = $5)sql"};

const db::Query kBuildsWithSet{"portfolio.builds_with_set_statement", R"sql(
    SELECT DISTINCT build_id FROM build_statement WHERE vulnerability = $1 AND until = 9223372036854775807 AND basis = 'set' ORDER BY build_id)sql"};
// An alias of two vulnerabilities belongs to the first, as in AdvisoryStore::canonical().
const db::Query kUnderAlias{"portfolio.statements_under_alias", R"sql(
    SELECT s.vulnerability, s.build_id, s.coordinate_id, s.state, s.reason,
           (SELECT COUNT(*) FROM build_statement AS o
             WHERE o.vulnerability = $1 AND o.build_id = s.build_id AND o.coordinate_id = s.coordinate_id AND o.until = 9223372036854775807 AND o.basis = 'vex')
      FROM vulnerability_alias AS a JOIN build_statement AS s ON s.vulnerability = a.alias
     WHERE a.vulnerability = $1 AND a.alias <> $1 AND s.until = 9223372036854775807 AND s.basis = 'vex'
       AND NOT EXISTS (SELECT 1 FROM vulnerability_alias AS b WHERE b.alias = a.alias AND b.vulnerability < $1)
     ORDER BY s.vulnerability, s.build_id, s.coordinate_id)sql"};

const ledger::ProvenTable kSbomTable{
    "sbom", "sbom_id", "sbom_id, build_id, sha256, size, format, spec_version, components, unidentified, received_at"};

CoordinateId id_of(const db::Row& row) { return {row.int64(0)}; }

std::string first_of(const db::Row& row) { return row.string(0); }

Result<std::string> path_of(const db::Reader& db, std::int64_t build_id) {
  HF_TRY(auto path, db.find(kPath, first_of, build_id));
  return path.value_or("");
}

Result<std::string> digest_of(const db::Reader& db, CoordinateId id) {
  HF_TRY(auto digest, db.find(kDigest, first_of, id));
  return digest.value_or("");
}

// What a build says of a vulnerability of a component changes: the event, and its place.
Result<std::int64_t> tell(ledger::Transaction& transaction, const Evidence& evidence, std::string_view build,
                          std::string_view basis, std::string_view vulnerability, CoordinateId coordinate,
                          const StoredStatement* now, bool was) {
  HF_TRY(const auto component, digest_of(transaction.db(), coordinate));
  JsonObject event{{"at", format_rfc3339(transaction.now())},
                   {"basis", basis},
                   {"build", build},
                   {"component", component},
                   {"event", "statement"},
                   {"state", now ? std::string_view(now->state) : std::string_view("withdrawn")},
                   {"vulnerability", vulnerability},
                   {"was", was}};
  if (now) event["reason_sha256"] = to_hex(crypto::sha256({bytes_of(now->reason)}));
  HF_TRY(const auto line, canonical_json(event));
  return std::int64_t(evidence.events.add(line));
}

}  // namespace

Result<std::optional<std::int64_t>> CoordinateStore::build(std::string_view path) const {
  return db_.find(
      kBuild, [](const db::Row& row) { return row.int64(0); }, path);
}

Result<std::optional<StoredSbom>> CoordinateStore::current_sbom(std::int64_t build_id) const {
  return db_.find(
      kCurrentSbom,
      [](const db::Row& row) {
        return StoredSbom{row.int64(0), row.string(1), row.int64(2)};
      },
      build_id);
}

Result<std::uint64_t> CoordinateStore::unidentified(std::int64_t sbom_id) const {
  HF_TRY(const auto count, db_.number(kUnidentified, sbom_id));
  return std::uint64_t(count);
}

Result<std::optional<CoordinateId>> CoordinateStore::find(std::string_view digest) const {
  return db_.find(kFind, id_of, digest);
}

Result<Coordinate> CoordinateStore::get(CoordinateId id) const {
  std::string digest, name, version, claims;
  HF_TRY(const auto found, db_.find(
                               kGet,
                               [&](const db::Row& row) {
                                 digest = row.string(0), name = row.string(1), version = row.string(2),
                                 claims = row.string(3);
                                 return true;
                               },
                               id));
  if (!found) return fail(ErrorKind::internal, "HF-PORTFOLIO-0009", "a component has gone", std::to_string(id.value));
  HF_TRY(const auto json, parse_json(claims, {.bytes_max = 64U << 20}));
  HF_TRY(auto subject, vuln::subject_of(json.as_object()));
  subject.name = std::move(name);
  subject.version = std::move(version);
  return Coordinate{id, std::move(digest), std::move(subject)};
}

Result<std::vector<CoordinateId>> CoordinateStore::with_key(std::string_view key) const {
  return db_.select(kWithKey, id_of, key);
}
Result<std::vector<CoordinateId>> CoordinateStore::of_build(std::int64_t build_id) const {
  return db_.select(kContents, id_of, build_id);
}

Result<std::vector<CoordinateId>> CoordinateStore::of_build_with_records(std::int64_t build_id) const {
  return db_.select(kContentsWithRecords, id_of, build_id);
}

Result<std::vector<std::int64_t>> CoordinateStore::builds_of(CoordinateId id) const {
  return db_.select(
      kBuildsOf, [](const db::Row& row) { return row.int64(0); }, id);
}

Result<std::vector<std::int64_t>> CoordinateStore::builds_with_set_statement(std::string_view vulnerability) const {
  return db_.select(
      kBuildsWithSet, [](const db::Row& row) { return row.int64(0); }, vulnerability);
}

Result<std::vector<StoredStatement>> CoordinateStore::statements(std::int64_t build_id, std::string_view basis) const {
  return db_.select(
      kStatements,
      [&](const db::Row& row) {
        return StoredStatement{row.string(0), {row.int64(1)}, std::string(basis), row.string(2), row.string(3)};
      },
      build_id, basis);
}

namespace {

constexpr std::size_t kRowsMax = 4096;  // components written at once

}  // namespace

Result<PreparedCoordinate> prepare(const vuln::Subject& subject) {
  PreparedCoordinate made{{}, subject.name, subject.version, {}, {}, vuln::lookup_keys(subject)};
  HF_TRY(made.claims, canonical_json(vuln::claims_json(subject)));
  // The canonical form of [name, version, claims] is that of its parts, put together.
  HF_TRY(auto identity, canonical_json(JsonArray{Json(subject.name), Json(subject.version)}));
  identity.back() = ',';
  made.digest = to_hex(crypto::sha256({bytes_of(identity), bytes_of(made.claims), bytes_of("]")}));
  for (const auto& claim : subject.claims)
    if (claim.kind == vuln::ClaimKind::purl && made.purl.empty()) made.purl = claim.text;
  return made;
}

Result<CoordinateId> CoordinateInterner::add(PreparedCoordinate coordinate, bool& made) {
  const auto& db = transaction_.db();
  made = false;
  if (const auto pending = made_.find(coordinate.digest); pending != made_.end()) return pending->second.first;
  HF_TRY(const auto known, CoordinateStore(db).find(coordinate.digest));
  if (known) return *known;
  made = true;
  HF_TRY(const auto id, db.next_id());
  auto digest = coordinate.digest;
  made_.emplace(std::move(digest), std::pair{CoordinateId{id}, std::move(coordinate)});
  if (made_.size() >= kRowsMax) HF_CHECK(flush());
  return CoordinateId{id};
}

Result<void> CoordinateInterner::flush() {
  const auto& db = transaction_.db();
  std::vector<db::Value> rows, key_rows;
  for (const auto& [digest, made] : made_) {
    const auto& [id, one] = made;
    for (const auto& value : {db::to_value(id), db::to_value(digest), db::to_value(one.name), db::to_value(one.version),
                              db::to_value(one.purl), db::to_value(!one.keys.empty()), db::to_value(one.claims),
                              db::to_value(transaction_.now())})
      rows.push_back(value);
    for (const auto& key : one.keys) {
      key_rows.push_back(db::to_value(key));
      key_rows.push_back(db::to_value(id));
    }
  }
  if (!rows.empty()) HF_CHECK(db.execute_many(kInsert, rows, 8));
  if (!key_rows.empty()) HF_CHECK(db.execute_many(kInsertKey, key_rows, 2));
  made_.clear();
  return {};
}

Result<CoordinateId> intern(ledger::Transaction& transaction, const vuln::Subject& subject, bool& made) {
  CoordinateInterner interner(transaction);
  HF_TRY(auto prepared, prepare(subject));
  HF_TRY(const auto id, interner.add(std::move(prepared), made));
  HF_CHECK(interner.flush());
  return id;
}

Result<void> set_contents(ledger::Transaction& transaction, const Evidence& evidence, std::int64_t build_id,
                          const std::vector<std::pair<CoordinateId, std::string_view>>& contents,
                          std::string_view sbom) {
  const auto& db = transaction.db();
  HF_TRY(const auto before, CoordinateStore(db).of_build(build_id));
  auto wanted = contents;  // a coordinate that stands twice in a document is one, under the ref that came first
  std::ranges::stable_sort(wanted, {}, &std::pair<CoordinateId, std::string_view>::first);
  const auto twice = std::ranges::unique(wanted, {}, &std::pair<CoordinateId, std::string_view>::first);
  wanted.erase(twice.begin(), twice.end());
  for (const auto id : before)
    if (!std::ranges::binary_search(wanted, id, {}, &std::pair<CoordinateId, std::string_view>::first))
      HF_CHECK(db.execute(kEndContent, build_id, id, transaction.now()));
  std::vector<db::Value> rows;
  for (const auto& [id, ref] : wanted) {
    if (std::binary_search(before.begin(), before.end(), id)) continue;
    for (const auto& value : {db::to_value(id), db::to_value(build_id), db::to_value(transaction.now()),
                              db::to_value(kOpen), db::to_value(ref)})
      rows.push_back(value);
    if (rows.size() < kRowsMax * 5) continue;
    HF_CHECK(db.execute_many(kInsertContent, rows, 5));
    rows.clear();
  }
  if (!rows.empty()) HF_CHECK(db.execute_many(kInsertContent, rows, 5));
  HF_TRY(auto digests, db.select(kContentDigests, first_of, build_id));
  HF_TRY(const auto path, path_of(db, build_id));
  HF_TRY(const auto line, canonical_json(JsonObject{{"at", format_rfc3339(transaction.now())},
                                                    {"build", path},
                                                    {"components", std::int64_t(digests.size())},
                                                    {"components_sha256", digest_of_contents(std::move(digests))},
                                                    {"event", "contents"},
                                                    {"sbom", sbom}}));
  evidence.events.add(line);
  return {};
}

std::string digest_of_contents(std::vector<std::string> digests) {
  std::sort(digests.begin(), digests.end());
  std::string joined;
  for (const auto& digest : digests) joined.append(digest).append(1, '\n');
  return to_hex(crypto::sha256({bytes_of(joined)}));
}

Result<std::uint64_t> set_statements(ledger::Transaction& transaction, const Evidence& evidence, std::int64_t build_id,
                                     std::string_view basis, const std::set<StoredStatement>& wanted,
                                     const std::set<std::string>* only) {
  const auto& db = transaction.db();
  HF_TRY(const auto before, CoordinateStore(db).statements(build_id, basis));
  std::set<StoredStatement> existing;
  for (const auto& statement : before)
    if (!only || only->contains(statement.vulnerability)) existing.insert(statement);
  std::uint64_t changed = 0;
  std::set<std::pair<std::string, CoordinateId>> ended;
  for (const auto& statement : existing) {
    if (wanted.contains(statement)) continue;
    HF_CHECK(
        db.execute(kEndStatement, statement.vulnerability, build_id, statement.coordinate, transaction.now(), basis));
    ended.emplace(statement.vulnerability, statement.coordinate);
    ++changed;
  }
  HF_TRY(const auto path, path_of(db, build_id));
  std::vector<db::Value> rows;
  for (const auto& s : wanted) {
    if (existing.contains(s)) continue;
    const bool was = ended.erase({s.vulnerability, s.coordinate}) > 0;
    HF_TRY(const auto position, tell(transaction, evidence, path, basis, s.vulnerability, s.coordinate, &s, was));
    for (const auto& value :
         {db::to_value(s.vulnerability), db::to_value(build_id), db::to_value(s.coordinate),
          db::to_value(transaction.now()), db::to_value(s.state), db::to_value(basis), db::to_value(s.reason),
          db::to_value(evidence.entry), db::to_value(evidence.segment_id), db::to_value(position)})
      rows.push_back(value);
    ++changed;
  }
  if (!rows.empty()) HF_CHECK(db.execute_many(kInsertStatement, rows, 10));
  for (const auto& [vulnerability, coordinate] : ended)
    HF_CHECK(tell(transaction, evidence, path, basis, vulnerability, coordinate, nullptr, true));
  return changed;
}

Result<std::set<std::int64_t>> move_statements(ledger::Transaction& transaction, const Evidence& evidence,
                                               std::string_view vulnerability) {
  struct Filed {
    std::string number;
    std::int64_t build;
    CoordinateId coordinate;
    std::string state, reason;
    bool said;  // under the vulnerability's own number too
  };
  const auto& db = transaction.db();
  HF_TRY(const auto filed, db.select(
                               kUnderAlias,
                               [](const db::Row& row) {
                                 return Filed{row.string(0), row.int64(1),  {row.int64(2)},
                                              row.string(3), row.string(4), row.int64(5) > 0};
                               },
                               vulnerability));
  std::set<std::int64_t> builds;
  std::set<std::pair<std::int64_t, CoordinateId>> moved;
  for (const auto& s : filed) {
    HF_CHECK(db.execute(kEndStatement, s.number, s.build, s.coordinate, transaction.now(), "vex"));
    HF_TRY(const auto path, path_of(db, s.build));
    HF_CHECK(tell(transaction, evidence, path, "vex", s.number, s.coordinate, nullptr, true));
    if (!s.said && moved.emplace(s.build, s.coordinate).second) {
      const StoredStatement now{std::string(vulnerability), s.coordinate, "vex", s.state, s.reason};
      HF_TRY(const auto position, tell(transaction, evidence, path, "vex", vulnerability, s.coordinate, &now, false));
      HF_CHECK(db.execute(kInsertStatement, vulnerability, s.build, s.coordinate, transaction.now(), s.state, "vex",
                          s.reason, evidence.entry, evidence.segment_id, position));
    }
    builds.insert(s.build);
  }
  return builds;
}

Result<void> insert_sbom(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t build_id,
                         const Receipt& receipt, std::uint64_t size) {
  const auto& db = transaction.db();
  HF_CHECK(db.execute(kReplaceSbom, build_id, transaction.now()));
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertSbom, id, entry, build_id, receipt.sha256, std::int64_t(size), receipt.format,
                      receipt.spec_version, std::int64_t(receipt.components), std::int64_t(receipt.unidentified),
                      transaction.now()));
  return transaction.prove(entry, kSbomTable, id);
}

}  // namespace hf::portfolio
