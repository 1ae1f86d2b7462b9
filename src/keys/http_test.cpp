// The keys over REST, on both engines: each answer is held to the OpenAPI document.
#include "keys/http.h"

#include <gtest/gtest.h>

#include "accounts/http.h"
#include "keys/asking_json.h"
#include "keys/register_test.h"
#include "net/page.h"
#include "net/pipeline.h"
#include "net/test_schema.h"
#include "support/test_database.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

const Bytes kEvidence = evidence_of(R"({"version":"1.2","security_version":3})");

class Door final : public net::Authenticator {
 public:
  net::Principal principal{
      .id = "user:1", .kind = "user", .role = "crypto_officer", .permissions = {"keys.decide", "keys.read"}};
  Result<net::Principal> authenticate(const net::Request&) override { return principal; }
};

struct Answer {
  int status = 0;
  Json json;
  [[nodiscard]] std::string text(std::string_view name) const { return std::string(json.at(name).as_string()); }
  // Why an action is refused; "yes": it is not.
  [[nodiscard]] std::string may(std::string_view action) const {
    for (const auto& one : json.at("allowed_actions").as_array())
      if (one.at("action").as_string() == action)
        return one.at("allowed").as_bool() ? "yes" : std::string(one.at("reason").as_string());
    return "no such action";
  }
};

class KeysHttp : public hf::test::DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    auto all = schemas();
    all.merge(accounts::schemas());  // AllowedAction
    auto table = routes(api_);
    document_ = net::openapi_document(table, all, {.version = "1"}).value();
    pipeline_.emplace(net::Router(std::move(table)), net::Stages{.authenticator = &door_});
    auto charter = cast_.charter();
    charter.approvers.push_back({.person = "user:5",
                                 .name = "Eve",
                                 .roles = {"officer"},
                                 .kind = CredentialKind::webauthn,
                                 .key = authenticator_.key.key(),
                                 .rp_id = authenticator_.rp_id,
                                 .origin = authenticator_.origin,
                                 .credential_id = "AQID"});
    key_ = put_key(*database_, clock_, charter, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256));
    request_ = request_for(key_.charter, kEvidence, clock_.now());
    digest_ = put_request(*database_, clock_, request_, attachment_of(kEvidence));
    path_ = "/v1/signing-requests/" + digest_;
  }

  Answer ask(net::Method method, const std::string& target, const std::string& body = {}) {
    net::Request request;
    request.method = method;
    request.target = target;
    request.id = "r1";
    request.peer.address = "192.0.2.1";
    const auto parsed = net::parse_target(target).value();
    request.query_parameters = parsed.query;
    const auto match = pipeline_->router().match(method, parsed);
    if (!match.route) throw std::runtime_error("no route " + target);
    if (!body.empty()) {
      request.body = net::Body(body);
      request.headers.add("Content-Type", "application/json");
    }
    request.path_pattern = match.route->path;
    request.path_parameters = match.parameters;
    const auto response = pipeline_->handle(*match.route, request);
    const auto& text = std::get<std::string>(response.content);
    const net::test::SchemaCheck check(document_);
    EXPECT_EQ(check.answer_problems(net::operation_id(method, match.route->path), response.status, text), "") << text;
    if (!match.route->request_schema.empty() && response.status < 400) {
      EXPECT_EQ(check.problems(match.route->request_schema, parse_json(body).value()), "") << body;
    }
    return {response.status, parse_json(text).value()};
  }
  Answer get(const std::string& target) { return ask(net::Method::get, target); }
  Answer decide(const Approval& approval) {
    return ask(net::Method::post, path_ + "/decisions", to_text(to_json(approval)));
  }
  Approval by(const Person& person, Decision decision = Decision::approve) {
    return approval_by(person, request_, decision, clock_.now());
  }
  // As a browser does it: the challenge is the digest of the statement that the server showed.
  Approval by_authenticator(const Answer& shown, std::string_view decision) {
    const auto& statement = shown.json.at("statement").at(decision);
    const std::string text(statement.at("text").as_string());
    const auto digest = crypto::sha256({bytes_of(text)});
    EXPECT_EQ(statement.at("sha256").as_string(), to_hex(digest));
    const auto answer = authenticator_.answer(digest);
    JsonObject approval = parse_json(text).value().as_object();
    approval.erase("type");
    approval["kind"] = "webauthn";
    approval["signature"] = to_hex(answer.signature);
    approval["authenticator_data"] = to_hex(answer.authenticator_data);
    approval["client_data"] = to_hex(answer.client_data);
    return approval_of(approval).value();
  }

  ManualClock clock_{kNow};
  Cast cast_;
  hf::test::Authenticator authenticator_;
  Register book_{*database_, clock_, &find_text_format};
  Api api_{book_};
  Door door_;
  Json document_;
  std::optional<net::Pipeline> pipeline_;
  StoredKey key_;
  SigningRequest request_;
  std::string digest_, path_;
};
HF_BOTH_ENGINES(KeysHttp);

TEST_P(KeysHttp, KeysAreListedPageByPageAndFound) {
  for (const auto* name : {"px-boot", "a_b.c"}) {
    auto charter = cast_.charter();
    charter.key = name;
    put_key(*database_, clock_, charter, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256));
  }
  std::string names, cursor;
  do {
    const auto page = get("/v1/signing-keys?limit=1" + cursor);
    for (const auto& key : page.json.at("items").as_array()) names += std::string(key.at("name").as_string()) + ";";
    cursor = page.json.at("next").is_null() ? "" : "&cursor=" + page.text("next");
  } while (!cursor.empty());
  EXPECT_EQ(names, "a_b.c;px-boot;px-fw;");
  EXPECT_EQ(get("/v1/signing-keys?q=px-f").json.at("items").as_array().size(), 1U);
  EXPECT_EQ(get("/v1/signing-keys?q=%27%25").json.at("items").as_array().size(), 0U);
  EXPECT_EQ(get("/v1/signing-keys/a%5Fb.c").text("name"), "a_b.c");
  EXPECT_EQ(get("/v1/signing-keys/none").status, 404);
  EXPECT_EQ(get("/v1/signing-keys/none/signatures").status, 404);
}

TEST_P(KeysHttp, AKeySaysWhoCanUseItWhatItMayDoAndWhatItDid) {
  auto key = get("/v1/signing-keys/px-fw");
  EXPECT_EQ(key.text("sentence"), "Each use needs 2 of 4 people (officer). 1 request waits for decisions.");
  EXPECT_EQ(key.text("charter_sha256"), key_.charter_digest);
  EXPECT_EQ(charter_of(key.json.at("charter")).value(), key_.charter);
  EXPECT_EQ(key.json.at("versions").at(0).at("custody").at("extractable"), Json(false));
  EXPECT_EQ(key.json.at("versions").at(0).at("custody").at("wrap"), Json(nullptr)) << "the token did not say";
  EXPECT_EQ(key.json.at("signatures"), Json(0));
  decide(by(cast_.ann)), decide(by(cast_.bob));
  put_signature(*database_, clock_, digest_);
  key = get("/v1/signing-keys/px-fw");
  EXPECT_EQ(key.json.at("signatures"), Json(1));
  EXPECT_EQ(key.json.at("versions").at(0).at("signatures"), Json(1));
  EXPECT_EQ(key.json.at("waiting"), Json(0));
  const auto uses = get("/v1/signing-keys/px-fw/signatures?limit=1");
  ASSERT_EQ(uses.json.at("items").as_array().size(), 1U);
  EXPECT_EQ(uses.json.at("items").at(0).at("request"), Json(digest_));
  EXPECT_EQ(uses.json.at("items").at(0).at("signed_files"), Json(JsonArray{std::string(64, 'e')}));
  EXPECT_EQ(
      get("/v1/signing-keys/px-fw/signatures?limit=1&cursor=" + uses.text("next")).json.at("items").as_array().size(),
      0U);
}

TEST_P(KeysHttp, ARequestShowsWhatWillBeSignedWhatLacksAndWhatToSign) {
  const auto shown = get(path_);
  EXPECT_EQ(shown.text("state"), "waiting");
  EXPECT_EQ(shown.text("sentence"), "Waits for decisions: step 'officers' has 0 of 2 approvals.");
  EXPECT_EQ(shown.json.at("view").at("security_version"), Json(3));
  EXPECT_TRUE(shown.json.at("evidence_problem").is_null());
  EXPECT_EQ(shown.json.at("statement").at("approve").at("text"),
            Json(canonical(Statement{digest_, Decision::approve, "user:1", clock_.now()})));
  EXPECT_EQ(shown.json.at("statement").at("reject").at("text"),
            Json(canonical(Statement{digest_, Decision::reject, "user:1", clock_.now()})));
  EXPECT_EQ(digest_of(request_of(shown.json.at("request")).value()), digest_);
  EXPECT_EQ(shown.may("approve"), "yes");
  EXPECT_EQ(get("/v1/signing-requests/" + digest_.substr(0, 12)).text("digest"), digest_);
  EXPECT_EQ(get("/v1/signing-requests/" + std::string(64, '0')).status, 404);

  const auto next = successor_of(key_.charter);
  const auto change =
      get("/v1/signing-requests/" +
          put_request(*database_, clock_, change_for(key_.charter, next, clock_.now()), canonical(next)));
  EXPECT_EQ(change.json.at("next_charter").at("sha256"), Json(digest_of(next)));
  EXPECT_NE(change.json.at("next_charter").at("rules"), change.json.at("rules"));
  const auto grant =
      get("/v1/signing-requests/" + put_request(*database_, clock_, grant_for(key_.charter, clock_.now()), ""));
  EXPECT_EQ(grant.json.at("uses"), Json(2));
  EXPECT_TRUE(grant.json.at("view").is_null());
}

TEST_P(KeysHttp, ADecisionIsASignatureOfAKeyOrOfAnAuthenticator) {
  EXPECT_EQ(decide(by(cast_.ann)).status, 201);
  EXPECT_EQ(decide(by(cast_.ann)).status, 409);
  const auto seen = get(path_ + "?person=user:5");
  EXPECT_EQ(seen.json.at("statement").at("person"), Json("user:5"));
  const auto done = decide(by_authenticator(seen, "approve"));
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(done.text("state"), "approved");
  EXPECT_EQ(done.json.at("decisions").at(1).at("kind"), Json("webauthn"));
  EXPECT_EQ(done.json.at("steps").at(0).at("people"), Json(JsonArray{"user:1", "user:5"}));
  EXPECT_EQ(done.may("approve"), "user:5 has decided already");
}

TEST_P(KeysHttp, ARejectionIsKeptForTheSigner) {
  const auto done = decide(by_authenticator(get(path_ + "?person=user:5"), "reject"));
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(done.text("state"), "rejected");
  EXPECT_EQ(decide(by(cast_.ann)).status, 409);
  EXPECT_EQ(get(path_).may("approve"), "it was rejected, and that is final");
  const auto waiting = database_->read([&](const db::Reader& reader) { return Store(reader).rejected(clock_.now()); });
  EXPECT_EQ(*waiting, std::vector{digest_});
  const auto later =
      database_->read([&](const db::Reader& reader) { return Store(reader).rejected(request_.expires_at); });
  EXPECT_TRUE(later->empty()) << "what has expired is dead already";
}

TEST_P(KeysHttp, WhatIsNoDecisionIsRefused) {
  const Person stranger{"user:1", {"officer"}};
  EXPECT_EQ(decide(by(stranger)).text("code"), "HF-KEYS-0015");
  auto changed = by(cast_.ann);
  changed.statement.decision = Decision::reject;
  EXPECT_EQ(decide(changed).status, 403) << "the signature is over another statement";
  auto assertion = by_authenticator(get(path_ + "?person=user:5"), "approve");
  assertion.statement.at += 1s;
  EXPECT_EQ(decide(assertion).status, 403) << "the challenge is another";
  auto other = request_;
  other.id = std::string(32, 'd');
  put_request(*database_, clock_, other, attachment_of(kEvidence));
  EXPECT_EQ(decide(approval_by(cast_.ann, other, Decision::approve, clock_.now())).text("code"), "HF-KEYS-0015");
  const auto post = [&](const std::string& body) {
    return ask(net::Method::post, path_ + "/decisions", body).text("code");
  };
  EXPECT_EQ(post("{"), "HF-JSON-0001");
  EXPECT_EQ(post("[]"), "HF-KEYS-0003");
  EXPECT_EQ(post("{}"), "HF-KEYS-0003");
  auto json = to_json(by(cast_.ann));
  json["more"] = 1;
  EXPECT_EQ(post(to_text(json)), "HF-KEYS-0003");
  json.erase("more");
  json["person"] = std::string("user:1\0", 7);
  EXPECT_EQ(post(to_text(json)), "HF-KEYS-0003");
  EXPECT_TRUE(get(path_).json.at("decisions").as_array().empty()) << "nothing of it was kept";
}

TEST_P(KeysHttp, WhatTheReaderMayNotDoSaysWhy) {
  EXPECT_EQ(get(path_ + "?person=user:9").may("approve"), "whoever asks for a signature does not decide on it");
  EXPECT_EQ(get(path_ + "?person=token:9").may("approve"), "whoever asks for a signature does not decide on it");
  EXPECT_EQ(get(path_ + "?person=user:7").may("reject"), "the charter of the key names no approver 'user:7'");
  EXPECT_EQ(get(path_ + "?person=%E2%80%AE").status, 400) << "a name that turns text round";
  EXPECT_NE(get("/v1/signing-keys/px-fw").may("change_charter"), "yes");
  door_.principal.permissions = {"keys.read"};
  EXPECT_EQ(get(path_).may("approve"), "needs the permission keys.decide");
  EXPECT_EQ(decide(by(cast_.ann)).status, 403);
  door_.principal.permissions = {"keys.decide"};
  EXPECT_EQ(get(path_).status, 403);
  EXPECT_EQ(decide(by(cast_.ann)).status, 201);
  door_.principal.permissions = {"keys.read"};
  clock_.advance(73h);
  door_.principal.permissions.emplace_back("keys.decide");
  EXPECT_TRUE(get(path_).may("approve").starts_with("it expired at "));
}

TEST_P(KeysHttp, RequestsAreListedByState) {
  put_request(*database_, clock_, grant_for(key_.charter, clock_.now()), "");
  const auto count = [&](const std::string& query) {
    return get("/v1/signing-requests" + query).json.at("items").as_array().size();
  };
  EXPECT_EQ(count(""), 2U);
  EXPECT_EQ(count("?state=open"), 2U);
  decide(by(cast_.ann)), decide(by(cast_.bob));
  EXPECT_EQ(count("?state=waiting"), 1U);
  EXPECT_EQ(count("?state=approved&key=px-fw"), 1U);
  EXPECT_EQ(count("?state=approved&key=none"), 0U);
  for (const auto* state : {"used", "rejected", "expired", "superseded", "refused"})
    EXPECT_EQ(count(std::string("?state=") + state), 0U);
  const auto first = get("/v1/signing-requests?limit=1");
  EXPECT_EQ(count("?limit=1&cursor=" + first.text("next")), 1U);
  EXPECT_EQ(get("/v1/signing-requests?state=none").text("code"), "HF-KEYS-0020");
  EXPECT_EQ(get("/v1/signing-requests?cursor=" + net::cursor_of({"a", "b"})).text("code"), "HF-HTTP-0048");
  EXPECT_EQ(get("/v1/signing-requests?cursor=" + net::cursor_of({"1"})).text("code"), "HF-HTTP-0048");
}

TEST_P(KeysHttp, WhoAsksIsWhoIsSignedInWhateverTheBodySays) {
  door_.principal = {
      .id = "token:9", .kind = "token", .permissions = {"keys.read", "keys.request", "keys.sign"}, .person = "user:8"};
  const NewRequest wanted{.key = "px-fw",
                          .product = "px",
                          .format = "text",
                          .evidence = kEvidence,
                          .artifact = {"fw.bin", 3, std::string(64, 'a')},
                          .reason = "release"};
  const auto asked = ask(net::Method::post, "/v1/signing-requests", to_text(to_json(wanted)));
  ASSERT_EQ(asked.status, 201);
  EXPECT_EQ(asked.text("requester"), "token:9");
  EXPECT_EQ(asked.text("person"), "user:8") << "whose token it is: that person approves nothing of it";
  EXPECT_EQ(asked.text("state"), "waiting");
  EXPECT_EQ(asked.json.at("view").at("security_version"), Json(3));

  NewGrant grant{.key = "px-fw",
                 .grant = {.signatures = 2, .products = {"px"}, .formats = {"text"}},
                 .requester = {},
                 .person = {},
                 .reason = "ci",
                 .valid = 24h};
  const auto granted = ask(net::Method::post, "/v1/signing-grants", to_text(to_json(grant)));
  ASSERT_EQ(granted.status, 201);
  EXPECT_EQ(granted.json.at("request").at("grant").at("requesters"), Json(JsonArray{"token:9"}));

  const auto problem = [&](std::string_view path, JsonObject body) {
    const auto answer = ask(net::Method::post, std::string(path), to_text(body));
    return answer.status < 400 ? "it was taken" : answer.text("code");
  };
  auto body = to_json(wanted);
  body["requester"] = "user:1";
  EXPECT_EQ(problem("/v1/signing-requests", body), "HF-KEYS-0021") << "nobody asks in another's name";
  body = to_json(wanted);
  body["evidence"] = "!!";
  EXPECT_EQ(problem("/v1/signing-requests", body), "HF-KEYS-0021");
  body = to_json(wanted);
  body["format"] = "elf";
  EXPECT_EQ(problem("/v1/signing-requests", body), "HF-SIGNER-0008");
  body = to_json(wanted);
  body["scheme"] = "ed25519";
  EXPECT_EQ(problem("/v1/signing-requests", body), "HF-KEYS-0014") << "refused before anyone is asked";
  body = to_json(grant);
  body["signatures"] = 1'000'000;
  EXPECT_EQ(problem("/v1/signing-grants", body), "HF-KEYS-0014");

  EXPECT_EQ(ask(net::Method::post, "/v1/signing-requests/" + asked.text("digest") + "/signature").text("code"),
            "HF-KEYS-0022");
  EXPECT_EQ(problem("/v1/signing-grants/" + granted.text("digest") + "/signatures", to_json(wanted)), "HF-KEYS-0022");
  door_.principal.permissions = {"keys.read"};
  EXPECT_EQ(ask(net::Method::post, "/v1/signing-requests", to_text(to_json(wanted))).status, 403);
}

}  // namespace
}  // namespace hf::keys
