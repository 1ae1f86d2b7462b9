// The register without a signer: states, lists, decisions.
#include "keys/register.h"

#include <gtest/gtest.h>

#include "keys/register_test.h"
#include "keys/words.h"
#include "support/test_database.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

const Bytes kEvidence = evidence_of(R"({"version":"1.2","security_version":3})");

std::string state_of(const Charter& charter, const SigningRequest& request, const std::vector<Approval>& approvals,
                     std::int64_t used = 0, Time now = kNow) {
  return std::string(name_of(judge(charter, request, approvals, used, now).state));
}

TEST(RequestState, FollowsFromTheDocuments) {
  const Cast cast;
  const auto charter = cast.charter();
  const auto request = request_for(charter, kEvidence);
  const auto ann = approval_by(cast.ann, request), bob = approval_by(cast.bob, request),
             dan = approval_by(cast.dan, request, Decision::reject);
  EXPECT_EQ(state_of(charter, request, {}), "waiting");
  EXPECT_EQ(state_of(charter, request, {ann}), "waiting");
  EXPECT_EQ(state_of(charter, request, {ann, bob}), "approved");
  EXPECT_EQ(state_of(charter, request, {ann, bob}, 1), "used");
  EXPECT_EQ(state_of(charter, request, {ann, bob, dan}), "rejected");
  EXPECT_EQ(state_of(charter, request, {ann, bob}, 0, request.expires_at), "expired");
  EXPECT_EQ(state_of(successor_of(charter), request, {}), "superseded");
  EXPECT_EQ(state_of(charter, grant_for(charter, kNow), {}, 1), "waiting") << "one of two is used";
  EXPECT_EQ(state_of(charter, grant_for(charter, kNow), {}, 2), "used");
  EXPECT_EQ(state_of(charter, grant_for(charter, kNow, 101), {}), "refused") << "the charter allows 100";
  auto break_glass = request;
  break_glass.break_glass = true;
  EXPECT_EQ(state_of(charter, break_glass, {}), "refused");
}

TEST(RequestState, EveryStateHasAWordAndAReasonUnlessItIsOpen) {
  const Cast cast;
  const auto charter = cast.charter();
  for (int i = 0; i < 7; ++i) {
    const auto state = RequestState(i);
    ASSERT_FALSE(name_of(state).empty());
    EXPECT_EQ(request_state_of(name_of(state)), state);
    for (const auto& request : {request_for(charter, kEvidence), grant_for(charter, kNow),
                                change_for(charter, successor_of(charter), kNow)}) {
      const Judgement judgement{state, {}, {}};
      const bool open = state == RequestState::waiting || state == RequestState::approved;
      EXPECT_EQ(closed_because(request, judgement).empty(), open) << name_of(state);
      EXPECT_FALSE(sentence_of(request, judgement, 0).empty());
    }
  }
  EXPECT_TRUE(name_of(RequestState(7)).empty());
  EXPECT_EQ(request_state_of("none"), std::nullopt);
}

// Two charters of which one is not the other never read the same.
TEST(Words, SayEveryLimit) {
  const Cast cast;
  const auto base = cast.charter();
  const auto text_of = [](const Charter& charter) {
    std::string text;
    for (const auto& rule : words_of(charter)) text += rule.about + ": " + rule.text + "\n";
    return text;
  };
  const std::vector<void (*)(Charter&)> changes{
      [](Charter& c) { c.owner = "user:3"; },
      [](Charter& c) { c.deputy = "user:3"; },
      [](Charter& c) { c.policy.products = {"px"}; },
      [](Charter& c) { c.policy.products = std::vector<std::string>(); },
      [](Charter& c) { c.policy.formats.emplace_back("swu"); },
      [](Charter& c) { c.policy.kinds = {"firmware"}; },
      [](Charter& c) { c.policy.schemes.push_back(crypto::SignatureScheme::ed25519); },
      [](Charter& c) { c.policy.requesters = {"token:9"}; },
      [](Charter& c) { c.policy.branches = {"main"}; },
      [](Charter& c) { c.policy.compatible = {"px"}; },
      [](Charter& c) { c.policy.min_security_version = 3; },
      [](Charter& c) { c.policy.not_before = kNow; },
      [](Charter& c) { c.policy.not_after = kNow; },
      [](Charter& c) { c.policy.max_uses = 9; },
      [](Charter& c) { c.policy.max_per_hour = 9; },
      [](Charter& c) { c.policy.digest_only = true; },
      [](Charter& c) {
        c.policy.debug = DebugPolicy{{{"0x3000", "0f"}}, false};
      },
      [](Charter& c) {
        c.policy.debug = DebugPolicy{{{"0x3000", "1f"}}, true};
      },
      [](Charter& c) { c.approval.steps[0].needed = 1; },
      [](Charter& c) { c.approval.steps[0].roles = {"release"}; },
      [](Charter& c) {
        c.approval.steps.push_back({"release", {"release"}, 1});
      },
      [](Charter& c) {
        c.approval.steps.push_back({"release", {"release"}, 1}), c.approval.ordered = true;
      },
      [](Charter& c) { c.approval.hours = 1; },
      [](Charter& c) { c.grants.signatures = 1; },
      [](Charter& c) { c.grants.days = 1; },
      [](Charter& c) { c.grants.signatures = 0; },
      [](Charter& c) {
        c.break_glass = ApprovalStep{"glass", {"officer"}, 1};
      },
      [](Charter& c) {
        c.break_glass = ApprovalStep{"glass", {"officer"}, 1}, c.break_glass_hours = 1;
      },
      [](Charter& c) { c.approvers.pop_back(); },
      [](Charter& c) { c.approvers[0].name = "Other"; },
      [](Charter& c) { c.approvers[0].roles.emplace_back("release"); },
      [](Charter& c) { c.approvers[0].person = "user:8"; },
      [](Charter& c) { c.approvers[0].kind = CredentialKind::webauthn; },
      [](Charter& c) { c.approvers[0].kind = CredentialKind::webauthn, c.approvers[0].rp_id = "example"; },
      [](Charter& c) { c.approvers[0].kind = CredentialKind::webauthn, c.approvers[0].origin = "https://example"; },
      [](Charter& c) { c.approvers[0].kind = CredentialKind::webauthn, c.approvers[0].credential_id = "AQ"; },
      [](Charter& c) { c.versions[0].state = VersionState::retired; },
      [](Charter& c) { c.versions[0].fingerprint = {8}; },
      [](Charter& c) { c.versions.push_back(c.versions[0]), c.versions[1].version = 2; },
  };
  std::set<std::string> said{text_of(base)};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto charter = base;
    changes[i](charter);
    EXPECT_TRUE(said.insert(text_of(charter)).second) << "change " << i << " is not said";
  }
  auto other_key = base;
  other_key.approvers[0].key = hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256).key();
  EXPECT_TRUE(said.insert(text_of(other_key)).second) << "another credential of the same person is not said";
  std::set<std::string> abouts;
  for (const auto& rule : words_of(base)) EXPECT_TRUE(abouts.insert(rule.about).second) << rule.about;
  EXPECT_EQ(approval_in_words(base), "Each use needs 2 of 3 people (officer).");
}

class RegisterTest : public hf::test::DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    key_ = put_key(*database_, clock_, cast_.charter(), token_key_);
  }
  std::string put(const SigningRequest& request) {
    return put_request(*database_, clock_, request, attachment_of(kEvidence));
  }
  // Requests of one artifact that differ in id and life.
  SigningRequest request(char id, std::chrono::hours life = 72h) {
    auto request = request_for(key_.charter, kEvidence, clock_.now());
    request.id = std::string(32, id);
    request.expires_at = request.created_at + life;
    return request;
  }
  std::string decide(const Person& person, const SigningRequest& request, Decision decision = Decision::approve) {
    const auto done = book_.decide(digest_of(request), approval_by(person, request, decision, clock_.now()), actor_);
    return done ? "ok" : std::string(done.error().code);
  }
  // Ids of the requests of a list, asked for `limit` at a time.
  std::string listed(const RequestQuery& query, std::int64_t limit = 2) {
    std::string ids;
    std::optional<RequestPlace> after;
    do {
      const auto page = book_.judged(query, after, limit).value();
      for (const auto& item : page.items) ids += item.stored.request.id.front();
      after = page.next;
    } while (after);
    return ids;
  }

  ManualClock clock_{kNow};
  const ledger::Actor actor_{"user:1", "crypto_officer"};
  Cast cast_;
  hf::test::TestKey token_key_{crypto::KeyAlgorithm::ecdsa_p256};
  Register book_{*database_, clock_, &find_text_format};
  StoredKey key_;
};
HF_BOTH_ENGINES(RegisterTest);

TEST_P(RegisterTest, DecidesWithoutASigner) {
  const auto one = request('1');
  put(one);
  EXPECT_EQ(decide(cast_.ann, one), "ok");
  EXPECT_EQ(decide(cast_.ann, one), "HF-KEYS-0013");
  EXPECT_EQ(book_.lacking(*book_.request(digest_of(one)))->size(), 1U);
  EXPECT_EQ(decide(cast_.bob, one), "ok");
  EXPECT_EQ(book_.sight(digest_of(one))->judged.judgement.state, RequestState::approved);
  put_signature(*database_, clock_, digest_of(one));
  EXPECT_EQ(decide(cast_.dan, one, Decision::reject), "HF-KEYS-0019") << "the signature has been made";
  EXPECT_EQ(book_.signatures("px-fw", std::numeric_limits<std::int64_t>::max(), 10)->size(), 1U);
}

TEST_P(RegisterTest, NothingIsDecidedOnWhatIsOver) {
  const auto rejected = request('1'), late = request('2', 1h), open = request('3');
  for (const auto& one : {rejected, late, open}) put(one);
  EXPECT_EQ(decide(cast_.dan, rejected, Decision::reject), "ok");
  EXPECT_EQ(decide(cast_.ann, rejected), "HF-KEYS-0019");
  clock_.advance(1h);
  EXPECT_EQ(decide(cast_.ann, late), "HF-KEYS-0019");
  EXPECT_EQ(decide(cast_.ann, open), "ok");
  EXPECT_EQ(decide(Person{"user:1", {"officer"}}, open), "HF-KEYS-0015") << "who may not is told first";
}

TEST_P(RegisterTest, ListsByStateAndPage) {
  const std::vector<SigningRequest> all{request('1', 9h), request('2', 3h), request('3', 6h), request('4', 1h),
                                        request('5')};
  for (const auto& one : all) put(one);
  const auto grant = grant_for(key_.charter, clock_.now());
  put(grant);
  decide(cast_.ann, all[4]), decide(cast_.bob, all[4]);
  decide(cast_.ann, grant), decide(cast_.cid, grant);
  decide(cast_.dan, all[2], Decision::reject);
  clock_.advance(2h);
  EXPECT_EQ(listed({{RequestState::waiting}, {}}), "21") << "first to expire first";
  EXPECT_EQ(listed({{RequestState::approved}, {}}), "5b");
  EXPECT_EQ(listed({{RequestState::waiting, RequestState::approved}, {}}), "215b");
  EXPECT_EQ(listed({{RequestState::rejected}, {}}), "3");
  EXPECT_EQ(listed({{RequestState::expired}, {}}), "4");
  EXPECT_EQ(listed({{}, {}}), "b54321") << "newest first";
  EXPECT_EQ(listed({{}, {}}, 6), "b54321");
  EXPECT_EQ(listed({{}, "px-fw"}), "b54321");
  EXPECT_EQ(listed({{RequestState::waiting}, "px-fw"}), "21");
  EXPECT_EQ(listed({{RequestState::waiting}, "other"}), "");
  EXPECT_EQ(listed({{}, "other"}), "");
  const auto sight = book_.key_sight("px-fw");
  ASSERT_TRUE(sight);
  EXPECT_EQ(sight->waiting, 2);
  EXPECT_EQ(sight->grants, 1);
}

TEST_P(RegisterTest, APageLooksAtABoundedNumberOfRequests) {
  std::string first;
  for (int i = 0; i < 600; ++i) {
    auto one = request('0');
    one.id = std::string(29, '0') + std::to_string(100 + i);
    const auto digest = put(one);
    if (i == 0) first = digest;
  }
  decide(cast_.dan, book_.request(first)->request, Decision::reject);
  const auto page = book_.judged({{RequestState::rejected}, {}}, {}, 10).value();
  EXPECT_TRUE(page.items.empty());
  ASSERT_TRUE(page.next);
  const auto rest = book_.judged({{RequestState::rejected}, {}}, page.next, 10).value();
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(rest.items[0].stored.digest, first);
  EXPECT_FALSE(rest.next);
}

TEST_P(RegisterTest, ShowsWhatTheEvidenceSaysAndNotWhatTheRequestRepeats) {
  const auto honest = request('1');
  const auto sight = book_.sight(put(honest));
  ASSERT_TRUE(sight);
  EXPECT_EQ(sight->evidence.problem, "");
  EXPECT_EQ(sight->evidence.view->security_version, 3U);
  const auto other = put_request(*database_, clock_, request('2'), attachment_of(evidence_of(R"({"version":"6"})")));
  EXPECT_NE(book_.sight(other)->evidence.problem.find("not what the request names"), std::string::npos);
  EXPECT_EQ(book_.sight(other)->evidence.view->security_version, std::nullopt);
  for (const auto* broken : {"", "[]", "{", R"({"evidence":"?"})", R"({"evidence":"e30="})"}) {
    auto one = request('3');
    one.reason = broken;
    const auto seen = book_.sight(put_request(*database_, clock_, one, broken));
    ASSERT_TRUE(seen);
    EXPECT_FALSE(seen->evidence.problem.empty()) << broken;
  }
}

TEST_P(RegisterTest, ACharterThatCameIntoForceIsUsed) {
  const auto next = successor_of(key_.charter);
  const auto change = change_for(key_.charter, next, clock_.now());
  put_request(*database_, clock_, change, canonical(next));
  const auto before = book_.sight(digest_of(change));
  ASSERT_TRUE(before) << before.error().message;
  EXPECT_EQ(before->next, next);
  EXPECT_EQ(before->judged.judgement.state, RequestState::waiting);
  EXPECT_EQ(before->evidence.problem, "");
  for (const auto& kept : {std::string("{}"), canonical(key_.charter)}) {
    auto other = change;
    other.reason = kept.substr(0, 10);
    const auto seen = book_.sight(put_request(*database_, clock_, other, kept));
    ASSERT_TRUE(seen);
    EXPECT_NE(seen->evidence.problem, "") << kept;
  }
  const auto old = request('1');
  put(old);
  const auto earlier = clock_.now();
  clock_.advance(1h);
  ASSERT_TRUE(ledger::write(*database_, clock_, actor_, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("key.charter_changed", {"key:px-fw"}, {}));
    return insert_charter(transaction, entry, key_.id, next);
  }));
  EXPECT_EQ(book_.sight(digest_of(change))->judged.judgement.state, RequestState::used);
  EXPECT_EQ(book_.sight(digest_of(old))->judged.judgement.state, RequestState::superseded);
  EXPECT_EQ(book_.keys("", "", 10)->front().charter.sequence, 2) << "the one in force";
  const auto then = database_->read([&](const db::Reader& reader) {
    return judged_requests(reader, {{RequestState::waiting}, {}}, {}, 10, clock_.now(), earlier);
  });
  EXPECT_EQ(then->items.size(), 4U) << "as it stood before";
}

TEST_P(RegisterTest, FindsKeysByTheBeginningOfTheirName) {
  for (const auto* name : {"px-boot", "py_1", "pyx1"}) {
    auto charter = cast_.charter();
    charter.key = name;
    put_key(*database_, clock_, charter, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256));
  }
  const auto names = [&](std::string_view beginning, std::string_view after = "", std::int64_t limit = 10) {
    std::string all;
    const auto found = book_.keys(beginning, after, limit);
    for (const auto& key : *found) all += key.name + " ";
    return all;
  };
  EXPECT_EQ(names(""), "px-boot px-fw py_1 pyx1 ");
  EXPECT_EQ(names("px-"), "px-boot px-fw ");
  EXPECT_EQ(names("px-", "px-boot"), "px-fw ");
  EXPECT_EQ(names("%"), "");
  EXPECT_EQ(names("py_"), "py_1 ") << "no wildcard";
  EXPECT_EQ(names("", "", 2), "px-boot px-fw ");
}

}  // namespace
}  // namespace hf::keys
