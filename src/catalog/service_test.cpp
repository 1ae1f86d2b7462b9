#include "catalog/service.h"

#include "support/test_database.h"

namespace hf::catalog {
namespace {

class Catalog : public test::DatabaseTest {
 protected:
  Result<std::string> add(std::string_view entity, std::string_view json) {
    const auto record = parse_json(json).value();
    return ledger::write(*database_, clock_, {"user:test", "engineer"},
                         [&](ledger::Transaction& t) { return create(t, *find_entity(entity), record.get_object()); });
  }
  Result<JsonObject> get(std::string_view entity, std::string_view path) {
    return database_->read([&](const db::Reader& reader) { return show(reader, *find_entity(entity), path); });
  }
  void base() {
    ASSERT_TRUE(add("manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})"));
    ASSERT_TRUE(add("product", R"({"code":"px","manufacturer":"acme","name":"PX","product_class":"default"})"));
    ASSERT_TRUE(add("product", R"({"code":"py","manufacturer":"acme","name":"PY","product_class":"critical"})"));
    ASSERT_TRUE(add("module", R"({"product":"px","code":"fw","name":"Firmware","kind":"firmware"})"));
    ASSERT_TRUE(add("module", R"({"product":"py","code":"fw","name":"Firmware","kind":"firmware"})"));
    ASSERT_TRUE(add("hardware_revision", R"({"product":"px","code":"rev-a","name":"Rev A"})"));
    for (const auto* version : {"1.0", "1.1"})
      ASSERT_TRUE(add("build", R"({"module":"px/fw","version":")" + std::string(version) +
                                   R"(","built_at":"2026-01-02","artifacts":[{"name":"fw.bin","sha256":")" +
                                   std::string(64, 'A') + R"(","size":12}]})"));
    ASSERT_TRUE(add("build", R"({"module":"py/fw","version":"1.0"})"));
  }

  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
};
HF_BOTH_ENGINES(Catalog);

TEST_P(Catalog, RecordsComeBackWithTheirPathsAndChildren) {
  base();
  const auto build = get("build", "px/fw/1.0");
  ASSERT_TRUE(build) << build.error().message;
  EXPECT_EQ(build->at("module").as_string(), "px/fw");
  EXPECT_EQ(build->at("built_at").as_string(), "2026-01-02T00:00:00Z");
  EXPECT_EQ(build->at("artifacts").at(0).at("sha256").as_string(), std::string(64, 'a'));
  ASSERT_TRUE(add(
      "release",
      R"({"product":"px","version":"2026.1","kind":"security","security_version":3,"builds":[{"build":"px/fw/1.0"}]})"));
  ASSERT_TRUE(add(
      "batch",
      R"({"product":"px","code":"b1","hardware_revision":"px/rev-a","release":"px/2026.1","name":"B1","factory":"Brno",
      "authorised_quantity":100,"support_end":"2031-01-31","placements":[{"market":"DE","placed_at":"2026-02-01"},{"market":"FR","placed_at":"2026-02-03"}]})"));
  const auto batch = get("batch", "px/b1");
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->at("placements").as_array().size(), 2U);
  EXPECT_EQ(batch->at("code").as_string(), "b1");
  EXPECT_EQ(batch->at("release").as_string(), "px/2026.1");
}

TEST_P(Catalog, EveryProblemOfARecordIsNamedAtOnce) {
  const auto refused = add("manufacturer", R"({"code":"a b","country":"de","color":"red"})");
  EXPECT_EQ(refused.error().code, "HF-CATALOG-0001");
  for (const auto* part : {"code takes", "name is missing", "country takes", "color is not a field"})
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
}

TEST_P(Catalog, ReferencesLeadSomewhereAndStayInTheProduct) {
  base();
  EXPECT_EQ(add("module", R"({"product":"nope","code":"x","name":"x","kind":"other"})").error().code,
            "HF-CATALOG-0002");
  EXPECT_EQ(
      add("release",
          R"({"product":"px","version":"1","kind":"security","security_version":1,"builds":[{"build":"py/fw/1.0"}]})")
          .error()
          .code,
      "HF-CATALOG-0002");
  EXPECT_EQ(
      add("release",
          R"({"product":"px","version":"1","kind":"security","security_version":1,"builds":[{"build":"px/fw/1.0"},{"build":"px/fw/1.1"}]})")
          .error()
          .code,
      "HF-CATALOG-0004");
  EXPECT_EQ(
      add("batch",
          R"({"product":"py","code":"b","hardware_revision":"px/rev-a","name":"B","factory":"F","authorised_quantity":1})")
          .error()
          .code,
      "HF-CATALOG-0002");
}

TEST_P(Catalog, AMixedReleaseStatesItsReason) {
  base();
  EXPECT_EQ(add("release", R"({"product":"px","version":"1","kind":"mixed","security_version":1})").error().code,
            "HF-CATALOG-0004");
  EXPECT_TRUE(add("release",
                  R"({"product":"px","version":"1","kind":"mixed","mixed_reason":"one image","security_version":1})"));
}

TEST_P(Catalog, ARecordIsCreatedOnce) {
  base();
  EXPECT_EQ(
      add("product", R"({"code":"px","manufacturer":"acme","name":"Other","product_class":"default"})").error().code,
      "HF-CATALOG-0003");
  EXPECT_EQ(get("product", "px")->at("name").as_string(), "PX");
  EXPECT_EQ(get("product", "nope").error().code, "HF-CATALOG-0005");
}

TEST_P(Catalog, ListsPageBelowAParent) {
  base();
  const auto page = [&](std::string_view parent, Page p) {
    std::vector<std::string> paths;
    const auto records =
        database_->read([&](const db::Reader& r) { return list(r, *find_entity("build"), parent, p); });
    for (const auto& record : records.value()) paths.emplace_back(record.at("path").as_string());
    return paths;
  };
  EXPECT_EQ(page("", {}), (std::vector<std::string>{"px/fw/1.0", "px/fw/1.1", "py/fw/1.0"}));
  EXPECT_EQ(page("px/fw", {.after = "", .limit = 1}), (std::vector<std::string>{"px/fw/1.0"}));
  EXPECT_EQ(page("px/fw", {.after = "px/fw/1.0"}), (std::vector<std::string>{"px/fw/1.1"}));
}

TEST_P(Catalog, HostileTextIsStoredAsItIs) {
  const auto* hostile =
      R"({"code":"acme","name":"'; DROP TABLE product; --","country":"DE","contact":"<script>alert(1)</script>\n%s$1"})";
  ASSERT_TRUE(add("manufacturer", hostile));
  EXPECT_EQ(get("manufacturer", "acme")->at("name").as_string(), "'; DROP TABLE product; --");
  EXPECT_EQ(get("manufacturer", "' OR 1=1 --").error().code, "HF-CATALOG-0005");
}

}  // namespace
}  // namespace hf::catalog
