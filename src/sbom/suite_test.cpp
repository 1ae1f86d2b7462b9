// Published documents: every valid one is read without a finding, every invalid one is refused with one.
#include <gtest/gtest.h>

#include "sbom/parse.h"
#include "sbom/shared_data.h"

namespace hf::sbom {
namespace {

const auto kOurData = std::filesystem::path(HF_TEST_DATA) / "sbom";

std::string shown(const std::vector<Finding>& findings) {
  std::string lines;
  for (const auto& finding : findings)
    lines += "\n  " + finding.pointer + " " + std::string(finding.code) + " " + finding.message;
  return lines;
}

int read_all(const std::map<std::string, std::string>& files) {
  int read = 0;
  for (const auto& [name, content] : files) {
    if (!name.ends_with(".json")) continue;
    const Text text(content);
    const auto findings = validate(text);
    EXPECT_TRUE(findings.empty()) << name << shown(findings);
    EXPECT_TRUE(parse(text)) << name;
    ++read;
  }
  return read;
}

TEST(Published, CycloneDxSuite) {
  const auto files = test::unpack(kOurData / "cyclonedx-suite.tar.zst");
  ASSERT_EQ(files.size(), 269U);
  std::map<std::string, std::string> valid;
  for (const auto& [name, content] : files) {
    if (name.find("invalid-") == std::string::npos) {
      valid.emplace(name, content);
      continue;
    }
    const Text text(content);
    EXPECT_FALSE(validate(text).empty()) << name;
    EXPECT_FALSE(parse(text)) << name;
  }
  EXPECT_EQ(read_all(valid), 157);
}

TEST(Published, SpdxExamples) { EXPECT_EQ(read_all(test::unpack(kOurData / "spdx-examples.tar.zst")), 37); }

TEST(Published, YoctoRecipesInSpdx22) {
  HF_NEEDS_SHARED_DATA("spdx/yocto-example.rootfs.spdx2.tar.zst");
  auto files = test::unpack(test::shared_data("spdx/yocto-example.rootfs.spdx2.tar.zst"));
  std::erase_if(files,
                [](const auto& file) { return file.first.ends_with("index.json"); });  // no SPDX: which file has which
  EXPECT_EQ(read_all(files), 155);
}

TEST(Published, CycloneDxBomExamples) {
  HF_NEEDS_SHARED_DATA("cyclonedx/bom-examples.tar.zst");
  auto files = test::unpack(test::shared_data("cyclonedx/bom-examples.tar.zst"));
  std::erase_if(files, [](const auto& file) { return file.second.find("\"bomFormat\"") == std::string::npos; });
  EXPECT_GE(read_all(files), 60);
}

}  // namespace
}  // namespace hf::sbom
