// The index and the database against the plain definition: every component x every record of the real feeds, without
// look-up keys. A finding that the keys miss, or invent, is a defect whatever it is about.
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "sbom/parse.h"
#include "vuln/db_dir/build.h"
#include "vuln/match/coordinate.h"
#include "vuln/scan/scan.h"

namespace hf::vuln {
namespace {

namespace fs = std::filesystem;

fs::path shared_data() {
  if (const char* folder = std::getenv("HF_SHARED_DATA")) return folder;
  return fs::path(HF_TEST_DATA) / "../../../shared/data";
}

// The order of records decides ties between grounds that say the same, so states and vulnerabilities are compared.
std::vector<std::string> lines_of(const std::vector<Finding>& findings, const std::vector<Subject>& subjects) {
  std::vector<std::string> lines;
  for (const auto& f : findings)
    lines.push_back(subjects[f.component].ref + " " + f.vulnerability + " " + std::string(name_of(f.state)));
  return lines;
}

TEST(Oracle, TheIndexFindsWhatExhaustionFinds) {
  const auto data = shared_data();
  const auto image = data / "spdx/yocto-core-image-minimal-qemux86-64.rootfs.spdx3.json.zst";
  const std::vector<fs::path> sources{
      data / "cve5/vulnrichment-2024-10.tar.zst", data / "nvd/nvd-data-overrides-2026-08.tar.zst",
      data / "osv/golang-vulndb-2026-08.tar.zst", data / "osv/bitnami-vulndb-2026-08.tar.zst"};
  if (!fs::exists(image) || !fs::exists(sources.front()))
    GTEST_SKIP() << "no real feeds in " << data << ": set HF_SHARED_DATA";
  const auto directory = fs::temp_directory_path() / ("hf-oracle-" + std::to_string(::getpid()));
  const ManualClock clock(time_of(0));
  const auto built = build_database(sources, directory, {}, clock);
  ASSERT_TRUE(built) << built.error().message << built.error().detail;
  auto database = AdvisoryDatabase::open(directory);
  ASSERT_TRUE(database);

  std::optional<sbom::Document> document;
  ASSERT_TRUE(archive::for_each_document(image, {}, [&](const archive::Document& each) -> Result<bool> {
    auto parsed = sbom::parse(bytes_of(each.bytes));
    EXPECT_TRUE(parsed) << parsed.error().message;
    if (parsed) document = *std::move(parsed);
    return false;
  }));
  ASSERT_TRUE(document);
  const auto found = scan(*document, *database, {.all = true});
  ASSERT_TRUE(found) << found.error().message;

  std::vector<Advisory> records;
  ProductDictionary dictionary;
  const FeedSink sink{.advisory = [&](Advisory a) -> Result<void> {
                        for (const auto& pair : product_vendors_of(a)) dictionary.add(pair);
                        records.push_back(std::move(a));
                        return {};
                      },
                      .kev = {},
                      .epss_head = {},
                      .epss = {}};
  for (const auto& source : sources) ASSERT_TRUE(read_source(source, {}, sink));
  const auto subjects = subjects_of(*document);

  // Components of one coordinate get one answer, so one of each is enough: the image has 142 and 30 coordinates.
  std::map<std::string, std::uint32_t> coordinates;
  std::vector<Subject> distinct;
  std::set<std::string> kept;
  for (const auto& subject : subjects.subjects)
    if (coordinates.try_emplace(coordinate_digest(subject), 0).second) {
      distinct.push_back(subject);
      kept.insert(subject.ref);
    }
  const auto exhaustive = ComponentSet::without_index(distinct);
  std::map<std::string, std::uint32_t> at;
  for (std::uint32_t i = 0; i < distinct.size(); ++i) at[distinct[i].ref] = i;
  auto vex = subjects.vex;
  for (auto& claim : vex) {
    std::vector<std::uint32_t> components;
    for (const auto i : claim.components)
      if (const auto place = at.find(subjects.subjects[i].ref); place != at.end()) components.push_back(place->second);
    claim.components = std::move(components);
  }
  const auto expected = lines_of(evaluate(records, exhaustive, vex, dictionary, {.all = true}), distinct);

  std::vector<std::string> got;
  std::map<State, std::size_t> states;
  for (const auto& f : found->findings) {
    ++states[f.state];
    const auto& ref = found->subjects[f.component].ref;
    if (kept.contains(ref)) got.push_back(ref + " " + f.vulnerability + " " + std::string(name_of(f.state)));
  }
  std::sort(got.begin(), got.end());
  auto sorted = expected;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(got, sorted);
  EXPECT_GT(got.size(), 1000U) << "with what is outside every range";
  std::cout << records.size() << " records, " << found->subjects.size() << " components, " << distinct.size()
            << " coordinates, " << got.size() << " assessments of coordinates alike;";
  for (const auto& [state, count] : states) std::cout << " " << count << " " << name_of(state);
  std::cout << "\n";
  fs::remove_all(directory);
}

}  // namespace
}  // namespace hf::vuln
