// A portfolio for tests: products, SBOMs and feeds in one line each, and what the tables say of them, read without the
// domain's own queries.
#pragma once

#include <map>

#include "blob/store.h"
#include "catalog/service.h"
#include "db/migrate.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "portfolio/feed_service.h"
#include "portfolio/sbom_service.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::portfolio::test {

// "name@version" with identities: "pkg:..." or "cpe:2.3:...".
struct Part {
  std::string name, version;
  std::vector<std::string> identities{};
};
// VEX: state is CycloneDX's word; empty: listed without an analysis.
struct Said {
  std::string vulnerability, state, ref;
};

inline Part npm(const std::string& name, const std::string& version) {
  return {name, version, {"pkg:npm/" + name + "@" + version}};
}

inline std::string cyclonedx(const std::vector<Part>& parts, const std::vector<Said>& said = {}, int serial = 1) {
  JsonArray components, vulnerabilities;
  for (const auto& part : parts) {
    JsonObject component{{"type", "library"},
                         {"bom-ref", part.name + "@" + part.version},
                         {"name", part.name},
                         {"version", part.version}};
    for (const auto& identity : part.identities) component[identity.starts_with("pkg:") ? "purl" : "cpe"] = identity;
    components.push_back(std::move(component));
  }
  for (const auto& [vulnerability, state, ref] : said) {
    JsonObject item{{"id", vulnerability}, {"affects", JsonArray{JsonObject{{"ref", ref}}}}};
    if (!state.empty()) item["analysis"] = JsonObject{{"state", state}};
    vulnerabilities.push_back(std::move(item));
  }
  return to_text(JsonObject{{"bomFormat", "CycloneDX"},
                            {"specVersion", "1.6"},
                            {"version", serial},
                            {"components", std::move(components)},
                            {"vulnerabilities", std::move(vulnerabilities)}});
}

// Affected from 0 below `fixed`.
inline std::string osv(const std::string& id, const std::string& package, const std::string& fixed,
                       const std::string& aliases = "", const std::string& modified = "2026-01-01T00:00:00Z") {
  return R"({"id":")" + id + R"(","modified":")" + modified + R"(","aliases":[)" + aliases +
         R"(],"affected":[{"package":{"ecosystem":"npm","name":")" + package +
         R"("},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":")" + fixed + R"("}]}]}]})";
}
// `versions` are the members of versions[].
inline std::string cve5(const std::string& id, const std::string& vendor, const std::string& product,
                        const std::string& versions, const std::string& state = "PUBLISHED") {
  if (state != "PUBLISHED")
    return R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":")" + id + R"(","state":")" + state +
           R"("},"containers":{"cna":{"providerMetadata":{"shortName":"acme"},"rejectedReasons":[{"lang":"en","value":"no"}]}}})";
  return R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":")" + id +
         R"(","state":"PUBLISHED"},"containers":{"cna":{"providerMetadata":{"shortName":"acme"},"affected":[{"vendor":")" +
         vendor + R"(","product":")" + product + R"(","defaultStatus":"unaffected","cpes":["cpe:2.3:a:)" + vendor +
         ":" + product + R"(:*:*:*:*:*:*:*:*"],"versions":[)" + versions + "]}]}}}";
}
inline std::string below(const std::string& version) {
  return R"({"version":"0","lessThan":")" + version + R"(","status":"affected","versionType":"semver"})";
}
inline std::string nvd(const std::string& id, const std::string& configuration,
                       const std::string& status = "Analyzed") {
  return R"({"vulnerabilities":[{"cve":{"id":")" + id + R"(","vulnStatus":")" + status + R"(","configurations":[)" +
         configuration + "]}}]}";
}
inline std::string node(const std::string& criteria, bool vulnerable) {
  return R"({"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":)" + std::string(vulnerable ? "true" : "false") +
         R"(,"criteria":")" + criteria + R"("}]})";
}
inline std::string runs_on(const std::string& part, const std::string& platform) {
  return R"({"operator":"AND","nodes":[)" + node(part, true) + "," + node(platform, false) + "]}";
}
inline std::string kev(const std::string& version, const std::vector<std::pair<std::string, std::string>>& entries) {
  JsonArray list;
  for (const auto& [id, due] : entries)
    list.push_back(
        JsonObject{{"cveID", id}, {"dateAdded", "2026-01-02"}, {"dueDate", due}, {"vulnerabilityName", "A flaw"}});
  const auto count = list.size();
  return to_text(JsonObject{{"catalogVersion", version}, {"count", count}, {"vulnerabilities", std::move(list)}});
}

class PortfolioTest : public hf::test::DatabaseTest {
 protected:
  PortfolioTest() {
    add("manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})");
    add("product", R"({"code":"px","manufacturer":"acme","name":"PX","product_class":"default"})");
    add("module", R"({"product":"px","code":"fw","name":"Firmware","kind":"firmware"})");
  }
  void add(std::string_view entity, const std::string& json) {
    const auto record = parse_json(json).value();
    const auto done = ledger::write(*database_, clock_, actor_, [&](ledger::Transaction& t) {
      return catalog::create(t, *catalog::find_entity(entity), record.get_object());
    });
    if (!done) throw std::runtime_error(done.error().message);
  }
  std::string build(const std::string& version) {
    add("build", R"({"module":"px/fw","version":")" + version + "\"}");
    return "px/fw/" + version;
  }
  Result<Receipt> receive(std::string_view build_path, std::string_view text) {
    clock_.advance(std::chrono::seconds(1));
    return receive_sbom(*database_, blobs_, clock_, actor_, build_path, bytes_of(text));
  }
  Receipt take(std::string_view build_path, std::string_view text) {
    auto receipt = receive(build_path, text);
    if (!receipt)
      throw std::runtime_error(std::string(receipt.error().code) + receipt.error().message + receipt.error().detail);
    return *receipt;
  }
  using Counts = std::map<std::string, FeedCount>;
  static void read_into(FeedImporter& importer, std::string_view document) {
    vuln::JsonReader reader;
    if (const auto kind = vuln::read_document(reader, document, importer.sink()); !kind)
      throw std::runtime_error(std::string(kind.error().code) + kind.error().message + kind.error().detail);
  }
  Counts feed(const std::vector<std::string>& documents) {
    clock_.advance(std::chrono::seconds(1));
    FeedImporter importer(*database_, clock_, actor_, "test");
    for (const auto& document : documents) read_into(importer, document);
    auto counts = importer.finish();
    if (!counts)
      throw std::runtime_error(std::string(counts.error().code) + counts.error().message + counts.error().detail);
    changed_findings_ = importer.findings();
    return *counts;
  }

  std::int64_t number(const db::Query& query) {
    return database_->read([&](const db::Reader& reader) { return reader.number(query); }).value();
  }
  std::vector<std::string> texts(const db::Query& query, std::int64_t at) {
    std::vector<std::string> rows;
    const auto done = database_->read([&](const db::Reader& reader) {
      return reader.each(
          query, [&](const db::Row& row) { return rows.push_back(row.string(0)), true; }, at);
    });
    EXPECT_TRUE(done) << done.error().detail;
    return rows;
  }
  // "CVE-1 a@1: affected", as of the clock's time or another.
  std::vector<std::string> findings() { return findings(time_of(kOpen - 1)); }
  std::vector<std::string> findings(Time at) {
    static const db::Query kQuery{"test.portfolio.findings", R"sql(
        SELECT f.vulnerability || ' ' || c.name || '@' || c.version || ': ' || f.state AS line
          FROM finding AS f JOIN coordinate AS c ON c.coordinate_id = f.coordinate_id
         WHERE f.since <= $1 AND f.until > $1 ORDER BY line)sql"};
    return texts(kQuery, micros(at));
  }
  // "1.0 CVE-1 a@1: affected (vex)"
  std::vector<std::string> statements() { return statements(time_of(kOpen - 1)); }
  // An instant after all that was done, and before all that will be.
  Time instant() {
    clock_.advance(std::chrono::seconds(1));
    return clock_.now();
  }
  std::vector<std::string> statements(Time at) {
    static const db::Query kQuery{"test.portfolio.statements", R"sql(
        SELECT b.version || ' ' || s.vulnerability || ' ' || c.name || '@' || c.version || ': ' || s.state || ' (' || s.basis || ')' AS line
          FROM build_statement AS s JOIN coordinate AS c ON c.coordinate_id = s.coordinate_id JOIN build AS b ON b.build_id = s.build_id
         WHERE s.since <= $1 AND s.until > $1 ORDER BY line)sql"};
    return texts(kQuery, micros(at));
  }
  // Every row of every table that a refused document must leave alone.
  std::vector<std::int64_t> sizes() {
    static const db::Query kQuery{"test.portfolio.sizes", R"sql(
        SELECT COUNT(*) FROM sbom UNION ALL SELECT COUNT(*) FROM coordinate UNION ALL SELECT COUNT(*) FROM coordinate_key
        UNION ALL SELECT COUNT(*) FROM build_coordinate UNION ALL SELECT COUNT(*) FROM finding UNION ALL SELECT COUNT(*) FROM build_statement
        UNION ALL SELECT COUNT(*) FROM advisory UNION ALL SELECT COUNT(*) FROM kev UNION ALL SELECT COUNT(*) FROM ledger_entry
        UNION ALL SELECT COUNT(*) FROM ledger_segment)sql"};
    return database_
        ->read([&](const db::Reader& reader) {
          return reader.select(kQuery, [](const db::Row& row) { return row.int64(0); });
        })
        .value();
  }
  void expect_proven() {
    hf::test::MemoryKeyStore keys;
    ledger::Log log(*database_, clock_, keys, "example.eu/log", "ledger");
    ASSERT_TRUE(log.advance());
    const auto report = ledger::verify_ledger(*database_, log.verifier_key().value());
    ASSERT_TRUE(report) << report.error().detail;
    for (const auto& finding : report->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  }

  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  ledger::Actor actor_{"user:test", "engineer"};
  hf::test::TemporaryDirectory directory_;
  blob::FileStore blobs_{directory_.file("blobs")};
  std::uint64_t changed_findings_ = 0;
};

using Lines = std::vector<std::string>;

}  // namespace hf::portfolio::test
