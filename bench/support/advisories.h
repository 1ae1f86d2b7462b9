// 370,000 CVE records, as many as there are, for a bench: one of eighteen is about a component of catalogue.h, and two
// in five of those about a version that we ship. The texts are CVE JSON 5, read by the product's own reader; the rows
// are written as portfolio::put would write them, and `refeed` proves that the importer finds nothing to change.
#pragma once

#include "portfolio/evaluate.h"
#include "portfolio/feed_service.h"
#include "support/catalogue.h"
#include "vuln/db_dir/codec.h"
#include "vuln/feeds/read.h"

namespace hf::bench {

inline constexpr int kAdvisories = 370'000, kOurs = 18, kKev = 1'300;

inline std::string cve_record(const std::string& id, const std::string& vendor, const std::string& product,
                              const std::string& from, const std::string& fixed) {
  return R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":")" + id +
         R"(","state":"PUBLISHED","assignerShortName":"acme","datePublished":"2026-01-05T10:00:00Z","dateUpdated":"2026-02-07T10:00:00Z"},)"
         R"("containers":{"cna":{"providerMetadata":{"orgId":"00000000-0000-4000-8000-000000000000","shortName":"acme"},"title":"A flaw in the parser of )" +
         product + " before " + fixed +
         R"( lets a remote peer read beyond the end of a buffer","metrics":[{"cvssV3_1":{"version":"3.1",)"
         R"("vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N","baseScore":7.5,"baseSeverity":"HIGH"}}],"affected":[{"vendor":")" +
         vendor + R"(","product":")" + product + R"(","defaultStatus":"unaffected","cpes":["cpe:2.3:a:)" + vendor +
         ":" + product + R"(:*:*:*:*:*:*:*:*"],"versions":[{"version":")" + from + R"(","lessThan":")" + fixed +
         R"(","status":"affected","versionType":"semver"}]}],"references":[{"url":"https://example.org/)" + id +
         R"("}]}}})";
}

inline std::string number_of(int advisory) {
  return "CVE-" + std::to_string(1999 + advisory / 14'000) + "-" + std::to_string(100'000 + advisory);
}

inline std::string record_of(int advisory) {
  const auto mixed = std::uint32_t(advisory) * 2654435761U >> 4;
  if (advisory % kOurs != 0) {
    const int product = int(mixed % 60'000);
    return cve_record(number_of(advisory), "maker-" + std::to_string(product % 9'000),
                      "other-" + std::to_string(product), "0", "2.3." + std::to_string(mixed % 90));
  }
  const int package = advisory / kOurs % kPackages;
  std::string from = "0", fixed = "0.9.0";
  if (mixed % 5 < 2) {
    const int version = 1 + int(mixed / 5 % (kVersions - 1));
    fixed = version_text(package, version);
    if (mixed / 100 % 3 == 0) from = version_text(package, int(mixed / 300) % version);
  }
  return cve_record(number_of(advisory), vendor_name(package), package_name(package), from, fixed);
}

inline const db::Query kBenchAdvisory{"bench.insert_advisory", R"sql(
    INSERT INTO advisory (advisory_id, feed, id, vulnerability, summary, severity, score, modified, received_at, needs_set, digest, record)
    VALUES ($1, 'cve5', $2, $2, $3, $4, $5, $6, $7, 0, $8, $9))sql"};
inline const db::Query kBenchKey{"bench.insert_advisory_key",
                                 "INSERT INTO advisory_key (lookup_key, advisory_id) VALUES ($1, $2)"};
inline const db::Query kBenchAlias{"bench.insert_alias",
                                   "INSERT INTO vulnerability_alias (alias, vulnerability) VALUES ($1, $1)"};
inline const db::Query kBenchMaker{"bench.insert_maker",
                                   "INSERT INTO product_vendor (product, vendor, part) VALUES ($1, $2, $3)"};

inline void fill_advisories(db::Database& database) {
  std::set<std::tuple<std::string, std::string, char>> makers;
  vuln::JsonReader reader;
  const auto now = micros(kClock.now());
  constexpr int kChunk = 37'000;
  for (int first = 0; first < kAdvisories; first += kChunk)
    in_bulk(database, [&](db::Writer& writer) {
      Rows rows(writer, kBenchAdvisory, 9), keys(writer, kBenchKey, 2), aliases(writer, kBenchAlias, 1);
      const vuln::FeedSink sink{.advisory = [&](const vuln::Advisory& advisory) -> Result<void> {
                                  const auto id = must(writer.next_id());
                                  const auto record = vuln::encode(advisory);
                                  char score[16];
                                  std::snprintf(score, sizeof score, "%.1f", advisory.cvss[0].score);
                                  rows.add(id, advisory.id, advisory.summary, advisory.cvss[0].severity, score,
                                           advisory.modified, now, to_hex(crypto::sha256({bytes_of(record)})),
                                           Bytes(record.begin(), record.end()));
                                  for (const auto& key : vuln::lookup_keys(advisory)) keys.add(key, id);
                                  aliases.add(advisory.id);
                                  for (const auto& pair : vuln::product_vendors_of(advisory))
                                    makers.emplace(pair.product, pair.vendor, pair.part);
                                  return {};
                                },
                                .kev = {},
                                .epss_head = {},
                                .epss = {}};
      for (int i = first; i < std::min(first + kChunk, kAdvisories); ++i)
        must(vuln::read_document(reader, record_of(i), sink));
    });
  in_bulk(database, [&](db::Writer& writer) {
    Rows rows(writer, kBenchMaker, 3);
    for (const auto& [product, vendor, part] : makers) rows.add(product, vendor, std::string(1, part));
  });
}

// As `holdfast vuln import`: the number of records that changed something.
inline std::uint64_t feed(db::Database& database, const std::vector<std::string>& documents) {
  portfolio::FeedImporter importer(database, kClock, kActor, "bench");
  const auto sink = importer.sink();
  vuln::JsonReader reader;
  for (const auto& document : documents) must(vuln::read_document(reader, document, sink));
  std::uint64_t changed = 0;
  for (const auto& [name, count] : must(importer.finish())) changed += count.changed;
  return changed;
}

inline std::uint64_t refeed(db::Database& database) {
  std::vector<std::string> documents;
  for (int i = 0; i < 500; ++i) documents.push_back(record_of(i * 700));
  return feed(database, documents);
}

// Every component under every record that shares a key with it, in one transaction: the seconds.
inline double evaluate_all(db::Database& database, const std::vector<portfolio::CoordinateId>& coordinates) {
  const Stopwatch watch;
  must(database.write([&](db::Writer& writer) -> Result<void> {
    HF_TRY(auto transaction, ledger::Transaction::begin(writer, kClock, kActor));
    HF_TRY(const auto entry, transaction.append("bench.evaluated", {}));
    portfolio::Evaluation evaluation(transaction);
    for (const auto coordinate : coordinates) evaluation.touch_coordinate(coordinate);
    ledger::SegmentBuilder events;
    HF_TRY(const auto segment_id, writer.next_id());
    HF_CHECK(evaluation.run({entry, events, segment_id}));
    if (events.size() > 0) HF_CHECK(events.write(transaction, entry, segment_id));
    return transaction.finish();
  }));
  return watch.seconds();
}

inline std::string kev_catalogue() {
  JsonArray entries;
  for (int i = 0; i < kKev; ++i)
    entries.push_back(JsonObject{{"cveID", number_of(i * (kAdvisories / kKev))},
                                 {"vendorProject", "v"},
                                 {"product", "p"},
                                 {"vulnerabilityName", "A flaw"},
                                 {"dateAdded", "2026-03-01"},
                                 {"dueDate", "2026-03-22"},
                                 {"knownRansomwareCampaignUse", "Unknown"}});
  return to_text(JsonObject{{"title", "KEV"},
                            {"catalogVersion", "2026.03.01"},
                            {"dateReleased", "2026-03-01T00:00:00Z"},
                            {"count", kKev},
                            {"vulnerabilities", std::move(entries)}});
}

}  // namespace hf::bench
