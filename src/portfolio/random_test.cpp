// Change-driven equals recompute: after any order of SBOMs and records, what the tables say of each build is what a
// scan of that build from nothing says, now and as of every instant before.
#include <random>
#include <set>

#include "portfolio/portfolio_test.h"
#include "vuln/match/sbom_subjects.h"

namespace hf::portfolio::test {
namespace {

class Random : public PortfolioTest {
 protected:
  using Standing = std::set<std::string>;  // "1 CVE-2026-1 a@1: affected"

  int dice(int sides) { return int(random_() % unsigned(sides)); }
  template <class T>
  const T& any(const std::vector<T>& list) {
    return list[random_() % list.size()];
  }

  // What the tables say. A build's statement beats the edge; "not affected" by a record is no finding.
  Standing stored(Time at) {
    static const db::Query kContents{"test.portfolio.contents", R"sql(
        SELECT b.version || ' ' || c.name || '@' || c.version AS line
          FROM build_coordinate AS bc JOIN build AS b ON b.build_id = bc.build_id JOIN coordinate AS c ON c.coordinate_id = bc.coordinate_id
         WHERE bc.since <= $1 AND bc.until > $1 ORDER BY line)sql"};
    std::map<std::string, std::set<std::string>> builds_with;
    for (const auto& line : texts(kContents, micros(at)))
      builds_with[line.substr(line.find(' ') + 1)].insert(line.substr(0, line.find(' ')));
    Standing standing;
    std::set<std::string> said;
    for (auto line : statements(at)) {
      const auto basis = line.rfind(" (");
      const bool vex = line.substr(basis) == " (vex)";
      line.resize(basis);
      const auto build_and_rest = line.substr(0, line.rfind(':'));
      said.insert(build_and_rest);
      if (vex || !line.ends_with(": not_affected")) standing.insert(line);
    }
    for (const auto& line : findings(at)) {
      const auto space = line.find(' ');
      const auto component = line.substr(space + 1, line.rfind(':') - space - 1);
      for (const auto& build : builds_with[component])
        if (!said.contains(build + " " + line.substr(0, line.rfind(':')))) standing.insert(build + " " + line);
    }
    return standing;
  }

  Standing scanned() {
    std::vector<vuln::Advisory> records;
    for (const auto& [key, record] : records_) records.push_back(record);
    Standing standing;
    for (const auto& [version, text] : sboms_) {
      const auto document = sbom::parse(bytes_of(text)).value();
      auto subjects = vuln::subjects_of(document);
      const vuln::ComponentSet set(subjects.subjects);
      for (const auto& finding : vuln::evaluate(records, set, subjects.vex, dictionary_)) {
        const auto& subject = subjects.subjects[finding.component];
        standing.insert(version + " " + finding.vulnerability + " " + subject.name + "@" + subject.version + ": " +
                        std::string(vuln::name_of(finding.state)));
      }
    }
    return standing;
  }

  void new_sbom() {
    std::string version;
    if (sboms_.size() < 6 && (sboms_.empty() || dice(2) == 0)) {
      version = std::to_string(sboms_.size());
      build(version);
    } else {
      version = std::to_string(dice(int(sboms_.size())));
    }
    std::vector<Part> parts;
    std::vector<Said> said;
    for (const auto& part : all_parts()) {
      if (dice(3) != 0) continue;
      parts.push_back(part);
      if (dice(3) == 0)
        said.push_back({(dice(3) == 0 ? "GHSA-" : "CVE-2026-") + std::to_string(dice(6)),
                        any<std::string>({"not_affected", "exploitable", "resolved", "in_triage", ""}),
                        part.name + "@" + part.version});
    }
    sboms_[version] = cyclonedx(parts, said, ++serial_);
    take("px/fw/" + version, sboms_[version]);
  }

  static std::vector<Part> all_parts() {
    std::vector<Part> parts;
    for (const auto* name : {"a", "b"})
      for (const auto* version : {"1.0.0", "2.0.0", "3.0.0"}) parts.push_back(npm(name, version));
    for (const auto* version : {"1.0", "2.0"}) {
      const std::string v(version);
      parts.push_back({"widget", v, {"cpe:2.3:a:acme:widget:" + v + ":*:*:*:*:*:*:*"}});
      parts.push_back({"widget-of-nobody", v, {"cpe:2.3:*:*:widget:" + v + ":*:*:*:*:*:*:*"}});
      parts.push_back({"both", v, {"pkg:npm/a@" + v + ".0", "cpe:2.3:a:zeta:widget:" + v + ":*:*:*:*:*:*:*"}});
      parts.push_back({"fw", v, {"cpe:2.3:o:v:fw:" + v + ":*:*:*:*:*:*:*"}});
      parts.push_back({"plugin", v, {"cpe:2.3:*:*:plugin:" + v + ":*:*:*:*:*:*:*"}});
    }
    parts.push_back({"board", "", {"cpe:2.3:h:v:board:-:*:*:*:*:*:*:*"}});
    parts.push_back({"shop", "4.0", {"cpe:2.3:a:v:shop:4.0:*:*:*:*:*:*:*"}});
    parts.push_back({"nameless", "1", {}});
    return parts;
  }

  std::string any_record() {
    const auto number = std::to_string(dice(6)), fixed = std::to_string(1 + dice(3));
    switch (dice(8)) {
      case 0:
      case 1: return osv("GHSA-" + number, dice(2) == 0 ? "a" : "b", fixed + ".0.0", "\"CVE-2026-" + number + "\"");
      case 2: return cve5("CVE-2026-" + number, "", "", "", "REJECTED");
      case 3: return cve5("CVE-2026-" + number, dice(3) == 0 ? "zeta" : "acme", "widget", below(fixed + ".0"));
      case 4:
        return nvd("CVE-2026-" + number,
                   runs_on("cpe:2.3:o:v:fw:" + fixed + ".0:*:*:*:*:*:*:*", "cpe:2.3:h:v:board:-:*:*:*:*:*:*:*"),
                   dice(4) == 0 ? "Rejected" : "Analyzed");
      case 5:
        return nvd("CVE-2026-" + number,
                   runs_on("cpe:2.3:a:" + any<std::string>({"v", "v", "w"}) + ":plugin:*:*:*:*:*:*:*:*",
                           "cpe:2.3:a:v:shop:*:*:*:*:*:*:*:*"));
      case 6:
        return nvd("CVE-2026-" + number,
                   R"({"nodes":[)" + node("cpe:2.3:a:acme:widget:" + fixed + ".0:*:*:*:*:*:*:*", true) + "]}");
      default:
        return cve5("CVE-2026-" + number, "acme", "widget",
                    R"({"version":")" + fixed + R"(.0","status":"unaffected"},{"version":"n/a","status":"affected"})");
    }
  }

  void new_records() {
    std::vector<std::string> documents;
    for (int i = 1 + dice(3); i > 0; --i) documents.push_back(any_record());
    for (const auto& document : documents) {
      vuln::JsonReader reader;
      const vuln::FeedSink sink{.advisory = [&](vuln::Advisory advisory) -> Result<void> {
                                  for (const auto& pair : vuln::product_vendors_of(advisory)) dictionary_.add(pair);
                                  records_[std::string(vuln::name_of(advisory.feed)) + advisory.id] =
                                      std::move(advisory);
                                  return {};
                                },
                                .kev = {},
                                .epss_head = {},
                                .epss = {}};
      ASSERT_TRUE(vuln::read_document(reader, document, sink));
    }
    feed(documents);
  }

  std::mt19937 random_;
  int serial_ = 0;
  std::map<std::string, std::string> sboms_;  // by version of the build
  std::map<std::string, vuln::Advisory> records_;
  vuln::ProductDictionary dictionary_;  // pairs are never forgotten
};
HF_BOTH_ENGINES(Random);

TEST_P(Random, ChangeDrivenEqualsRecompute) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    random_.seed(seed);
    std::vector<std::pair<Time, Standing>> past;
    for (int step = 0; step < 25; ++step) {
      if (dice(2) == 0) new_sbom();
      else new_records();
      const auto expected = scanned();
      ASSERT_EQ(stored(time_of(kOpen - 1)), expected) << "seed " << seed << ", step " << step;
      past.emplace_back(instant(), expected);
    }
    for (const auto& [at, standing] : past)
      ASSERT_EQ(stored(at), standing) << "seed " << seed << " as of " << format_rfc3339(at);
  }
  expect_proven();
}

}  // namespace
}  // namespace hf::portfolio::test
