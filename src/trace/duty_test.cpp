// What comes due, as of now and as of before: rows as the domains write them, put here by hand.
#include "keys/register_test.h"
#include "trace/questions.h"
#include "trace/trace_test.h"

namespace hf::trace {
namespace {

using namespace std::chrono_literals;

const db::Query kCa{"test.trace.ca", R"sql(
    INSERT INTO certificate_authority (ca_id, entry_id, name, certificate, sha256, subject, key_name, profiles, publication, crl_shards, created_at)
    VALUES ($1, 1, $2, $3, $2, 'CN=CA', 'px-fw', '[]', '{}', 2, $4))sql"};
const db::Query kCertificate{"test.trace.certificate", R"sql(
    INSERT INTO certificate (certificate_id, entry_id, ca_id, serial, subject, spki_sha256, profile, product, not_before, not_after, der, sha256,
                             issued_at)
    VALUES ($1, 1, 1, $2, 'CN=A', 'k', '', '', 0, $3, $4, $2, $5))sql"};
const db::Query kRevoked{"test.trace.revocation", R"sql(
    INSERT INTO revocation (revocation_id, entry_id, ca_id, serial, shard, reason, effective_at, not_after, recorded_at)
    VALUES (1, 1, 1, $1, 0, 1, $2, $2, $2))sql"};
const db::Query kCrl{"test.trace.crl", R"sql(
    INSERT INTO crl (crl_id, entry_id, ca_id, number, shard, this_update, next_update, revoked, der, signature_id)
    SELECT $1, 1, 1, $1, $2, $3, $4, 0, $5, MIN(signature_id) FROM signature)sql"};
const db::Query kAlarm{"test.trace.alarm", R"sql(
    INSERT INTO factory_alarm (alarm_id, entry_id, kind, station, authorisation, serial, line, detail, raised_at)
    VALUES ($1, 1, $2, 's', '', '', 0, 'd', $3))sql"};

class Duties : public test::TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    using namespace keys::test;
    const auto key =
        put_key(*database_, clock_, cast_.charter(), hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256)).charter;
    const auto evidence = evidence_of(R"({"security_version":3})");
    const auto request = request_for(key, evidence, clock_.now());
    put_signature(*database_, clock_, put_request(*database_, clock_, request, attachment_of(evidence)));
    now_ = clock_.now();
  }
  template <class... Values>
  void put(const db::Query& query, const Values&... values) {
    const auto done = database_->write([&](db::Writer& writer) -> Result<void> {
      HF_CHECK(writer.execute(query, values...));
      return {};
    });
    ASSERT_TRUE(done) << done.error().message << done.error().detail;
  }
  JsonObject due(std::optional<Time> at = {}) {
    const auto answer =
        database_->read([&](const db::Reader& reader) { return Questions(reader, AsOf{at}).today(now_); });
    EXPECT_TRUE(answer) << answer.error().message << answer.error().detail;
    return answer ? answer->at("duties").as_object() : JsonObject();
  }

  keys::test::Cast cast_;
  Time now_{};
};
HF_BOTH_ENGINES(Duties);

TEST_P(Duties, AreEmptyWhereNothingIsRegistered) {
  for (const auto* name : {"certificates", "crls", "alarms", "debug"})
    EXPECT_TRUE(due().at(name).as_array().empty()) << name;
}

TEST_P(Duties, CertificatesThatEndSoonAndAreNotRevokedAreCounted) {
  const Bytes der{1};
  put(kCa, std::int64_t(1), "devices", der, now_ - 24h);
  put(kCertificate, std::int64_t(1), "01", now_ + 24h, der, now_ - 2h);
  put(kCertificate, std::int64_t(2), "02", now_ + 24h * 29, der, now_ - 2h);
  put(kCertificate, std::int64_t(3), "03", now_ + 24h * 31, der, now_ - 2h);
  put(kCertificate, std::int64_t(4), "04", now_ - 24h, der, now_ - 2h);  // over
  put(kCertificate, std::int64_t(5), "05", now_ + 48h, der, now_ - 2h);
  put(kRevoked, "05", now_ - 1h);
  const auto ending = due().at("certificates").as_array();
  ASSERT_EQ(ending.size(), 1U);
  EXPECT_EQ(ending[0].at("certificates"), Json(2));
  EXPECT_EQ(ending[0].at("first"), Json(format_rfc3339(now_ + 24h)));
  EXPECT_FALSE(ending[0].at("more").as_bool());
  EXPECT_EQ(due(now_ - 90min).at("certificates").at(0).at("certificates"), Json(3)) << "before it was revoked";
  EXPECT_TRUE(due(now_ - 3h).at("certificates").as_array().empty()) << "before they were issued";
  const auto key =
      database_->read([&](const db::Reader& reader) { return Questions(reader, {}).signing_key("px-fw", now_); });
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->at("certificates").at(0).at("certificates"), Json(3)) << "of its CA, within twelve months";
}

TEST_P(Duties, CrlsAreDueADayBeforeTheyEnd) {
  const Bytes der{1};
  put(kCa, std::int64_t(1), "devices", der, now_ - 240h);
  put(kCrl, std::int64_t(1), std::int64_t(0), now_ - 200h, now_ - 1h, der);
  put(kCrl, std::int64_t(2), std::int64_t(1), now_ - 100h, now_ + 23h, der);
  const auto crls = due().at("crls").as_array();
  ASSERT_EQ(crls.size(), 2U);
  EXPECT_EQ(crls[0].at("shard"), Json(0));
  EXPECT_TRUE(crls[0].at("overdue").as_bool());
  EXPECT_FALSE(crls[1].at("overdue").as_bool());
  put(kCrl, std::int64_t(3), std::int64_t(0), now_ - 1h, now_ + 48h, der);
  EXPECT_EQ(due().at("crls").as_array().size(), 1U) << "the newest of a shard counts";
  EXPECT_EQ(due(now_ - 2h).at("crls").as_array().size(), 1U)
      << "then the other one was not due, and this one was not made";
}

TEST_P(Duties, AlarmsOfTheLastThirtyDaysAreShownNewestFirst) {
  put(kAlarm, std::int64_t(1), "gap", now_ - 24h * 31);
  put(kAlarm, std::int64_t(2), "over_quota", now_ - 24h);
  put(kAlarm, std::int64_t(3), "rollback", now_ - 1h);
  const auto alarms = due().at("alarms").as_array();
  ASSERT_EQ(alarms.size(), 2U);
  EXPECT_EQ(alarms[0].at("kind"), Json("rollback"));
  EXPECT_EQ(due(now_ - 2h).at("alarms").as_array().size(), 1U);
}

}  // namespace
}  // namespace hf::trace
