#include "trace/sentence.h"

#include <gtest/gtest.h>

namespace hf::trace {
namespace {

TEST(Sentence, MarketsOutsideTheUnionAreNoMemberStates) {
  EXPECT_EQ(places({}), "0 Member States");
  EXPECT_EQ(places({"DE"}), "1 Member State");
  EXPECT_EQ(places({"DE", "GR"}), "2 Member States");
  EXPECT_EQ(places({"DE", "GB"}), "1 Member State and 1 other market");
  EXPECT_EQ(places({"AT", "CH", "NO", "SK"}), "2 Member States and 2 other markets");
  EXPECT_EQ(places({"NO"}), "1 market outside the Union");
  EXPECT_EQ(places({"EL", "US"}), "2 markets outside the Union") << "ISO 3166-1 has GR";
}

TEST(Sentence, NumbersAreGrouped) {
  EXPECT_EQ(counted(1, "unit", "units"), "1 unit");
  EXPECT_EQ(counted(1234567, "unit", "units"), "1,234,567 units");
  EXPECT_EQ(grouped(-100), "-100");
  EXPECT_EQ(grouped(-1000), "-1,000");
  EXPECT_EQ(grouped(999), "999");
}

}  // namespace
}  // namespace hf::trace
