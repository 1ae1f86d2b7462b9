#include "portfolio/advisory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

#include "crypto/sha256.h"
#include "portfolio/event_proof_store.h"
#include "vuln/db_dir/codec.h"
#include "vuln/match/assess.h"

namespace hf::portfolio {
namespace {

const db::Query kOfVulnerability{"portfolio.advisories_of_vulnerability", R"sql(
    SELECT record FROM advisory WHERE vulnerability = $1 ORDER BY feed, id)sql"};
const db::Query kAbout{"portfolio.advisories_about_coordinate", R"sql(
    SELECT a.record
      FROM (SELECT DISTINCT ak.advisory_id
              FROM coordinate_key AS ck JOIN advisory_key AS ak ON ak.lookup_key = ck.lookup_key
             WHERE ck.coordinate_id = $1) AS about
      JOIN advisory AS a ON a.advisory_id = about.advisory_id
     ORDER BY a.feed, a.id)sql"};
// By keys and not by findings: "plugin on shop" says nothing of a plugin alone, and has no finding on it.
const db::Query kSetVulnerabilities{"portfolio.set_vulnerabilities_of_build", R"sql(
    SELECT a.vulnerability
      FROM (SELECT DISTINCT ak.advisory_id
              FROM build_coordinate AS bc
              JOIN coordinate_key AS ck ON ck.coordinate_id = bc.coordinate_id
              JOIN advisory_key AS ak ON ak.lookup_key = ck.lookup_key
             WHERE bc.build_id = $1 AND bc.until = 9223372036854775807) AS about
      JOIN advisory AS a ON a.advisory_id = about.advisory_id
     WHERE a.needs_set = 1)sql"};
const db::Query kMakers{"portfolio.makers", "SELECT product, vendor, part FROM product_vendor WHERE product = $1"};
const db::Query kOpenFindings{"portfolio.open_findings", R"sql(
    SELECT coordinate_id, state, reasons FROM finding
     WHERE vulnerability = $1 AND until = 9223372036854775807 ORDER BY coordinate_id)sql"};
const db::Query kOpenFindingsOfCoordinate{"portfolio.open_findings_of_coordinate", R"sql(
    SELECT vulnerability, state, reasons FROM finding WHERE coordinate_id = $1 AND until = 9223372036854775807)sql"};
const db::Query kCanonical{
    "portfolio.canonical",
    "SELECT vulnerability FROM vulnerability_alias WHERE alias = $1 ORDER BY vulnerability LIMIT 1"};
const db::Query kStored{"portfolio.stored_advisory",
                        "SELECT advisory_id, digest, vulnerability FROM advisory WHERE feed = $1 AND id = $2"};
const db::Query kInsert{"portfolio.insert_advisory", R"sql(
    INSERT INTO advisory (advisory_id, feed, id, vulnerability, summary, severity, score, modified, received_at, needs_set, digest, record)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))sql"};
const db::Query kUpdate{"portfolio.update_advisory", R"sql(
    UPDATE advisory SET vulnerability = $2, summary = $3, severity = $4, score = $5, modified = $6, received_at = $7, needs_set = $8, digest = $9,
                        record = $10
     WHERE advisory_id = $1)sql"};
const db::Query kDropKeys{"portfolio.drop_advisory_keys", "DELETE FROM advisory_key WHERE advisory_id = $1"};
const db::Query kInsertKey{"portfolio.insert_advisory_key",
                           "INSERT INTO advisory_key (lookup_key, advisory_id) VALUES ($1, $2)"};
const db::Query kInsertAlias{"portfolio.insert_alias", R"sql(
    INSERT INTO vulnerability_alias (alias, vulnerability) VALUES ($1, $2) ON CONFLICT (alias, vulnerability) DO NOTHING)sql"};
const db::Query kInsertMaker{"portfolio.insert_maker", R"sql(
    INSERT INTO product_vendor (product, vendor, part) VALUES ($1, $2, $3) ON CONFLICT (product, vendor, part) DO NOTHING)sql"};
const db::Query kOpenFinding{"portfolio.open_finding", R"sql(
    INSERT INTO finding (vulnerability, coordinate_id, since, until, state, reasons, segment_id, position)
    VALUES ($1, $2, $3, 9223372036854775807, $4, $5, $6, $7))sql"};
const db::Query kCloseFinding{"portfolio.close_finding", R"sql(
    UPDATE finding SET until = $3 WHERE vulnerability = $1 AND coordinate_id = $2 AND until = 9223372036854775807)sql"};
const db::Query kKev{"portfolio.kev", R"sql(
    SELECT vulnerability, date_added, due_date, name, ransomware FROM kev WHERE until = 9223372036854775807)sql"};
const db::Query kOpenKev{"portfolio.open_kev", R"sql(
    INSERT INTO kev (vulnerability, since, until, date_added, due_date, name, ransomware) VALUES ($1, $2, 9223372036854775807, $3, $4, $5, $6))sql"};
const db::Query kCloseKev{"portfolio.close_kev",
                          "UPDATE kev SET until = $2 WHERE vulnerability = $1 AND until = 9223372036854775807"};
const db::Query kEpss{"portfolio.put_epss", R"sql(
    INSERT INTO epss (vulnerability, score, percentile, score_date) VALUES ($1, $2, $3, $4)
    ON CONFLICT (vulnerability) DO UPDATE SET score = excluded.score, percentile = excluded.percentile, score_date = excluded.score_date
     WHERE epss.score <> excluded.score OR epss.percentile <> excluded.percentile OR epss.score_date <> excluded.score_date)sql"};
const db::Query kInsertImport{"portfolio.insert_feed_import", R"sql(
    INSERT INTO feed_import (import_id, entry_id, feed, source, version, records, changed, finished_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};

const ledger::RegisterEventProof kProof{&make_event_proof};  // here, where a linker cannot leave it out
const ledger::ProvenTable kImportTable{"feed_import", "import_id",
                                       "import_id, feed, source, version, records, changed, finished_at"};

Result<std::vector<vuln::Advisory>> decoded(Result<std::vector<std::string>> records) {
  if (!records) return fail(records.error());
  std::vector<vuln::Advisory> advisories;
  for (const auto& record : *records) {
    HF_TRY(auto advisory, vuln::decode(record));
    advisories.push_back(std::move(advisory));
  }
  return advisories;
}

Verdict verdict_of(const db::Row& row, std::size_t at) {
  const auto text = row.text(at);
  Verdict verdict{.state = vuln::State::unknown, .reasons = row.string(at + 1)};
  for (const auto state :
       {vuln::State::affected, vuln::State::not_affected, vuln::State::fixed, vuln::State::under_investigation})
    if (vuln::name_of(state) == text) verdict.state = state;
  return verdict;
}

// PostgreSQL keeps no NUL in a text; JSON may hold one as \u0000. The record itself is kept as it came.
bool is_storable(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && text.find('\0') == text.npos && is_utf8(text);
}
std::string without_nul(std::string text) {
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

// The newest version of CVSS that the record states; within it the highest score.
const vuln::Cvss* best_of(const vuln::Advisory& advisory) {
  const vuln::Cvss* best = nullptr;
  for (const auto& cvss : advisory.cvss)
    if (!best ||
        std::pair(std::string_view(cvss.version), cvss.score) > std::pair(std::string_view(best->version), best->score))
      best = &cvss;
  return best;
}

}  // namespace

std::string vulnerability_of(const vuln::Advisory& advisory) {
  if (advisory.id.starts_with("CVE-")) return advisory.id;
  for (const auto& alias : advisory.aliases)
    if (alias.starts_with("CVE-") && is_storable(alias, kNumberMax)) return alias;
  // A distribution's own record of one flaw ("DEBIAN-CVE-2024-1234") says so upstream; of many, it is its own.
  if (advisory.upstream.size() == 1 && advisory.upstream[0].starts_with("CVE-") &&
      is_storable(advisory.upstream[0], kNumberMax))
    return advisory.upstream[0];
  return advisory.id;
}

Headline headline_of(const vuln::Advisory& advisory) {
  const auto* cvss = best_of(advisory);
  return {without_nul(advisory.summary), without_nul(cvss ? cvss->severity : ""),
          cvss && cvss->score > 0 ? fmt::format("{:.1f}", cvss->score) : ""};
}

std::vector<std::string> stored_keys(const vuln::Advisory& advisory) {
  auto keys = vuln::lookup_keys(advisory);
  std::erase_if(keys, [](const std::string& key) { return !is_storable(key, kKeyMax); });
  return keys;
}

Result<std::vector<vuln::Advisory>> AdvisoryStore::of_vulnerability(std::string_view vulnerability) const {
  return decoded(db_.select(
      kOfVulnerability, [](const db::Row& row) { return std::string(text_of(row.blob(0))); }, vulnerability));
}

Result<std::vector<vuln::Advisory>> AdvisoryStore::about(CoordinateId coordinate) const {
  return decoded(db_.select(
      kAbout, [](const db::Row& row) { return std::string(text_of(row.blob(0))); }, coordinate));
}

Result<std::set<std::string>> AdvisoryStore::set_vulnerabilities_of_build(std::int64_t build_id) const {
  std::set<std::string> found;
  HF_CHECK(db_.each(
      kSetVulnerabilities, [&](const db::Row& row) { return found.insert(row.string(0)), true; }, build_id));
  return found;
}

Result<vuln::ProductDictionary> AdvisoryStore::dictionary(const std::vector<std::string>& lookup_keys) const {
  constexpr std::string_view kPrefix = "product:";
  vuln::ProductDictionary dictionary;
  std::set<std::string_view> asked;
  for (const auto& key : lookup_keys) {
    if (!key.starts_with(kPrefix)) continue;
    const auto product = std::string_view(key).substr(kPrefix.size());
    if (!asked.insert(product).second) continue;
    HF_CHECK(db_.each(
        kMakers,
        [&](const db::Row& row) {
          const auto part = row.text(2);
          dictionary.add({row.string(0), row.string(1), part.empty() ? '*' : part[0]});
          return true;
        },
        product));
  }
  return dictionary;
}

Result<std::vector<StoredFinding>> AdvisoryStore::open_findings(std::string_view vulnerability) const {
  return db_.select(
      kOpenFindings,
      [](const db::Row& row) {
        return StoredFinding{{row.int64(0)}, verdict_of(row, 1)};
      },
      vulnerability);
}

Result<std::map<std::string, Verdict>> AdvisoryStore::open_findings(CoordinateId coordinate) const {
  std::map<std::string, Verdict> found;
  HF_CHECK(db_.each(
      kOpenFindingsOfCoordinate,
      [&](const db::Row& row) { return found.emplace(row.string(0), verdict_of(row, 1)), true; }, coordinate));
  return found;
}

Result<std::string> AdvisoryStore::canonical(std::string_view number) const {
  HF_TRY(auto found, db_.find(
                         kCanonical, [](const db::Row& row) { return row.string(0); }, number));
  return found.value_or(std::string(number));
}

Result<std::map<std::string, vuln::KevEntry>> AdvisoryStore::kev() const {
  std::map<std::string, vuln::KevEntry> entries;
  HF_CHECK(db_.each(kKev, [&](const db::Row& row) {
    entries.emplace(
        row.string(0),
        vuln::KevEntry{row.string(0), row.string(1), row.string(2), row.string(3), {}, {}, row.int64(4) == 1});
    return true;
  }));
  return entries;
}

Result<StoredAdvisory> put(ledger::Transaction& transaction, const vuln::Advisory& advisory) {
  const auto& db = transaction.db();
  const auto record = vuln::encode(advisory);
  StoredAdvisory stored{.vulnerability = vulnerability_of(advisory),
                        .digest = to_hex(crypto::sha256({bytes_of(record)}))};
  const auto feed = vuln::name_of(advisory.feed);
  std::int64_t id = 0;
  std::string digest;
  HF_TRY(const auto known, db.find(
                               kStored,
                               [&](const db::Row& row) {
                                 id = row.int64(0), digest = row.string(1), stored.before = row.string(2);
                                 return true;
                               },
                               feed, advisory.id));
  if (known && digest == stored.digest) return stored;
  stored.digest_before = digest;
  stored.what = known ? Stored::changed : Stored::added;

  const auto [summary, severity, score] = headline_of(advisory);
  const auto needs_set = vuln::needs_set(advisory);
  if (known) {
    HF_CHECK(db.execute(kUpdate, id, stored.vulnerability, summary, severity, score, advisory.modified,
                        transaction.now(), needs_set, stored.digest, bytes_of(record)));
    HF_CHECK(db.execute(kDropKeys, id));
  } else {
    HF_TRY(id, db.next_id());
    HF_CHECK(db.execute(kInsert, id, feed, advisory.id, stored.vulnerability, summary, severity, score,
                        advisory.modified, transaction.now(), needs_set, stored.digest, bytes_of(record)));
  }
  const auto keys = stored_keys(advisory);
  std::vector<db::Value> rows;
  for (const auto& key : keys) rows.push_back(db::to_value(key)), rows.push_back(db::to_value(id));
  if (!rows.empty()) HF_CHECK(db.execute_many(kInsertKey, rows, 2));

  HF_CHECK(db.execute(kInsertAlias, advisory.id, stored.vulnerability));
  for (const auto& alias : advisory.aliases)
    if (is_storable(alias, kNumberMax)) HF_CHECK(db.execute(kInsertAlias, alias, stored.vulnerability));
  for (const auto& pair : vuln::product_vendors_of(advisory)) {
    if (!is_storable(pair.product, kKeyMax) || !is_storable(pair.vendor, kKeyMax)) continue;
    HF_TRY(const auto added, db.execute(kInsertMaker, pair.product, pair.vendor, std::string_view(&pair.part, 1)));
    if (added > 0) stored.new_products.push_back(pair.product);
  }
  return stored;
}

Result<bool> set_finding(ledger::Transaction& transaction, const Evidence& evidence, const std::string& vulnerability,
                         const Coordinate& coordinate, const std::optional<Verdict>& before,
                         const std::optional<Verdict>& now) {
  if (before == now) return false;
  const auto& db = transaction.db();
  if (before) HF_CHECK(db.execute(kCloseFinding, vulnerability, coordinate.id, transaction.now()));
  JsonObject event{{"at", format_rfc3339(transaction.now())},
                   {"component", coordinate.digest},
                   {"event", "finding"},
                   {"state", now ? vuln::name_of(now->state) : std::string_view("withdrawn")},
                   {"vulnerability", vulnerability},
                   {"was", before.has_value()}};
  if (now) event["reasons_sha256"] = to_hex(crypto::sha256({bytes_of(now->reasons)}));
  HF_TRY(const auto line, canonical_json(event));
  const auto position = std::int64_t(evidence.events.add(line));
  if (now)
    HF_CHECK(db.execute(kOpenFinding, vulnerability, coordinate.id, transaction.now(), vuln::name_of(now->state),
                        now->reasons, evidence.segment_id, position));
  return true;
}

Result<void> set_kev(ledger::Transaction& transaction, const Evidence& evidence, const std::string& vulnerability,
                     const vuln::KevEntry* now, bool was) {
  const auto& db = transaction.db();
  if (was) HF_CHECK(db.execute(kCloseKev, vulnerability, transaction.now()));
  JsonObject event{{"at", format_rfc3339(transaction.now())},
                   {"event", "kev"},
                   {"listed", now != nullptr},
                   {"vulnerability", vulnerability},
                   {"was", was}};
  if (now) {
    const auto date_added = without_nul(now->date_added), due_date = without_nul(now->due_date),
               name = without_nul(now->name);
    HF_CHECK(db.execute(kOpenKev, vulnerability, transaction.now(), date_added, due_date, name, now->ransomware));
    event["date_added"] = date_added, event["due_date"] = due_date, event["name"] = name,
    event["ransomware"] = now->ransomware;
  }
  HF_TRY(const auto line, canonical_json(event));
  evidence.events.add(line);
  return {};
}

Result<std::uint64_t> put_epss(ledger::Transaction& transaction,
                               const std::vector<std::pair<std::string, vuln::EpssScore>>& scores,
                               std::string_view date) {
  std::vector<std::string> texts;
  texts.reserve(scores.size() * 2);
  std::vector<db::Value> rows;
  for (const auto& [id, score] : scores) {
    texts.push_back(fmt::format("{:.5f}", score.score));
    texts.push_back(fmt::format("{:.5f}", score.percentile));
    rows.insert(rows.end(), {db::to_value(id), db::to_value(texts[texts.size() - 2]), db::to_value(texts.back()),
                             db::to_value(date)});
  }
  HF_TRY(const auto changed, transaction.db().execute_many(kEpss, rows, 4));
  return std::uint64_t(changed);
}

Result<void> insert_import(ledger::Transaction& transaction, ledger::EntryId entry, std::string_view feed,
                           std::string_view source, const FeedCount& count) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertImport, id, entry, feed, source, count.version, std::int64_t(count.records),
                                    std::int64_t(count.changed), transaction.now()));
  return transaction.prove(entry, kImportTable, id);
}

}  // namespace hf::portfolio
