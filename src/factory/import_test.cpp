// Bundles of stations that are honest, mistaken or lying, on both engines.
#include "factory/import.h"

#include "factory/register_fixture.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "support/memory_key_store.h"

namespace hf::factory {
namespace {
using namespace fixture;

class Import : public RegisterTest {};
HF_BOTH_ENGINES(Import);

TEST_P(Import, AnHonestBundleReconcilesAndIsTakenOnce) {
  const auto order = authorised();
  for (int i = 1; i <= 3; ++i) station_.make(order.id, i, Unit(serial_of(i)));
  const auto done = import(station_.bundle());
  ASSERT_TRUE(done) << done.error().message << done.error().detail;
  EXPECT_EQ(std::tuple(done->reserved, done->issued, done->activated, done->alarms.size()), std::tuple(3, 3, 3, 0U));
  EXPECT_EQ(states(order.id), "activated 3;");
  const auto again = import(station_.bundle());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->known);
  EXPECT_EQ(again->lines, 0);

  // What is new of a longer bundle, and only that. One in between is not imported yet.
  station_.add({{"what", "order"}, {"order", maker_.sign(order)}});
  const auto short_one = station_.bundle();
  station_.at = kNow + 1s;
  const Unit late(serial_of(4));
  const auto line = station_.reserve(order.id, 4, late);
  EXPECT_EQ(alarms_of(station_.bundle()), "");
  EXPECT_EQ(states(order.id), "activated 3;reserved 1;");
  station_.issue(line, false);
  station_.add(
      {{"what", "activate"}, {"of", line}, {"flash_sha256", nullptr}, {"fuses", nullptr}, {"attested", false}});
  station_.add({{"what", "void"}, {"of", station_.reserve(order.id, 5, Unit(serial_of(5)))}});
  const auto more = import(station_.bundle());
  ASSERT_TRUE(more && more->alarms.empty()) << more->alarms[0].detail;
  EXPECT_EQ(states(order.id), "activated 4;voided 1;");

  const auto older = short_one;
  EXPECT_TRUE(import(older)->known) << "an export from before is no journal that was put back";

  // Rows are what their events say.
  test::MemoryKeyStore keys;
  ledger::Log log(*database_, clock_, keys, "example.eu/log", "ledger");
  ASSERT_TRUE(log.advance());
  const auto report = ledger::verify_ledger(*database_, log.verifier_key().value());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->findings.empty()) << report->findings[0].what;
}

TEST_P(Import, Abuse32TheOneAfterTheLastIsAnAlarm) {
  const auto order = authorised(2);
  for (int i = 1; i <= 3; ++i) station_.make(order.id, i, Unit(serial_of(i)));
  EXPECT_EQ(alarms_of(station_.bundle()), "over_quota");
  EXPECT_EQ(states(order.id), "activated 3;") << "the unit is there, whatever it should be";
}

TEST_P(Import, Abuse32ADuplicateSerialOrKeyIsAnAlarm) {
  const auto order = authorised();
  const Unit unit(serial_of(1)), other(serial_of(1));
  Unit twin(serial_of(2));
  twin.request = pki::fixture::request_der(unit.key, "serialNumber=" + twin.serial);
  station_.make(order.id, 1, unit);
  station_.make(order.id, 2, other);
  station_.make(order.id, 3, twin);
  EXPECT_EQ(alarms_of(station_.bundle()), "duplicate_key,duplicate_serial");
}

TEST_P(Import, Abuse32ADuplicateAtASecondStationIsAnAlarm) {
  PaperStation second(maker_.root);
  auto wanted = wish(2);
  wanted.stations.push_back({second.name(), 2, 0});
  const auto order = authorised(wanted);
  second.begin();
  second.order(maker_.sign(order));
  station_.make(order.id, 1, Unit(serial_of(1)));
  second.make(order.id, 1, Unit(serial_of(1)));
  EXPECT_EQ(alarms_of(station_.bundle()), "");
  EXPECT_EQ(alarms_of(second.bundle()), "bad_certificate,duplicate_serial")
      << "and its CA is not the one that was named";
}

TEST_P(Import, Abuse32AnAuthorisationAtAnotherStationIsAnAlarm) {
  const auto order = authorised();
  PaperStation second(maker_.root);
  second.begin();
  second.order(maker_.sign(order));
  second.make(order.id, 1, Unit(serial_of(1)));
  EXPECT_EQ(alarms_of(second.bundle()), "bad_certificate,wrong_station");
}

TEST_P(Import, Abuse32ASerialOutOfTheRangeIsAnAlarm) {
  const auto order = authorised();
  station_.make(order.id, 1, Unit("GW-1001"));
  EXPECT_EQ(alarms_of(station_.bundle()), "out_of_range");
}

TEST_P(Import, Abuse32AGapIsAnAlarm) {
  const auto order = authorised();
  station_.make(order.id, 1, Unit(serial_of(1)));
  station_.make(order.id, 3, Unit(serial_of(3)));
  station_.issue(99);
  EXPECT_EQ(alarms_of(station_.bundle()), "gap,gap");
}

TEST_P(Import, Abuse32AnAlteredOrMissingLineIsAnAlarm) {
  const auto order = authorised();
  for (int i = 1; i <= 3; ++i) station_.make(order.id, i, Unit(serial_of(i)));
  auto text = station_.bundle();
  text.replace(text.find("GW-0002"), 7, "GW-0009");
  EXPECT_EQ(alarms_of(text), "altered");
  EXPECT_EQ(states(order.id), "activated 1;reserved 1;") << "what holds together is taken, the rest is named";

  text = station_.bundle();
  text.resize(text.rfind('\n', text.size() - 2) + 1);
  EXPECT_TRUE(alarms_of(text).starts_with("altered"));
}

TEST_P(Import, Abuse32AJournalThatWasPutBackIsAnAlarmAndWhatItHidesIsFound) {
  const auto order = authorised();
  station_.make(order.id, 1, Unit(serial_of(1)));
  const auto snapshot = station_;
  station_.make(order.id, 2, Unit(serial_of(2)));
  station_.make(order.id, 3, Unit(serial_of(3)));
  EXPECT_EQ(alarms_of(station_.bundle()), "");
  auto back = snapshot;
  EXPECT_EQ(alarms_of(back.bundle()), "") << "exported before: known";
  back.at = kNow + 1s;
  EXPECT_EQ(alarms_of(back.bundle()), "rollback") << "shorter than before";
  back.make(order.id, 2, Unit(serial_of(7)));
  back.make(order.id, 3, Unit(serial_of(8)));
  EXPECT_EQ(alarms_of(back.bundle()), "gap,gap,rollback") << "as long, and another";
  EXPECT_EQ(states(order.id), "activated 5;") << "the units of both are there";
}

TEST_P(Import, Abuse32WhatNoStationSignedIsRefused) {
  const auto order = authorised();
  station_.make(order.id, 1, Unit(serial_of(1)));
  auto text = station_.bundle();
  text[text.find("\"sig\":\"") + 30] ^= 1;
  EXPECT_EQ(alarms_of(text), "HF-FACTORY-0020");
  EXPECT_EQ(alarms_of(""), "HF-FACTORY-0020");
  EXPECT_EQ(alarms_of("{}\n"), "HF-FACTORY-0020");
  EXPECT_EQ(states(order.id), "");
}

TEST_P(Import, Abuse19TimesOutOfTheWindowOrRunningBackAreAlarms) {
  const auto order = authorised();
  station_.at = kNow + 24h * 31;
  station_.make(order.id, 1, Unit(serial_of(1)));
  station_.at = kNow;
  station_.make(order.id, 2, Unit(serial_of(2)));
  EXPECT_EQ(alarms_of(station_.bundle()), "clock,clock,out_of_window");
}

TEST_P(Import, OrdersThatTheRegisterDoesNotHaveAreAlarms) {
  auto order = service().propose(wish()).value();
  station_.order(maker_.sign(order));
  station_.make(order.id, 1, Unit(serial_of(1)));
  EXPECT_EQ(alarms_of(station_.bundle()), "unknown_authorisation,unknown_authorisation") << "the order, and the unit";
  EXPECT_EQ(states(order.id), "activated 1;");
}

TEST_P(Import, ACertificateIsTheOneThatWasReservedAndOfTheCaThatWasNamed) {
  const auto order = authorised();
  const auto line = station_.reserve(order.id, 1, Unit(serial_of(1)));
  station_.reserve(order.id, 2, Unit(serial_of(2)));  // whose certificate goes out for line 1
  station_.issue(line);
  const auto third = station_.reserve(order.id, 3, Unit(serial_of(3)));
  station_.certificate().back() ^= 1;
  station_.issue(third);
  EXPECT_EQ(alarms_of(station_.bundle()), "bad_certificate,bad_certificate");
}

TEST_P(Import, WhatWentOutWithoutItsProofIsAnAlarm) {
  auto wanted = wish();
  wanted.activation = {{std::string(64, 'f')}, {"SECURE_BOOT=1"}, false};
  const auto order = authorised(wanted);
  station_.make(order.id, 1, Unit(serial_of(1)));
  const auto line = station_.reserve(order.id, 2, Unit(serial_of(2)));
  station_.issue(line, false);
  station_.add({{"what", "activate"}, {"of", line}, {"flash_sha256", std::string(64, '0')}, {"fuses", nullptr}});
  EXPECT_EQ(alarms_of(station_.bundle()), "not_proven,not_proven,not_proven");
}

TEST_P(Import, WhatWasIssuedUnderAHoldIsAnAlarm) {
  const auto order = authorised();
  station_.make(order.id, 1, Unit(serial_of(1)));
  clock_.set(kNow + 1h);
  ASSERT_TRUE(service().hold({.product = "px-100"}, "CVE-2026-0001", actor_));
  station_.at = kNow + 2h;
  station_.make(order.id, 2, Unit(serial_of(2)));
  EXPECT_EQ(alarms_of(station_.bundle()), "held");
}

TEST_P(Import, AClosingGivesQuotaBackIfItAddsUp) {
  const auto order = authorised(60);
  EXPECT_EQ(service().propose(wish(60)).error().code, "HF-FACTORY-0003") << "the batch is for 100";
  station_.make(order.id, 1, Unit(serial_of(1)));
  auto liar = station_;
  liar.close(order.id, 0, 60);
  station_.close(order.id, 1, 59);
  EXPECT_EQ(alarms_of(station_.bundle()), "");
  EXPECT_TRUE(service().propose(wish(60)));
  EXPECT_EQ(service().propose(wish(100)).error().code, "HF-FACTORY-0003");
  station_.make(order.id, 2, Unit(serial_of(2)));
  EXPECT_EQ(alarms_of(station_.bundle()), "after_close");
}

TEST_P(Import, AClosingThatDoesNotAddUpGivesNothingBack) {
  const auto order = authorised(60);
  station_.make(order.id, 1, Unit(serial_of(1)));
  station_.close(order.id, 0, 60);
  EXPECT_EQ(alarms_of(station_.bundle()), "gap");
  EXPECT_EQ(service().propose(wish(60)).error().code, "HF-FACTORY-0003");
}

TEST_P(Import, LinesThatNoStationWritesAreAlarms) {
  authorised();
  station_.add({{"what", "surprise"}});
  station_.add({{"what", "reserve"}, {"authorisation", "x"}, {"device", "a\nb"}, {"key", ""}, {"tbs", ""}, {"use", 1}});
  station_.add({{"what", "close"}, {"authorisation", std::string("\0", 1)}});
  station_.add({{"what", 7}});
  EXPECT_EQ(alarms_of(station_.bundle()), "unknown_line,unknown_line,unknown_line,unknown_line");
}

}  // namespace
}  // namespace hf::factory
