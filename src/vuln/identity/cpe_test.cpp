#include "vuln/identity/cpe.h"

#include <gtest/gtest.h>
#include <fstream>
#include <string>
#include <vector>

namespace hf::vuln {
namespace {

std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> fields;
  while (true) {
    const auto bar = text.find(" | ");
    fields.emplace_back(text.substr(0, bar));
    if (bar == std::string_view::npos) return fields;
    text.remove_prefix(bar + 3);
  }
}

TEST(Cpe, Vectors) {
  std::ifstream file(HF_TEST_DATA "/vuln/cpe.vec");
  int number = 0, cases = 0;
  std::string text;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto value = [&](std::string_view key) { return std::string_view(line).substr(key.size()); };
    if (line.starts_with("text = ")) {
      text = value("text = ");
    } else if (line == "refused") {
      ++cases;
      EXPECT_FALSE(Cpe::parse(text)) << "cpe.vec:" << number << " " << text;
    } else if (line.starts_with("name = ")) {
      ++cases;
      const auto cpe = Cpe::parse(text);
      ASSERT_TRUE(cpe) << "cpe.vec:" << number << " " << text << ": " << cpe.error().message;
      EXPECT_EQ(cpe->to_text(), value("name = ")) << "cpe.vec:" << number;
      EXPECT_EQ(*Cpe::parse(cpe->to_text()), *cpe) << "cpe.vec:" << number;
      EXPECT_EQ(*Cpe::parse(cpe->to_uri()), *cpe) << "cpe.vec:" << number << " " << cpe->to_uri();
      EXPECT_TRUE(!text.starts_with("cpe:/") || cpe->to_uri() == text) << "cpe.vec:" << number << " " << cpe->to_uri();
    } else if (line.starts_with("attribute = ")) {
      ++cases;
      const auto f = fields_of(value("attribute = "));
      EXPECT_EQ(name_of(compare(f[0], f[1])), f[2]) << "cpe.vec:" << number << " " << line;
    } else if (line.starts_with("names = ")) {
      ++cases;
      const auto f = fields_of(value("names = "));
      const auto source = Cpe::parse(f[0]), target = Cpe::parse(f[1]);
      ASSERT_TRUE(source && target) << "cpe.vec:" << number;
      EXPECT_EQ(name_of(compare(*source, *target)), f[2]) << "cpe.vec:" << number << " " << line;
    }
  }
  EXPECT_GT(cases, 60);
}

TEST(Cpe, PartsFromPlainText) {
  Cpe cpe;
  cpe.set(CpeAttribute::part, "a");
  cpe.set(CpeAttribute::vendor, "GNU");
  cpe.set(CpeAttribute::product, "c++ tools");
  cpe.set(CpeAttribute::version, "1:2.0*");
  cpe.set(CpeAttribute::update, "-");
  EXPECT_EQ(cpe.to_text(), "cpe:2.3:a:gnu:c\\+\\+_tools:1\\:2.0\\*:-:*:*:*:*:*:*");
  EXPECT_EQ(cpe.plain(CpeAttribute::product), "c++_tools");
  EXPECT_EQ(cpe.product_key(), "gnu:c++_tools");
  EXPECT_TRUE(cpe.is_na(CpeAttribute::update));
  EXPECT_TRUE(cpe.is_any(CpeAttribute::edition));
  EXPECT_EQ(*Cpe::parse(cpe.to_text()), cpe);
}

TEST(Cpe, ARecordCoversAComponent) {
  const auto covered = [](const char* source, const char* target, bool lenient) {
    return covers(*Cpe::parse(source), *Cpe::parse(target), lenient);
  };
  const auto* openssl = "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*";
  EXPECT_TRUE(covered(openssl, "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*", false));
  EXPECT_FALSE(covered(openssl, "cpe:2.3:*:openssl:openssl:3.0.11:*:*:*:*:*:*:*", false));
  EXPECT_TRUE(covered(openssl, "cpe:2.3:*:openssl:openssl:3.0.11:*:*:*:*:*:*:*", true));  // Yocto
  EXPECT_FALSE(covered(openssl, "cpe:2.3:*:*:openssl:3.0.11:*:*:*:*:*:*:*", true));  // any vendor is a candidate only
  EXPECT_FALSE(covered("cpe:2.3:a:v:p:-:*:*:*:*:*:*:*", "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*", true));  // NA is no version
}

TEST(Cpe, OverTheLimit) { EXPECT_EQ(Cpe::parse("cpe:2.3:a:" + std::string(5000, 'v')).error().code, "HF-CPE-0003"); }

}  // namespace
}  // namespace hf::vuln
