#include "silicon/catalogue.h"

#include <gtest/gtest.h>
#include <set>

namespace hf::silicon {
namespace {

TEST(SiliconCatalogue, TheOneInsideTheBinaryReads) {
  const auto& all = catalogue();
  EXPECT_GE(all.platforms().size(), 50U);
  EXPECT_FALSE(all.generated().empty());
  for (const auto& platform : all.platforms()) {
    EXPECT_EQ(all.find(platform.id), &platform);
    EXPECT_EQ(platform.root_keys.confidence.empty(), platform.root_keys.level == "unknown") << platform.id;
    if (platform.root_keys.level == "unknown") continue;
    EXPECT_FALSE(all.confidence(platform.root_keys.confidence).empty()) << platform.id;
  }
  EXPECT_EQ(all.find("nobody"), nullptr);
}

TEST(SiliconCatalogue, UnknownIsAValueOfItsOwn) {
  const auto& c3 = catalogue().find("espressif-esp32-c3")->root_keys;
  EXPECT_EQ(c3.slots, 3);
  EXPECT_EQ(c3.revocable, true);
  EXPECT_FALSE(c3.sources.empty());
  const auto& single = catalogue().find("espressif-esp32")->root_keys;
  EXPECT_EQ(single.slots, 1);
  EXPECT_EQ(single.revocable, false);
  const auto& half = catalogue().find("nxp-imx8mp")->root_keys;
  EXPECT_EQ(half.slots, 4);
  EXPECT_EQ(half.revocable, std::nullopt) << "the catalogue says unknown";
  const auto& none = catalogue().find("st-stm32u585")->root_keys;
  EXPECT_EQ(none.slots, std::nullopt);
  EXPECT_EQ(none.level, "unknown");
  EXPECT_FALSE(catalogue().find("espressif-esp32")->algorithms.empty());
}

std::string document(std::string_view root_keys) {
  return R"({"schema":"holdfast-silicon-catalogue/1","generated":"2026-01-01","confidence_legend":{"M":"read"},
             "sources":{"s":{"ref":"r","version":"1"}},
             "platforms":[{"id":"p","capabilities":{"root_keys":)" +
         std::string(root_keys) + "}}]}";
}

TEST(SiliconCatalogue, AFigureHasASource) {
  EXPECT_TRUE(Catalogue::read(document(R"({"level":"1 slot","slots":1,"sources":["s"]})")));
  for (const auto* bad : {R"({"level":"1 slot","slots":1})", R"({"slots":1,"sources":["t"]})",
                          R"({"slots":-1,"sources":["s"]})", R"("unknown")"}) {
    const auto read = Catalogue::read(document(bad));
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, "HF-SILICON-0001");
  }
  EXPECT_FALSE(Catalogue::read("{}"));
  EXPECT_FALSE(Catalogue::read("[]"));
}

}  // namespace
}  // namespace hf::silicon
