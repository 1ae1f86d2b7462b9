// Authorities as rows, on both engines, with a real signer process on a SoftHSM token.
#include "pki/registry_test.h"

#include <set>

#include "pki/path.h"
#include "pki/revocation.h"

namespace hf::pki {
namespace {
using namespace fixture;

class Register : public RegistryTest {
 protected:
  void execute(const db::Query& query) {
    ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
      HF_CHECK(writer.execute(query));
      return {};
    }));
  }
  std::string revoke(std::string_view serial, unsigned reason, std::optional<Time> at = {}) {
    const auto done = registry_.revoke("devices", serial, reason, at, actor_);
    return done ? "ok" : std::string(done.error().code);
  }
};
HF_BOTH_ENGINES(Register);

TEST_P(Register, ABatchIsIssuedVerifiedAndWrittenDown) {
  HF_NEED_TOOL("openssl", "openssl");
  const auto grant = open_ca();
  std::vector<Order> orders;
  const TestKey twin(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p256);
  orders.push_back({request(twin, "serialNumber=A1")});
  orders.push_back({request(twin, "serialNumber=A2")});  // the same key
  orders.push_back({x509::request_of(request_der(other, "serialNumber=A3", {}, &twin)).value()});
  orders.push_back({request(other, "CN=no serial number")});
  orders.push_back({request(other, "serialNumber=A5")});
  const auto answers = issue(grant, std::move(orders));
  ASSERT_EQ(answers.size(), 5U);
  ASSERT_TRUE(answers[0]) << answers[0].error().message;
  EXPECT_EQ(answers[1].error().code, "HF-PKI-0011");
  EXPECT_EQ(answers[2].error().code, "HF-PKI-0010");
  EXPECT_EQ(answers[3].error().code, "HF-PKI-0005");
  ASSERT_TRUE(answers[4]) << "a refused request does not hold its key" << answers[4].error().message;

  const auto stored = registry_.certificate("devices", answers[0]->serial);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->product, "px");
  EXPECT_EQ(stored->der, answers[0]->der);
  EXPECT_EQ(registry_.certificates("devices", std::numeric_limits<std::int64_t>::max(), 10)->size(), 2U);
  EXPECT_EQ(service_->key("devices")->signatures, 2);
  write_file(dir_.path() / "root.pem", pem(root_));
  write_file(dir_.path() / "ca.pem", hf::test::certificate_pem(registry_.authority("devices")->stored.certificate));
  write_file(dir_.path() / "leaf.pem", hf::test::certificate_pem(stored->der));
  const auto openssl =
      run("cd " + dir_.path().string() + " && openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem leaf.pem");
  EXPECT_EQ(openssl.exit, 0) << openssl.output;
}

TEST_P(Register, Abuse30OneKeyIsOfOneSubjectAcrossBatches) {
  const auto grant = open_ca();
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto first = one(grant, "serialNumber=A1", key);
  EXPECT_NE(one(grant, "serialNumber=A1", key).serial, first.serial) << "its own subject may renew it";
  std::vector<Order> orders;
  orders.push_back({request(key, "serialNumber=A2")});
  EXPECT_EQ(issue(grant, std::move(orders))[0].error().code, "HF-PKI-0011");
  // The certificates' rows may go: the number and the key stay known.
  static const db::Query kForget{"test.forget_certificates", "DELETE FROM certificate"};
  execute(kForget);
  std::vector<Order> again;
  again.push_back({request(key, "serialNumber=A2")});
  EXPECT_EQ(issue(grant, std::move(again))[0].error().code, "HF-PKI-0011");
}

TEST_P(Register, AHoldOfProductionStopsNewCertificatesAndNoRenewal) {
  const auto grant = open_ca();
  const auto code = [&](const char* subject, bool renews) {
    const TestKey key(KeyAlgorithm::ecdsa_p256);
    std::vector<Order> orders;
    orders.push_back({request(key, subject)});
    const auto answers =
        issuer_->issue({.authority = "devices", .profile = "idevid", .grant = grant, .product = "px", .renews = renews},
                       orders, actor_);
    return !answers            ? std::string(answers.error().code)
           : !answers->front() ? std::string(answers->front().error().code)
                               : std::string("ok");
  };
  static const db::Query kHold{"test.hold",
                               "INSERT INTO factory_hold (hold_id, entry_id, sequence, ends, product, batch, release, "
                               "factory, reason, body, created_at) "
                               "VALUES ($1, 1, $1, $2, 'px', $3, 'px/1.0', NULL, 'exposed', '', 1)"};
  const auto hold = [&](std::int64_t sequence, std::optional<std::int64_t> ends, std::optional<std::string> batch) {
    ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
      HF_CHECK(writer.execute(kHold, sequence, ends, batch));
      return {};
    }));
  };
  EXPECT_EQ(code("serialNumber=H1", false), "ok");
  hold(1, {}, "px/b1");
  EXPECT_EQ(code("serialNumber=H2", false), "ok") << "of one batch, which the register does not know of a request";
  hold(2, {}, {});
  EXPECT_EQ(code("serialNumber=H3", false), "HF-PKI-0018");
  EXPECT_EQ(code("serialNumber=H4", true), "ok") << "a unit in the field keeps its certificate current";
  hold(3, 2, {});
  EXPECT_EQ(code("serialNumber=H5", false), "ok");
}

TEST_P(Register, Abuse36AFrozenOrCompromisedOrEndedCaIssuesNothing) {
  const auto grant = open_ca();
  EXPECT_EQ(refusal(grant, "tsa"), "HF-PKI-0023");
  ASSERT_TRUE(registry_.set_frozen("devices", true, "drill", actor_));
  EXPECT_EQ(registry_.set_frozen("devices", true, "drill", actor_).error().code, "HF-PKI-0018");
  EXPECT_EQ(refusal(grant), "HF-PKI-0018");
  EXPECT_TRUE(issuer_->crl({.authority = "devices", .grant = grant, .product = ""}, actor_))
      << "what it issued can still be revoked";
  ASSERT_TRUE(registry_.set_frozen("devices", false, "drill over", actor_));
  EXPECT_EQ(refusal(grant), "");

  // After the CA's own end, also where the profile has an end of its own (802.1AR).
  const ManualClock late(registry_.authority("devices")->certificate.validity.not_after + 1s);
  std::vector<Order> orders;
  orders.push_back({request(TestKey(KeyAlgorithm::ecdsa_p256), "serialNumber=L1")});
  const Issuance wanted{.authority = "devices", .profile = "idevid", .grant = grant, .product = ""};
  EXPECT_EQ(Issuer(registry_, *service_, *database_, late).issue(wanted, orders, actor_).error().code, "HF-PKI-0018");
  // Beyond it, asked for.
  std::vector<Order> client;
  client.push_back({request(TestKey(KeyAlgorithm::ecdsa_p256), "CN=gw-1")});
  const auto beyond = issuer_->issue(
      {.authority = "devices", .profile = "operational-client", .grant = grant, .product = "", .until = late.now()},
      client, actor_);
  ASSERT_TRUE(beyond);
  EXPECT_EQ((*beyond)[0].error().code, "HF-PKI-0005");

  auto charter = service_->key("devices")->charter;
  charter.versions[0].state = keys::VersionState::compromised;
  const auto change = service_->ask(charter, "user:9", "user:9", "lost", actor_);
  ASSERT_TRUE(change) << change.error().message;
  approve(cast_.ann, *change);
  approve(cast_.bob, *change);
  ASSERT_TRUE(service_->put_in_force(change->digest, actor_));
  EXPECT_EQ(refusal(grant), "HF-PKI-0018");
}

TEST_P(Register, ANumberIsReservedBeforeTheKeySigns) {
  open_ca();
  const auto small = grant_of("devices", {"x509"}, 1);
  std::vector<Order> orders;
  for (const auto* subject : {"serialNumber=B1", "serialNumber=B2", "serialNumber=B3"})
    orders.push_back({request(TestKey(KeyAlgorithm::ecdsa_p256), subject)});
  const auto answers = issue(small, std::move(orders));
  ASSERT_TRUE(answers[0]);
  EXPECT_EQ(answers[1].error().code, "HF-SIGNER-0006");
  EXPECT_EQ(answers[2].error().code, "HF-SIGNER-0006");
  static const db::Query kSerials{"test.serials", "SELECT COUNT(*) FROM certificate_serial"};
  EXPECT_EQ(database_->read([&](const db::Reader& reader) { return reader.number(kSerials); }).value(), 3);
}

TEST_P(Register, Abuse34RevokedStaysRevokedWhateverIsDeleted) {
  const auto grant = open_ca();
  const auto ca = registry_.authority("devices")->stored.id;
  const auto lost = one(grant, "serialNumber=A1"), kept = one(grant, "serialNumber=A2");
  const auto noon = std::chrono::floor<std::chrono::seconds>(clock_.now()) - 2h;
  EXPECT_EQ(revoke("00ff", 1), "HF-PKI-0020");
  EXPECT_EQ(revoke(lost.serial, 4, clock_.now() + 1h), "HF-PKI-0021") << "not in the future";
  EXPECT_EQ(revoke(lost.serial, 4, noon), "ok");
  EXPECT_EQ(revoke(lost.serial, 4, noon + 1h), "HF-PKI-0021") << "later than before";
  EXPECT_EQ(revoke(lost.serial, 4), "HF-PKI-0021") << "nothing new";
  EXPECT_EQ(revoke(lost.serial, 5), "HF-PKI-0021") << "another reason that is no graver";
  EXPECT_EQ(revoke(lost.serial, 1), "ok");
  EXPECT_EQ(revoke(to_hex(from_hex(lost.serial).value()), 1, noon - 1h), "ok") << "earlier";
  const auto stand = registry_.standing(ca, lost.serial).value();
  ASSERT_TRUE(stand.revoked);
  EXPECT_EQ(stand.revoked->reason, 1U);
  EXPECT_EQ(stand.revoked->effective_at, noon - 1h);

  static const db::Query kCertificates{"test.forget_certificates_2", "DELETE FROM certificate"};
  static const db::Query kDevices{"test.forget_devices", "DELETE FROM device"};
  execute(kCertificates);
  execute(kDevices);
  EXPECT_TRUE(registry_.standing(ca, lost.serial)->revoked);
  const auto good = registry_.standing(ca, kept.serial).value();
  EXPECT_TRUE(good.issued && !good.revoked) << "issued, and never unknown";
  EXPECT_EQ(revoke(kept.serial, 5), "ok") << "and can be revoked without its row";
  EXPECT_FALSE(registry_.standing(ca, "00ff")->issued);
  static const db::Query kSerials{"test.forget_serials", "DELETE FROM certificate_serial"};
  execute(kSerials);
  EXPECT_TRUE(registry_.standing(ca, lost.serial)->revoked) << "even without the number's own row";
}

TEST_P(Register, Abuse35CrlNumbersRiseAcrossARestoreAndStaleListsAreNamed) {
  const auto grant = open_ca();
  const auto lost = one(grant, "serialNumber=A1");
  EXPECT_TRUE(registry_.authorities()->at(0).crls.stale.empty()) << "nothing is revoked, nothing is missing";
  ASSERT_EQ(revoke(lost.serial, 1), "ok");
  EXPECT_EQ(registry_.authorities()->at(0).crls.stale, std::vector<std::int64_t>{0}) << "no CRL says so yet";
  const CrlOrder order{.authority = "devices", .grant = grant, .product = "", .valid = 24h};
  const auto first = issuer_->crl(order, actor_), second = issuer_->crl(order, actor_);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second);
  EXPECT_GT(second->number, first->number);
  EXPECT_EQ(second->revoked, 1);
  EXPECT_TRUE(registry_.authorities()->at(0).crls.stale.empty());
  const ManualClock later(clock_.now() + 25h);
  const auto stale = Registry(*database_, later).authorities()->at(0).crls;
  EXPECT_EQ(stale.stale, std::vector<std::int64_t>{0});
  EXPECT_EQ(stale.due, second->next_update);

  // A database of before: neither list is in it any more.
  static const db::Query kLists{"test.forget_crls", "DELETE FROM crl"};
  static const db::Query kNumbers{"test.forget_crl_numbers", "DELETE FROM crl_number"};
  execute(kLists);
  execute(kNumbers);
  const auto third = issuer_->crl(order, actor_);
  ASSERT_TRUE(third);
  EXPECT_GT(third->number, second->number);
  auto above = order;
  above.above = third->number + 1'000'000'000'000;  // of a list that was published by a clock that ran ahead
  EXPECT_EQ(issuer_->crl(above, actor_)->number, above.above + 1);
  EXPECT_EQ(issuer_->crl(order, actor_)->number, above.above + 2);
}

TEST_P(Register, ShardsAreDrawnWithTheNumberAndEachListIsOfItsOwn) {
  HF_NEED_TOOL("openssl", "openssl");
  const auto grant = open_ca(4);
  const auto ca = registry_.authority("devices").value();
  std::vector<Order> orders;
  for (int i = 0; i < 24; ++i)
    orders.push_back({request(TestKey(KeyAlgorithm::ecdsa_p256), "serialNumber=S" + std::to_string(i))});
  const auto answers = issue(grant, std::move(orders));
  std::set<std::int64_t> shards;
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer);
    const auto shard = shard_of(from_hex(answer->serial).value(), 4);
    shards.insert(shard);
    const auto certificate = x509::certificate_of(answer->der).value();
    const auto* const points = certificate.extension(x509::oid::kCrlPoints);
    ASSERT_NE(points, nullptr);
    EXPECT_NE(text_of(points->value).find("/devices/" + std::to_string(shard) + ".crl"), std::string_view::npos);
  }
  EXPECT_GT(shards.size(), 1U);
  const auto& lost = *answers[0];
  ASSERT_EQ(revoke(lost.serial, 1), "ok");
  const auto leaf = x509::certificate_of(lost.der).value();
  const Subject issuer(ca.certificate);
  for (std::int64_t shard = 0; shard < 4; ++shard) {
    const auto made = issuer_->crl({.authority = "devices", .grant = grant, .product = "", .shard = shard}, actor_);
    ASSERT_TRUE(made) << made.error().message;
    const auto list = x509::crl_of(made->der).value();
    const auto found = look_up(list, leaf, issuer, clock_.now());
    const bool own = shard == shard_of(from_hex(lost.serial).value(), 4);
    EXPECT_EQ(found.fault, "");
    EXPECT_EQ(found.answers, own) << "a list answers for those that name it";
    EXPECT_EQ(found.revoked != nullptr, own);
    if (!own) continue;
    write_file(dir_.path() / "root.pem", pem(root_));
    write_file(dir_.path() / "ca.pem", hf::test::certificate_pem(ca.stored.certificate));
    write_file(dir_.path() / "leaf.pem", hf::test::certificate_pem(lost.der));
    write_file(dir_.path() / "crl.der", made->der);
    const auto openssl = run("cd " + dir_.path().string() +
                             " && openssl crl -in crl.der -inform DER -out crl.pem && openssl verify -crl_check "
                             "-partial_chain -trusted ca.pem -CRLfile crl.pem leaf.pem");
    EXPECT_NE(openssl.exit, 0);
    EXPECT_NE(openssl.output.find("certificate revoked"), std::string::npos) << openssl.output;
  }
  EXPECT_EQ(issuer_->crl({.authority = "devices", .grant = grant, .product = "", .shard = 4}, actor_).error().code,
            "HF-PKI-0025");
}

TEST_P(Register, ACaIsRefusedThatIsNotFit) {
  auto wanted = wanted_ca();
  const auto code = [&] { return std::string(registry_.add(wanted, actor_).error().code); };
  wanted.key = "nobody";
  EXPECT_EQ(code(), "HF-PKI-0017");
  wanted = wanted_ca();
  wanted.certificate = root_.der;
  EXPECT_EQ(code(), "HF-PKI-0017") << "of a key that is not in the register";
  wanted = wanted_ca();
  wanted.name = "a b";
  EXPECT_EQ(code(), "HF-PKI-0017");
  wanted = wanted_ca();
  wanted.profiles.clear();
  EXPECT_EQ(code(), "HF-PKI-0017");
  wanted = wanted_ca(8);
  wanted.publication.crls.clear();
  EXPECT_EQ(code(), "HF-PKI-0025");
  wanted = wanted_ca(8);
  wanted.profiles.push_back(profile_document_named("matter-dac").value());
  EXPECT_EQ(code(), "HF-PKI-0025") << "a DAC names no CRL";
  wanted = wanted_ca();
  ASSERT_TRUE(registry_.add(wanted, actor_));
  EXPECT_EQ(code(), "HF-PKI-0015");
  EXPECT_EQ(registry_.authority("else").error().code, "HF-PKI-0016");
  make_key("other");
  EXPECT_EQ(refusal(grant_of("other")), "HF-PKI-0019");
}

TEST_P(Register, WhatWasMadeElsewhereIsWrittenDownOnce) {
  open_ca();
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto ca = registry_.authority("devices").value();
  const auto tbs = Template::of(*ca.profile("idevid"), ca.certificate, SignatureScheme::ecdsa_p256_sha256)
                       ->certificate(request(key, "serialNumber=X1"), {.from = clock_.now()})
                       .value();
  EXPECT_EQ(registry_.record("devices", sign(key, tbs), "px", actor_).error().code, "HF-PKI-0017");
  // By the CA's own key, under an approval of this one certificate.
  const auto file = dir_.path() / "x.tbs";
  write_file(file, tbs);
  const auto evidence = keys::find_format("x509")->evidence(file, {{"encoding", "der"}}).value();
  const auto asked =
      service_->ask(keys::NewRequest{.key = "devices",
                                     .product = "px",
                                     .format = "x509",
                                     .evidence = evidence,
                                     .artifact = {"x.tbs", std::int64_t(tbs.size()), to_hex(crypto::sha256({tbs}))},
                                     .requester = "user:9",
                                     .person = "user:9",
                                     .reason = "by hand"},
                    actor_);
  ASSERT_TRUE(asked) << asked.error().message;
  approve(cast_.ann, *asked);
  approve(cast_.bob, *asked);
  const auto made = service_->sign(asked->digest, actor_).value();
  const auto out = dir_.path() / "x.der";
  ASSERT_TRUE(keys::find_format("x509")->assemble(file, made.evidence, made.context, made.signature, out));
  const auto der = keys::fixture::read_file(out);
  const auto written = registry_.record("devices", der, "px", actor_);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(registry_.record("devices", der, "px", actor_).error().code, "HF-PKI-0015");
  EXPECT_EQ(revoke(written->serial, 1), "ok");
}

TEST_P(Register, WhatEndsIsCountedByCaAndProduct) {
  const auto grant = open_ca();
  one(grant, "serialNumber=A1");  // without an end
  const auto client = one(grant, "CN=gw-1", TestKey(KeyAlgorithm::ecdsa_p256), "operational-client");
  const auto lost = one(grant, "CN=gw-2", TestKey(KeyAlgorithm::ecdsa_p256), "operational-client");
  ASSERT_EQ(revoke(lost.serial, 1), "ok");
  const auto list = registry_.expiring(clock_.now(), clock_.now() + 24h * 365).value();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].authority, "devices");
  EXPECT_EQ(list[0].count.product, "px");
  EXPECT_EQ(list[0].count.certificates, 1) << "what is revoked need not be renewed";
  EXPECT_EQ(list[0].count.first, client.not_after);
}

TEST(Serials, AreReadAsToolsPrintThem) {
  EXPECT_EQ(serial_of_text("8F").value(), "008f");
  EXPECT_EQ(serial_of_text("00:8f").value(), "008f");
  EXPECT_EQ(serial_of_text("7").value(), "07");
  EXPECT_EQ(serial_of_text("00").value(), "00");
  for (const auto* bad : {"", "x", "zz", ":"}) EXPECT_EQ(serial_of_text(bad).error().code, "HF-PKI-0008") << bad;
  EXPECT_EQ(serial_of_text(std::string(44, '1')).error().code, "HF-PKI-0008");
  EXPECT_EQ(reason_of("keycompromise").value(), 1U);
  EXPECT_EQ(reason_of("9").value(), 9U);
  EXPECT_EQ(reason_of("certificateHold").error().code, "HF-PKI-0022");
}

}  // namespace
}  // namespace hf::pki
