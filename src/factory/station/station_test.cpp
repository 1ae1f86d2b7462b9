// A station on a real SoftHSM token: what it takes, what it issues, and what it is never brought to do.
#include "factory/station/station.h"

#include "factory/factory_test.h"
#include "pki/path.h"

namespace hf::factory {
namespace {
using namespace fixture;

TEST_F(StationTest, IssuesWhatVerifiesAndRemembersIt) {
  const auto order = authorisation();
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(importing(order), "known") << "taken again it changes nothing";
  const Unit unit(serial_of(1));
  const auto wanted = unit.order();
  const auto issued = station_->issue(std::span(&wanted, 1));
  ASSERT_TRUE(issued && (*issued)[0]) << (issued ? (*issued)[0].error().message : issued.error().message);
  const auto& one = *(*issued)[0];
  EXPECT_TRUE(one.active);
  const auto certificate = x509::certificate_of(one.certificate).value();
  EXPECT_TRUE(std::ranges::equal(certificate.spki, crypto::to_spki(unit.key.key())));
  std::vector<pki::Certificate> roots, between;
  roots.push_back(x509::certificate_of(maker_.root.certificate.der).value());
  between.push_back(x509::certificate_of(ca_).value());
  pki::PathFinder finder(roots, between, {});
  EXPECT_TRUE(finder.find(certificate, {.at = kNow}).holds());

  open(unit.serial);
  EXPECT_EQ(trouble(), "none");
  EXPECT_EQ(used(order.id), 1);
  EXPECT_EQ(station_->state().device(unit.serial)->state, IdentityState::activated);
  EXPECT_EQ(station_->state().kept_certificate(), one.certificate);
  EXPECT_EQ(station_->activate(unit.serial, {}).value(), one.certificate) << "asked again it is the same one";
}

TEST_F(StationTest, Abuse32TheOneAfterTheLastIsRefusedAlsoOfManyAtOnce) {
  const auto order = authorisation();
  ASSERT_EQ(importing(order), "ok");
  std::vector<Unit> units;
  std::vector<IssueOrder> orders;
  for (int i = 1; i <= 9; ++i) orders.push_back(units.emplace_back(serial_of(i)).order());
  const auto outcomes = station_->issue(orders).value();
  EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); }), 5);
  EXPECT_EQ(outcomes[5].error().code, "HF-STATION-0015");
  open();
  EXPECT_EQ(issuing(Unit(serial_of(50))), "HF-STATION-0015");
  EXPECT_EQ(used(order.id), 5);
}

TEST_F(StationTest, Abuse32ASerialOrAKeyIsUsedOnce) {
  ASSERT_EQ(importing(authorisation()), "ok");
  const Unit unit(serial_of(1));
  EXPECT_EQ(issuing(unit), "ok");
  EXPECT_EQ(issuing(unit), "HF-STATION-0017");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "HF-STATION-0017") << "another key, the same serial";
  Unit twin(serial_of(2));
  twin.request = pki::fixture::request_der(unit.key, "serialNumber=" + twin.serial);
  EXPECT_EQ(issuing(twin), "HF-STATION-0017") << "another serial, the same key";
  open();
  EXPECT_EQ(issuing(unit), "HF-STATION-0017");
  const Unit a(serial_of(3)), b(serial_of(3));
  const std::vector<IssueOrder> both{a.order(), b.order()};
  EXPECT_EQ(station_->issue(both).value()[1].error().code, "HF-STATION-0017") << "within one batch too";
}

TEST_F(StationTest, Abuse32ASerialOutOfTheRangeIsRefused) {
  ASSERT_EQ(importing(authorisation()), "ok");
  for (const auto* serial : {"GW-0000", "GW-1001", "GX-0001", "GW-00001", "GW-001"})
    EXPECT_EQ(issuing(Unit(serial)), "HF-STATION-0016") << serial;
  EXPECT_EQ(issuing(Unit(serial_of(1)), std::string(32, '0')), "HF-STATION-0012");
}

TEST_F(StationTest, Abuse32AnOrderForAnotherFactoryOrStationIsNotTaken) {
  auto order = authorisation();
  order.factory = "sz-2";
  EXPECT_EQ(importing(order), "HF-STATION-0006");
  order = authorisation();
  order.stations[0].key = std::string(64, '0');
  EXPECT_EQ(importing(order), "HF-STATION-0006");
  const TestKey stranger(KeyAlgorithm::ecdsa_p256);
  EXPECT_EQ(importing(envelope_of(stranger, keys::kFactoryOrderType, keys::canonical(FactoryOrder(authorisation())))),
            "HF-STATION-0007");
  auto altered = maker_.sign(authorisation());
  altered[altered.find("\"payload\":\"") + 30] ^= 1;
  EXPECT_NE(importing(altered), "ok");
  auto elsewhere = hold(1);
  elsewhere.factory = "sz-2";
  EXPECT_EQ(importing(elsewhere), "HF-STATION-0006");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "HF-STATION-0016") << "nothing was taken";
}

TEST_F(StationTest, Abuse04AnOlderOrderIsNotTakenAfterANewerOne) {
  const auto first = authorisation(1), second = authorisation(2);
  EXPECT_EQ(importing(second), "ok");
  EXPECT_EQ(importing(first), "HF-STATION-0006");
  auto other = authorisation(2);
  other.count = other.stations[0].count = 4000;
  EXPECT_EQ(importing(other), "HF-STATION-0006") << "another of the same sequence";
  EXPECT_EQ(importing(hold(2)), "ok");
  EXPECT_EQ(importing(hold(1)), "HF-STATION-0006");
}

// A snapshot of the station's directory, put back after more was issued; the counter is elsewhere and is not put back.
TEST_F(StationTest, Abuse32AJournalThatWasPutBackIsRefusedUntilTheManufacturerBeginsAnew) {
  const auto order = authorisation();
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "ok");
  auto held = hold(1);
  held.release.reset(), held.batch = "px-100/b2";
  ASSERT_EQ(importing(held), "ok");
  station_.reset();
  fs::copy(place() / "journal", dir_.path() / "snapshot");
  open();
  for (int i = 2; i <= 5; ++i) EXPECT_EQ(issuing(Unit(serial_of(i))), "ok");
  station_.reset();
  fs::copy(dir_.path() / "snapshot", place() / "journal", fs::copy_options::overwrite_existing);
  EXPECT_EQ(Station::open(place(), clock_).error().code, "HF-STATION-0004");
  open();
  EXPECT_EQ(trouble(), "HF-STATION-0004");
  EXPECT_EQ(issuing(Unit(serial_of(6))), "HF-STATION-0004");
  EXPECT_EQ(importing(order), "HF-STATION-0004") << "the old order is of no use";
  EXPECT_EQ(importing(authorisation(2)), "HF-STATION-0004") << "nor one for the old epoch";

  auto anew = authorisation(3);
  anew.stations[0].epoch = station_->counter();
  anew.batch = "px-100/b2";
  ASSERT_EQ(importing(anew), "ok");
  EXPECT_EQ(importing(text_of(ca_)), "known") << "certificates go over";
  EXPECT_EQ(issuing(Unit(serial_of(7))), "HF-STATION-0013") << "and so do holds that live";
  EXPECT_EQ(importing(hold(2, 1)), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(7))), "ok");
  open();
  EXPECT_EQ(trouble(), "none");
  EXPECT_EQ(station_->state().epoch(), anew.stations[0].epoch);
  EXPECT_EQ(used(anew.id), 1);
  EXPECT_EQ(importing(order), "HF-STATION-0006") << "of an epoch that ended";

  // The order that began the epoch begins no second one, whatever is put back.
  station_.reset();
  fs::copy(dir_.path() / "snapshot", place() / "journal", fs::copy_options::overwrite_existing);
  open();
  EXPECT_EQ(importing(anew), "HF-STATION-0004");
  station_.reset();
  fs::remove(place() / "journal");
  open();
  EXPECT_EQ(importing(anew), "HF-STATION-0004");
}

TEST_F(StationTest, Abuse32AnAlteredPastLineIsRefused) {
  ASSERT_EQ(importing(authorisation()), "ok");
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(issuing(Unit(serial_of(i))), "ok");
  station_.reset();
  auto text = std::string(text_of(read_file(place() / "journal")));
  text.replace(text.find("GW-0002"), 7, "GW-0009");
  write_file(place() / "journal", text);
  open();
  EXPECT_EQ(trouble(), "HF-SIGNER-0002");
  EXPECT_EQ(issuing(Unit(serial_of(4))), "HF-SIGNER-0002");
}

TEST_F(StationTest, ACounterThatWasPutBackOrIsGoneIsRefused) {
  ASSERT_EQ(importing(authorisation()), "ok");
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(issuing(Unit(serial_of(i))), "ok");
  const auto was = station_->counter();
  station_.reset();
  write_file(counter_file(), std::to_string(was - 2));
  open();
  EXPECT_EQ(trouble(), "HF-STATION-0005");
  auto anew = authorisation(3);
  anew.stations[0].epoch = was - 2;
  EXPECT_EQ(importing(anew), "HF-STATION-0005") << "who sets the counter could choose the epoch";
  station_.reset();
  fs::remove(counter_file());
  open();
  EXPECT_EQ(trouble(), "HF-STATION-0010");
}

// Killed after the journal's flush and before the count: the use is counted, and nothing is behind.
TEST_F(StationTest, Abuse21AnEndBetweenJournalAndCounterIsMended) {
  const auto order = authorisation();
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "ok");
  const auto was = station_->counter();
  station_.reset();
  write_file(counter_file(), std::to_string(was - 1));
  open();
  EXPECT_EQ(trouble(), "none");
  EXPECT_EQ(station_->counter(), was);
  EXPECT_EQ(used(order.id), 1);
}

TEST_F(StationTest, Abuse19TimeNeverRunsBack) {
  auto order = authorisation();
  order.not_before = kNow + 1h;
  order.not_after = kNow + 2h;
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "HF-STATION-0014") << "not yet";
  clock_.set(kNow + 1h);
  EXPECT_EQ(issuing(Unit(serial_of(1))), "ok") << "from its first instant";
  clock_.set(kNow + 2h);
  EXPECT_EQ(issuing(Unit(serial_of(2))), "HF-STATION-0014") << "its end is not within";
  EXPECT_EQ(importing(hold(1)), "ok");  // at kNow + 2h, in the journal
  EXPECT_EQ(importing(hold(2, 1)), "ok");
  clock_.set(kNow + 90min);
  EXPECT_EQ(issuing(Unit(serial_of(2))), "HF-STATION-0014") << "a clock that was put back opens nothing again";
  open();
  EXPECT_EQ(issuing(Unit(serial_of(2))), "HF-STATION-0014");

  clock_.set(kNow - 24h * 365);  // an empty battery
  auto later = authorisation(2);
  later.issued_at = later.not_before = kNow + 3h;
  ASSERT_EQ(importing(later), "ok");
  EXPECT_EQ(station_->now(), kNow + 3h) << "it is at least when the order was made";
  EXPECT_EQ(issuing(Unit(serial_of(2))), "ok");
}

TEST_F(StationTest, AnOrderThatEndedIsNotTaken) {
  auto order = authorisation();
  clock_.set(order.not_after);
  EXPECT_EQ(importing(order), "HF-STATION-0006");
}

TEST_F(StationTest, AHoldStopsIssueAndActivationUntilItEnds) {
  auto order = authorisation();
  order.activation.flash_sha256 = {std::string(64, 'f')};
  ASSERT_EQ(importing(order), "ok");
  const Unit unit(serial_of(1));
  EXPECT_EQ(issuing(unit), "ok");
  ASSERT_EQ(importing(hold(1)), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(2))), "HF-STATION-0013");
  open(unit.serial);
  EXPECT_EQ(station_->activate(unit.serial, {.flash_sha256 = std::string(64, 'f')}).error().code, "HF-STATION-0013");
  ASSERT_EQ(importing(hold(2, 1)), "ok");
  EXPECT_TRUE(station_->activate(unit.serial, {.flash_sha256 = std::string(64, 'F')}));
  auto other = hold(3);
  other.release = "px-100/9.9.9";
  ASSERT_EQ(importing(other), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(2))), "ok") << "another release is held";
}

TEST_F(StationTest, ACertificateIsHandedOutWhenTheUnitHasShownWhatIsDemanded) {
  auto order = authorisation();
  const std::string flash(64, 'f');
  order.activation = {{flash}, {"SECURE_BOOT=1", "JTAG_DIS=true"}, false};
  ASSERT_EQ(importing(order), "ok");
  const Unit unit(serial_of(1));
  const auto wanted = unit.order();
  const auto issued = station_->issue(std::span(&wanted, 1)).value()[0];
  ASSERT_TRUE(issued);
  EXPECT_FALSE(issued->active);
  open(unit.serial);
  const auto activating = [&](const ReadBack& shown) {
    const auto done = station_->activate(unit.serial, shown);
    return done ? "ok" : std::string(done.error().code);
  };
  const auto fuses = fuses_of(bytes_of(R"({"SECURE_BOOT": 1, "JTAG_DIS": true, "KEY0": "aa"})")).value();
  EXPECT_EQ(activating({}), "HF-STATION-0022");
  EXPECT_EQ(activating({.flash_sha256 = std::string(64, '0'), .fuses = fuses}), "HF-STATION-0022");
  EXPECT_EQ(activating({.flash_sha256 = flash, .fuses = {"SECURE_BOOT=1"}}), "HF-STATION-0022");
  EXPECT_EQ(activating({.flash_sha256 = flash, .fuses = {"SECURE_BOOT=10", "JTAG_DIS=true"}}), "HF-STATION-0022");
  EXPECT_EQ(activating({.flash_sha256 = flash, .fuses = fuses}), "ok");
  open(unit.serial);
  EXPECT_EQ(activating({}), "ok") << "it has shown it";
  open("GW-0009");
  EXPECT_EQ(station_->activate("GW-0009", {}).error().code, "HF-STATION-0020");
  for (const auto* bad : {"[]", "{\"a\": [1]}", "{\"a\": null}", "{\"a\": 1.5}", "x"})
    EXPECT_EQ(fuses_of(bytes_of(bad)).error().code, "HF-STATION-0022") << bad;
}

TEST_F(StationTest, AnAttestationIsTheUnitsOwn) {
  auto order = authorisation();
  const std::string flash(64, 'f');
  order.activation = {{flash}, {}, true};
  ASSERT_EQ(importing(order), "ok");
  const Unit unit(serial_of(1)), other(serial_of(2));
  EXPECT_EQ(issuing(unit), "ok");
  open(unit.serial);
  EXPECT_EQ(station_->activate(unit.serial, {.flash_sha256 = flash}).error().code, "HF-STATION-0022");
  const auto by = [&](const std::string& text) { return attested_of(bytes_of(text), unit.serial, unit.key.key()); };
  EXPECT_FALSE(by(other.attestation(flash, {})));
  Unit liar(other.serial);
  liar.key = unit.key;
  EXPECT_FALSE(by(liar.attestation(flash, {}))) << "of another serial";
  EXPECT_TRUE(station_->activate(unit.serial, by(unit.attestation(flash, {})).value()));
}

TEST_F(StationTest, ARequestIsForItsUnitAndNothingMore) {
  ASSERT_EQ(importing(authorisation()), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1), "serialNumber=GW-0002")), "HF-STATION-0018");
  EXPECT_EQ(issuing(Unit(serial_of(1), "O=Example")), "HF-STATION-0018");
  Unit stolen(serial_of(1));
  const TestKey other(KeyAlgorithm::ecdsa_p256);
  stolen.request = pki::fixture::request_der(stolen.key, "serialNumber=" + stolen.serial, {}, &other);
  EXPECT_EQ(issuing(stolen), "HF-STATION-0018") << "no proof of possession";
  Unit ca(serial_of(1));
  ca.request =
      pki::fixture::request_der(ca.key, "serialNumber=" + ca.serial,
                                {{"2.5.29.19", pki::fixture::der::value(0x30, {Bytes{0x01, 0x01, 0xff}}), true}});
  EXPECT_EQ(issuing(ca), "HF-PKI-0005");
  Unit noise(serial_of(1));
  noise.request = {1, 2, 3};
  EXPECT_EQ(issuing(noise), "HF-STATION-0018");
  EXPECT_EQ(used(authorisation().id), 0) << "nothing of this counts";
}

TEST_F(StationTest, ATokenThatDoesNotOpenCostsNothing) {
  const auto order = authorisation();
  ASSERT_EQ(importing(order), "ok");
  const auto pin = place() / "token/user.pin";
  fs::rename(pin, dir_.path() / "pin");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "HF-FILE-0001");
  EXPECT_EQ(used(order.id), 0);
  fs::rename(dir_.path() / "pin", pin);
  open();
  EXPECT_EQ(used(order.id), 0);
  EXPECT_EQ(issuing(Unit(serial_of(1))), "ok") << "the serial is free again";
}

TEST_F(StationTest, ClosingGivesBackWhatIsLeft) {
  const auto order = authorisation();
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "ok");
  const auto record = station_->close(order.id).value();
  const auto envelope = keys::read_envelope(bytes_of(record), kClosingType).value();
  EXPECT_TRUE(keys::envelope_signer(envelope, kClosingType, std::span(&station_->description().keys.identity, 1)));
  const auto said = parse_json(text_of(envelope.payload)).value();
  EXPECT_EQ(said.at("returned"), 4);
  EXPECT_EQ(issuing(Unit(serial_of(2))), "HF-STATION-0015");
  open();
  EXPECT_EQ(issuing(Unit(serial_of(2))), "HF-STATION-0015");
  EXPECT_EQ(keys::read_envelope(bytes_of(station_->close(order.id).value()), kClosingType)->payload, envelope.payload);
  EXPECT_EQ(station_->close(std::string(32, '0')).error().code, "HF-STATION-0023");
}

TEST_F(StationTest, AnotherCertificateOfTheCaOrAnotherProfileIsRefused) {
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  EXPECT_EQ(importing(text_of(maker_.ca_for(pki::fixture::request_der(key, "CN=Other CA,O=Example")))),
            "HF-STATION-0008");
  auto order = authorisation();
  order.profile_sha256 = std::string(64, '0');
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "HF-STATION-0019");
  order = authorisation(2);
  order.ca_sha256 = std::string(64, '0');
  ASSERT_EQ(importing(order), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1)), order.id), "HF-STATION-0019");
}

TEST_F(StationTest, ItIsMadeOnce) {
  EXPECT_EQ(Station::init(place(), station_->description().config, clock_).error().code, "HF-STATION-0001");
  EXPECT_EQ(Station::open(dir_.path() / "nowhere", clock_).error().code, "HF-STATION-0003");
  const auto second = Station::open(place(), clock_);
  EXPECT_EQ(second.error().code, "HF-SIGNER-0001") << "one process at a time";
}

// ---- the bundle

TEST_F(StationTest, ABundleReadsBackAndEveryChangedByteIsSeen) {
  ASSERT_EQ(importing(authorisation()), "ok");
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(issuing(Unit(serial_of(i))), "ok");
  const auto file = dir_.path() / "bundle";
  ASSERT_TRUE(station_->export_to(file));
  const auto whole = std::string(text_of(read_file(file)));
  const auto reading = [](const std::string& text) {
    std::istringstream in(text);
    BundleReader reader(in);
    const auto header = reader.header();
    if (!header) return std::string(header.error().code);
    for (;;) {
      const auto line = reader.next();
      if (!line) return std::string(line.error().code);
      if (!*line) return std::to_string(reader.head().lines);
    }
  };
  EXPECT_EQ(reading(whole), std::to_string(station_->head().lines));
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    auto changed = whole;
    changed[at] ^= 1;
    const auto answer = reading(changed);
    const auto hint = whole.find("\"keyid\":");
    EXPECT_TRUE(answer.starts_with("HF-") || (at > hint && at < hint + 8 + 2 + 64)) << at << " " << answer;
  }
  const auto last = whole.rfind('\n', whole.size() - 2) + 1;
  EXPECT_EQ(reading(whole.substr(0, last)), "HF-FACTORY-0021") << "Abuse 32: the ledger's end is missing";
  EXPECT_EQ(reading(whole + "{}\n"), "HF-FACTORY-0021");
}

}  // namespace
}  // namespace hf::factory
