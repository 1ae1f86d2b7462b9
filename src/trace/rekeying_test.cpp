#include "trace/rekeying.h"

#include <gtest/gtest.h>

namespace hf::trace {
namespace {

KeyUseStore::Anchor anchor(std::string_view platform, std::int64_t used = 1, std::int64_t said = 0) {
  return {.hardware_revision = "px/a",
          .version = 1,
          .said_slots = said,
          .slots_used = used,
          .fused = true,
          .platform = std::string(platform),
          .devices = {}};
}

TEST(Rekeying, WhatAnUpdateReplacesIsNoQuestionOfSlots) {
  auto replaceable = anchor("");
  replaceable.fused = false;
  EXPECT_EQ(slots_of(replaceable).rekeying, Rekeying::possible);
  EXPECT_EQ(slots_of(replaceable).left, std::nullopt);
}

TEST(Rekeying, WhatSomebodySaidComesBeforeTheCatalogue) {
  EXPECT_EQ(slots_of(anchor("espressif-esp32", 1, 2)).left, 1);
  EXPECT_EQ(slots_of(anchor("espressif-esp32", 1, 2)).rekeying, Rekeying::possible);
  EXPECT_EQ(slots_of(anchor("", 2, 2)).rekeying, Rekeying::impossible);
  EXPECT_EQ(slots_of(anchor("")).rekeying, Rekeying::impossible) << "as before there was a catalogue";
}

TEST(Rekeying, TheCatalogueSaysHowManyAndFromWhere) {
  const auto c3 = slots_of(anchor("espressif-esp32-c3", 1));
  EXPECT_EQ(c3.rekeying, Rekeying::possible);
  EXPECT_EQ(c3.total, 3);
  EXPECT_EQ(c3.left, 2);
  EXPECT_NE(c3.from.find("silicon catalogue of 20"), std::string::npos) << c3.from;
  EXPECT_NE(c3.from.find("soc_caps.h"), std::string::npos) << c3.from;
  EXPECT_EQ(slots_of(anchor("espressif-esp32-c3", 3)).rekeying, Rekeying::impossible);
  EXPECT_EQ(slots_of(anchor("espressif-esp32-c3", 9)).left, 0);
  EXPECT_EQ(slots_of(anchor("espressif-esp32", 0)).rekeying, Rekeying::impossible) << "a slot, and nothing is revoked";
}

TEST(Rekeying, UnknownIsNotNo) {
  EXPECT_EQ(slots_of(anchor("st-stm32u585")).rekeying, Rekeying::unknown);
  EXPECT_EQ(slots_of(anchor("st-stm32u585")).left, std::nullopt);
  EXPECT_EQ(slots_of(anchor("nxp-imx8mp")).rekeying, Rekeying::unknown) << "4 slots, revocation not shown";
  EXPECT_EQ(slots_of(anchor("nxp-imx8mp")).left, 3);
  EXPECT_EQ(slots_of(anchor("nobody-chip")).rekeying, Rekeying::unknown);
}

}  // namespace
}  // namespace hf::trace
