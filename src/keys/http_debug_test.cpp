// Debug sessions and the credentials of charters over REST: routes, permissions and answers as the document says.
#include <gtest/gtest.h>

#include "accounts/http.h"
#include "keys/http.h"
#include "keys/register_test.h"
#include "net/pipeline.h"
#include "net/test_schema.h"
#include "support/test_database.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

class Door final : public net::Authenticator {
 public:
  net::Principal principal{
      .id = "user:5", .kind = "user", .role = "release_engineer", .permissions = {"keys.read", "keys.sign"}};
  Result<net::Principal> authenticate(const net::Request&) override { return principal; }
};

class DebugHttp : public hf::test::DatabaseTest {
 protected:
  DebugHttp() {
    auto all = schemas();
    all.merge(accounts::schemas());  // AllowedAction
    auto table = routes(api_);
    document_ = net::openapi_document(table, all, {.version = "1"}).value();
    pipeline_.emplace(net::Router(std::move(table)), net::Stages{.authenticator = &door_});
    auto charter = cast_.charter();
    charter.key = "px-debug";
    charter.key_class = KeyClass::debug;
    charter.policy.debug = DebugPolicy{.lifecycles = {{"0x3000", "0f"}}, .class_wide = false};
    charter_ = put_key(*database_, clock_, charter, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256)).charter;
  }
  std::string session(char id, bool is_signed = true) {
    const auto evidence = evidence_of(
        R"({"kind":"debug_token","permissions":"03","lifecycle":"0x3000","challenge_sha256":"aa","device":"d1"})");
    auto request = request_for(charter_, evidence, clock_.now());
    request.id[0] = id;
    request.requester = "token:7", request.person = "user:5";
    const auto digest = put_request(*database_, clock_, request, attachment_of(evidence));
    if (is_signed) put_signature(*database_, clock_, digest);
    return digest;
  }
  std::pair<int, Json> ask(net::Method method, const std::string& target, const std::string& body = {}) {
    net::Request request;
    request.method = method;
    request.target = target;
    request.id = "r1";
    request.peer.address = "192.0.2.1";
    const auto parsed = net::parse_target(target).value();
    request.query_parameters = parsed.query;
    const auto match = pipeline_->router().match(method, parsed);
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
    return {response.status, parse_json(text).value()};
  }
  Json get(const std::string& target) { return ask(net::Method::get, target).second; }
  std::pair<int, Json> close(const std::string& digest, const std::string& body) {
    return ask(net::Method::post, "/v1/debug-sessions/" + digest + "/closing", body);
  }
  static std::string may(const Json& session) {
    const auto& close = session.at("allowed_actions").at(0);
    return close.at("allowed").as_bool() ? "yes" : std::string(close.at("reason").as_string());
  }

  ManualClock clock_{kNow};
  Cast cast_;
  Register book_{*database_, clock_, &find_text_format};
  Api api_{book_};
  Door door_;
  Json document_;
  std::optional<net::Pipeline> pipeline_;
  Charter charter_;
};
HF_BOTH_ENGINES(DebugHttp);

TEST_P(DebugHttp, OpenOnesComeFirstAndSayWhoMustCloseThem) {
  EXPECT_EQ(get("/v1/debug-sessions").at("sentence"), Json("No debug session is open."));
  const auto late = session('1');
  clock_.advance(72h);
  const auto open = session('2');
  const auto waiting = session('3', false);
  const auto list = get("/v1/debug-sessions");
  EXPECT_EQ(list.at("sentence"), Json("2 debug sessions are open, 1 of them overdue."));
  const auto& items = list.at("items").as_array();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].at("digest"), Json(late));
  EXPECT_EQ(items[1].at("digest"), Json(open));
  EXPECT_EQ(items[2].at("digest"), Json(waiting));
  EXPECT_EQ(items[1].at("person"), Json("user:5"));
  EXPECT_NE(items[1].at("sentence").as_string().find("user:5 has to close it"), std::string::npos);
  EXPECT_EQ(may(items[2]), "nothing was signed with it");
  EXPECT_EQ(get("/v1/debug-sessions?state=open").at("items").as_array().size(), 2U);
  EXPECT_EQ(ask(net::Method::get, "/v1/debug-sessions?state=closed").second.at("code"), Json("HF-KEYS-0020"));
  EXPECT_EQ(ask(net::Method::get, "/v1/debug-sessions/" + std::string(64, '0')).first, 404);
}

TEST_P(DebugHttp, IsClosedOnceAndByWhoeverMaySign) {
  const auto digest = session('1');
  const auto path = "/v1/debug-sessions/" + digest;
  EXPECT_EQ(may(get(path)), "yes");
  for (const auto* body : {"{}", R"({"locked":"yes"})", R"({"locked":true,"attestation_sha256":"aa"})",
                           R"({"locked":true,"person":"user:1"})"})
    EXPECT_EQ(close(digest, body).second.at("code"), Json("HF-KEYS-0021")) << body;
  door_.principal.permissions = {"keys.read"};
  EXPECT_EQ(may(get(path)), "needs the permission keys.sign");
  EXPECT_EQ(close(digest, R"({"locked":true})").first, 403);
  door_.principal.permissions = {"keys.read", "keys.sign"};
  const auto [status, closed] =
      close(digest, R"({"locked":false,"note":"lost","attestation_sha256":")" + std::string(64, 'a') + "\"}");
  EXPECT_EQ(status, 201);
  EXPECT_EQ(closed.at("state"), Json("closed"));
  EXPECT_EQ(closed.at("closing").at("person"), Json("user:5")) << "who is signed in, whatever the content says";
  EXPECT_NE(closed.at("sentence").as_string().find("NOT locked again"), std::string::npos);
  EXPECT_EQ(close(digest, R"({"locked":true})").second.at("code"), Json("HF-KEYS-0031"));
  EXPECT_EQ(may(get(path)), "it is closed");
  EXPECT_EQ(close(session('2', false), R"({"locked":true})").second.at("code"), Json("HF-KEYS-0030"));
}

TEST_P(DebugHttp, ChartersSayWhomTheyNameAndByWhat) {
  auto charter = cast_.charter();
  charter.key = "a-first";
  charter.approvers.push_back({.person = "user:5",
                               .name = "Eve",
                               .roles = {"officer"},
                               .kind = CredentialKind::webauthn,
                               .key = hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256).key(),
                               .rp_id = "holdfast.example",
                               .origin = "https://holdfast.example",
                               .credential_id = "AQID"});
  put_key(*database_, clock_, charter, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256));
  const auto mine = get("/v1/charter-approvers").at("items");
  ASSERT_EQ(mine.as_array().size(), 2U);
  EXPECT_EQ(mine.at(0).at("key"), Json("a-first"));
  ASSERT_EQ(mine.at(0).at("named").as_array().size(), 1U);
  EXPECT_EQ(mine.at(0).at("named").at(0).at("credential_id"), Json("AQID"));
  EXPECT_EQ(mine.at(0).at("roles"), Json(JsonArray{"officer"}));
  EXPECT_EQ(mine.at(1).at("named").as_array().size(), 0U) << "px-debug does not name user:5";
  const auto first = get("/v1/charter-approvers?limit=1");
  EXPECT_EQ(first.at("items").as_array().size(), 1U);
  EXPECT_EQ(get("/v1/charter-approvers?limit=1&cursor=" + std::string(first.at("next").as_string()))
                .at("items")
                .at(0)
                .at("key"),
            Json("px-debug"));
  EXPECT_EQ(get("/v1/charter-approvers?person=" + cast_.ann.name).at("items").at(1).at("named").as_array().size(), 1U);
}

}  // namespace
}  // namespace hf::keys
