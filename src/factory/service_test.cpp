// Orders in the register: proposed, registered, held, resumed, reconciled; on both engines.
#include "factory/service.h"

#include "factory/register_fixture.h"

namespace hf::factory {
namespace {
using namespace fixture;

class FactoryService : public RegisterTest {
 protected:
  [[nodiscard]] std::string registering(const FactoryOrder& order) {
    const auto done = service().register_order(bytes_of(maker_.sign(order)), actor_);
    return done ? *done : std::string(done.error().code);
  }
  [[nodiscard]] std::string held(const Scope& scope) {
    const auto done = database_->read([&](const db::Reader& reader) { return check_not_held(reader, scope); });
    return done ? "free" : std::string(done.error().code);
  }
};
HF_BOTH_ENGINES(FactoryService);

TEST_P(FactoryService, AProposalFollowsFromTheCatalogueAndTheRegister) {
  auto wanted = wish();
  wanted.flash = true;
  const auto made = service().propose(wanted).value();
  EXPECT_EQ(std::tuple(made.product, made.factory, made.release.value(), made.sequence, made.count),
            std::tuple("px-100", "sz-1", "px-100/r1", 1, 5));
  EXPECT_EQ(made.activation.flash_sha256, std::vector{std::string(64, 'f')}) << "the release's artifact";
  EXPECT_EQ(made.not_after - made.not_before, 24h * 30);
  EXPECT_EQ(registering(made), made.id);
  EXPECT_EQ(registering(made), made.id) << "again: nothing happens";
  EXPECT_EQ(service().propose(wanted)->sequence, 2);
  EXPECT_EQ(service().authorisation(made.id.substr(0, 8))->authorisation, made);
  EXPECT_EQ(service().authorisation("0000000").error().code, "HF-FACTORY-0009");

  wanted.batch = "px-100/b9";
  EXPECT_EQ(service().propose(wanted).error().code, "HF-FACTORY-0002");
  EXPECT_EQ(service().propose(wish(101)).error().code, "HF-FACTORY-0003");
  wanted = wish();
  wanted.profile = "nothing";
  EXPECT_EQ(service().propose(wanted).error().code, "HF-FACTORY-0005");
  wanted = wish();
  wanted.stations.clear();
  EXPECT_EQ(service().propose(wanted).error().code, "HF-FACTORY-0001");
}

TEST_P(FactoryService, OnlyWhatAKeyOfTheRegisterSignedIsRegistered) {
  const auto made = service().propose(wish()).value();
  const TestKey stranger(KeyAlgorithm::ecdsa_p256);
  const auto text = keys::canonical(FactoryOrder(made));
  EXPECT_EQ(
      service().register_order(bytes_of(envelope_of(stranger, keys::kFactoryOrderType, text)), actor_).error().code,
      "HF-FACTORY-0006");
  auto charter = keys::test::Cast().charter();  // of the format "text" only
  charter.key = "firmware";
  keys::test::put_key(*database_, clock_, charter, stranger);
  EXPECT_EQ(
      service().register_order(bytes_of(envelope_of(stranger, keys::kFactoryOrderType, text)), actor_).error().code,
      "HF-FACTORY-0006");
  auto other = made;
  other.factory = "sz-2";
  EXPECT_EQ(registering(other), "HF-FACTORY-0007") << "the batch is made elsewhere";
  other = made;
  other.count = other.stations[0].count = 101;
  EXPECT_EQ(registering(other), "HF-FACTORY-0003");
  EXPECT_EQ(registering(made), made.id);
  other = made;
  ++other.policy;
  EXPECT_EQ(registering(other), "HF-FACTORY-0007") << "another of its id";
  other.id = std::string(32, '1');
  EXPECT_EQ(registering(other), "HF-FACTORY-0007") << "a sequence that was used";
}

TEST_P(FactoryService, AHoldStopsWhatItNamesAtOnceUntilItIsEnded) {
  const auto order = authorised();
  const auto next = service().propose(wish()).value();
  const auto made = service().hold({.product = "px-100", .release = "px-100/r1"}, "CVE-2026-0001", actor_).value();
  EXPECT_EQ(made.hold.sequence, 1);
  EXPECT_EQ(database_->read([&](const db::Reader& r) { return Store(r).held_by(made.row); }).value(),
            std::vector{order.id});
  EXPECT_EQ(service().propose(wish()).error().code, "HF-FACTORY-0004");
  EXPECT_EQ(registering(next), "HF-FACTORY-0004") << "also one that was signed before";
  EXPECT_EQ(held({.product = "px-100", .release = "px-100/r1"}), "HF-FACTORY-0004");
  EXPECT_EQ(held({.product = "px-100"}), "HF-FACTORY-0004") << "of no release that is known: it may be this one";
  EXPECT_EQ(held({.product = "px-100", .release = "px-100/r2"}), "free");
  EXPECT_EQ(held({.product = "px-200"}), "free");
  EXPECT_EQ(registering(made.hold), "hold 1") << "signed, it is the same";
  auto other = made.hold;
  other.reason = "another";
  EXPECT_EQ(registering(other), "HF-FACTORY-0007");

  EXPECT_EQ(service().resume(2, "r", actor_).error().code, "HF-FACTORY-0008");
  const auto ended = service().resume(1, "r1.1 replaces it", actor_).value();
  EXPECT_EQ(std::tuple(ended.hold.sequence, ended.hold.ends.value(), ended.hold.release.value()),
            std::tuple(2, 1, "px-100/r1"));
  EXPECT_EQ(held({.product = "px-100"}), "free");
  EXPECT_EQ(registering(next), next.id);
  EXPECT_EQ(service().resume(1, "again", actor_).error().code, "HF-FACTORY-0008");
  EXPECT_EQ(service().resume(2, "a resumption", actor_).error().code, "HF-FACTORY-0008");
  EXPECT_EQ(service().hold({.product = "nothing"}, "r", actor_).error().code, "HF-FACTORY-0005");
  EXPECT_EQ(service().hold({.product = "px-100"}, "", actor_).error().code, "HF-FACTORY-0001") << "it says why";
}

TEST_P(FactoryService, OverBuildIsFoundToTheUnitInBothDirections) {
  const auto order = authorised(9);
  for (int i = 1; i <= 4; ++i) station_.make(order.id, i, Unit(serial_of(i)));
  station_.issue(station_.reserve(order.id, 5, Unit(serial_of(5))), false);
  station_.add({{"what", "void"}, {"of", station_.reserve(order.id, 6, Unit(serial_of(6)))}});
  ASSERT_EQ(alarms_of(station_.bundle()), "");
  const auto reconciling = [&](const std::string& text) {
    std::istringstream in(text);
    return reconcile(*database_, clock_, actor_, order, in);
  };
  const auto made =
      reconciling("lot,serial\r\n7,GW-0001\r\n7,\"GW-0002\"\r\n7,GW-0005\r\n7,GW-0099\r\n7,GW-0001\r\n").value();
  EXPECT_EQ(std::tuple(made.totals.issued, made.totals.shipped, made.totals.not_shipped, made.totals.not_issued),
            std::tuple(5, 4, 2, 1));
  std::string said;
  for (const auto& one : made.differences) said += one.serial + " " + one.what + ";";
  EXPECT_EQ(said, "GW-0001 twice;GW-0003 not_shipped;GW-0004 not_shipped;GW-0005 not_activated;GW-0099 not_issued;");
  EXPECT_EQ(reconciling("lot,number\n1,2\n").error().code, "HF-FACTORY-0010");
  EXPECT_EQ(reconciling("").error().code, "HF-FACTORY-0010");
  EXPECT_EQ(reconciling("serial\n\x01\n").error().code, "HF-FACTORY-0010");
}

}  // namespace
}  // namespace hf::factory
