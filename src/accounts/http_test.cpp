#include "accounts/http.h"

#include <atomic>
#include <thread>

#include "accounts/authenticator.h"
#include "accounts/denials.h"
#include "accounts/idempotency.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "net/test_schema.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::accounts {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPassword = "correct horse battery";

struct Answer {
  int status = 0;
  Json json;
  net::Headers headers;
  [[nodiscard]] std::string code() const {
    return json.is_object() && json.get_object().contains("code") ? std::string(json.at("code").as_string()) : "";
  }
  [[nodiscard]] std::string text(std::string_view name) const { return std::string(json.at(name).as_string()); }
};

struct Sender {
  std::string cookie{}, csrf{}, bearer{}, address = "192.0.2.1";
};

// Routes and stages as a listener has them, without the sockets. Every answer is held to the OpenAPI document.
class AccountsHttp : public test::DatabaseTest {
 protected:
  AccountsHttp() {
    auto table = routes(api_);
    document_ = net::openapi_document(table, schemas(), {.version = "1"}).value();
    pipeline_.emplace(
        net::Router(std::move(table)),
        net::Stages{.authenticator = &authenticator_, .denials = &denials_, .idempotency = &idempotency_});
  }

  Answer ask(net::Method method, std::string_view target, const Json& body = nullptr, const Sender& sender = {},
             const net::Parameters& more = {}) {
    net::Request request;
    request.method = method;
    request.target = std::string(target);
    request.id = "r1";
    request.peer.address = sender.address;
    request.received = clock_.now();
    if (!sender.cookie.empty()) request.headers.add("Cookie", "a=b; __Host-holdfast=" + sender.cookie);
    if (!sender.csrf.empty()) request.headers.add("X-CSRF-Token", sender.csrf);
    if (!sender.bearer.empty()) request.headers.add("Authorization", "Bearer " + sender.bearer);
    for (const auto& [name, value] : more) request.headers.add(name, value);
    if (!body.is_null()) request.body = net::Body(body.is_string() ? std::string(body.get_string()) : to_text(body));
    const auto parsed = net::parse_target(target).value();
    request.query_parameters = parsed.query;
    const auto match = pipeline_->router().match(method, parsed);
    if (!match.route) throw std::runtime_error("no route " + std::string(target));
    request.path_pattern = match.route->path;
    request.path_parameters = match.parameters;
    auto response = pipeline_->handle(*match.route, request);
    const auto& text = std::get<std::string>(response.content);
    const net::test::SchemaCheck check(document_);
    EXPECT_EQ(check.answer_problems(net::operation_id(method, match.route->path), response.status, text), "") << text;
    return {response.status, text.empty() ? Json() : parse_json(text).value(), response.headers};
  }
  Answer get(std::string_view target, const Sender& sender = {}) {
    return ask(net::Method::get, target, nullptr, sender);
  }
  Answer post(std::string_view target, const Json& body, const Sender& sender = {}) {
    return ask(net::Method::post, target, body, sender);
  }

  void set_up() {
    const auto link = service_.setup_link().value();
    ASSERT_EQ(post("/v1/setup",
                   JsonObject{
                       {"token", link->text()}, {"name", "ada"}, {"password", kPassword}, {"email", "ada@example.org"}})
                  .status,
              201);
  }
  Sender sign_in(std::string_view name) {
    const auto answer = post("/v1/session", JsonObject{{"name", name}, {"password", kPassword}});
    EXPECT_EQ(answer.status, 200);
    const std::string cookie(answer.headers.find("Set-Cookie").value_or(""));
    const auto from = cookie.find('=') + 1;
    return {cookie.substr(from, cookie.find(';') - from), answer.text("csrf")};
  }
  Answer add(const Sender& by, std::string_view name, JsonArray roles) {
    return post("/v1/users", JsonObject{{"name", name}, {"password", kPassword}, {"roles", std::move(roles)}}, by);
  }
  std::vector<std::string> denied() {
    static const db::Query kDenied{"test.accounts.denied",
                                   "SELECT principal, code, attempts FROM denied_attempt ORDER BY denied_id"};
    return database_
        ->read([&](const db::Reader& reader) {
          return reader.select(kDenied, [](const db::Row& row) {
            return row.string(0) + " " + row.string(1) + " " + std::to_string(row.int64(2));
          });
        })
        .value();
  }

  static Settings quick() {
    Settings settings;
    settings.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1};
    return settings;
  }
  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  Service service_{*database_, clock_, quick()};
  Api api_{service_};
  Authenticator authenticator_{service_};
  DenialRecorder denials_{*database_, clock_};
  IdempotencyStore idempotency_{*database_, clock_};
  Json document_;
  std::optional<net::Pipeline> pipeline_;
};
HF_BOTH_ENGINES(AccountsHttp);

TEST_P(AccountsHttp, FromTheFirstLinkToSigningOut) {
  set_up();
  const auto signed_in = post("/v1/session", JsonObject{{"name", "ada"}, {"password", kPassword}});
  const std::string cookie(signed_in.headers.find("Set-Cookie").value_or(""));
  EXPECT_TRUE(cookie.starts_with("__Host-holdfast=")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Strict")) << cookie;
  const auto ada = sign_in("ada");
  const auto me = get("/v1/session", ada);
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(me.text("csrf"), ada.csrf);
  EXPECT_EQ(me.text("name"), "ada");
  EXPECT_EQ(me.headers.find("Cache-Control").value_or(""), "no-store");
  EXPECT_EQ(get("/v1/roles", ada).status, 200);
  EXPECT_EQ(ask(net::Method::del, "/v1/session", nullptr, ada).status, 204);
  EXPECT_EQ(get("/v1/session", ada).code(), "HF-ACCOUNT-0030");
  EXPECT_EQ(get("/v1/session").status, 401);
}

TEST_P(AccountsHttp, Abuse42ACookieNeedsItsOwnCsrfTokenToChangeAnything) {
  set_up();
  const auto ada = sign_in("ada"), other = sign_in("ada");
  EXPECT_EQ(add({ada.cookie}, "bob", {"auditor"}).code(), "HF-ACCOUNT-0031");
  EXPECT_EQ(add({ada.cookie, "x"}, "bob", {"auditor"}).code(), "HF-ACCOUNT-0031");
  EXPECT_EQ(add({ada.cookie, other.csrf}, "bob", {"auditor"}).code(), "HF-ACCOUNT-0031");
  EXPECT_EQ(add(ada, "bob", {"auditor"}).status, 201);
  EXPECT_EQ(get("/v1/users", {ada.cookie}).json.at("items").as_array().size(), 2U) << "reading needs none";
  // A bad bearer token is not saved by a good cookie.
  EXPECT_EQ(get("/v1/users", {ada.cookie, ada.csrf, "hft_wrong"}).code(), "HF-ACCOUNT-0030");
}

// What each role may reach, for every route of the table; a new route must be added here.
TEST_P(AccountsHttp, EveryRouteIsClosedToWhoeverMayNot) {
  set_up();
  const auto ada = sign_in("ada");
  ASSERT_EQ(add(ada, "audit", {"auditor"}).status, 201);
  ASSERT_EQ(add(ada, "rel", {"release_engineer"}).status, 201);
  const auto audit = sign_in("audit"), rel = sign_in("rel");
  std::size_t checked = 0;
  for (const auto& route : pipeline_->router().routes()) {
    std::string path(route.path);
    if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, "999999");
    const auto body = route.body_max > 0 ? Json("{}") : Json();
    const auto anonymous = ask(route.method, path, body).status;
    if (route.permission == net::kPublic) {
      EXPECT_NE(anonymous, 401) << path;
    } else {
      EXPECT_EQ(anonymous, 401) << path;
      EXPECT_EQ(ask(route.method, path, body, {"stolen", "x"}).status, 401) << path;
      EXPECT_EQ(ask(route.method, path, body, {{}, {}, "hft_unknown"}).status, 401) << path;
    }
    if (route.permission == net::kPublic || route.permission == net::kSignedIn) {
      ++checked;
      continue;
    }
    EXPECT_EQ(ask(route.method, path, body, rel).status, 403) << path;
    const auto by_auditor = ask(route.method, path, body, audit).status;
    EXPECT_EQ(by_auditor == 403, route.permission == "accounts.manage") << path << " " << by_auditor;
    ++checked;
  }
  EXPECT_EQ(checked, 17U);
}

TEST_P(AccountsHttp, UsersAreManaged) {
  set_up();
  const auto ada = sign_in("ada");
  const auto bob = add(ada, "bob", {"compliance"});
  const auto path = "/v1/users/" + bob.text("id");
  EXPECT_EQ(bob.headers.find("Location").value_or(""), path);
  const auto patch = [&](const Json& change, const std::string& to) {
    return ask(net::Method::patch, to, change, ada);
  };
  EXPECT_EQ(patch(JsonObject{{"roles", JsonArray{"auditor"}}}, path).json.at("roles"), Json(JsonArray{"auditor"}));
  EXPECT_EQ(patch(JsonObject{{"roles", JsonArray{"auditor", "compliance"}}}, path).status, 422);
  EXPECT_EQ(patch(JsonObject{{"disabled", true}}, path).json.at("disabled"), Json(true));
  EXPECT_EQ(post("/v1/session", JsonObject{{"name", "bob"}, {"password", kPassword}}).status, 401);
  EXPECT_EQ(get(path, ada).json.at("allowed_actions").as_array().size(), 4U);
  for (const auto* wrong : {"/v1/users/0", "/v1/users/x", "/v1/users/99999999999999999999", "/v1/users/1'--"})
    EXPECT_EQ(get(wrong, ada).code(), "HF-ACCOUNT-0009") << wrong;
  const auto me = get("/v1/users?limit=1", ada);
  const auto& self = me.json.at("items").as_array().front();
  EXPECT_EQ(self.at("allowed_actions").as_array().front().at("allowed"), Json(false));
  const auto next = get("/v1/users?limit=1&cursor=" + me.text("next"), ada);
  EXPECT_EQ(next.json.at("items").as_array().front().at("name"), "bob");
  EXPECT_EQ(ask(net::Method::put, "/v1/session/password",
                JsonObject{{"current", kPassword}, {"next", "another horse battery"}}, ada)
                .status,
            204);
}

TEST_P(AccountsHttp, BodiesAreCheckedFieldByField) {
  set_up();
  const auto ada = sign_in("ada");
  for (const auto* body :
       {"", "{", "[]", "null", R"({"name":"x"})", R"({"name":1,"password":"p","roles":[]})",
        R"({"name":"x","password":"p","roles":"auditor"})", R"({"name":"x","password":"p","roles":[1]})",
        R"({"name":"x\u0000y","password":"p","roles":[]})", R"({"name":"x","name":"y","password":"p","roles":[]})",
        "{\"name\":\"\xff\"}"}) {
    const auto answer = post("/v1/users", Json(body), ada);
    EXPECT_TRUE(answer.status == 422 || answer.status == 400) << body << answer.status;
    EXPECT_EQ(answer.code(), "HF-ACCOUNT-0034") << body;
  }
  const auto extra = post("/v1/users", Json(R"({"name":"x","password":"p","roles":[],"admin":true})"), ada);
  EXPECT_NE(extra.text("detail").find("admin is not a field"), std::string::npos);
}

TEST_P(AccountsHttp, ATokenDoesWhatItsScopesSayAndMakesNoOther) {
  set_up();
  const auto ada = sign_in("ada");
  const auto made =
      post("/v1/tokens", JsonObject{{"name", "ci"}, {"scopes", JsonArray{"accounts.read", "accounts.manage"}}}, ada);
  ASSERT_EQ(made.status, 201);
  const Sender token{{}, {}, made.text("secret")};
  const auto me = get("/v1/session", token);
  EXPECT_EQ(me.text("subject"), made.text("subject"));
  EXPECT_TRUE(me.json.at("csrf").is_null());
  EXPECT_EQ(get("/v1/users", token).status, 200);
  EXPECT_EQ(post("/v1/tokens", JsonObject{{"name", "child"}, {"scopes", JsonArray{"accounts.read"}}}, token).code(),
            "HF-ACCOUNT-0032");
  EXPECT_EQ(add(token, "eve", {"administrator"}).code(), "HF-ACCOUNT-0032") << "accounts are made by people";
  EXPECT_EQ(ask(net::Method::del, "/v1/session", nullptr, token).code(), "HF-ACCOUNT-0032");
  const auto list = get("/v1/tokens", ada);
  EXPECT_FALSE(list.json.at("items").as_array().front().as_object().contains("secret")) << "shown once";
  EXPECT_EQ(get("/v1/tokens?all=true", token).status, 200);
  EXPECT_EQ(ask(net::Method::del, "/v1/tokens/" + made.text("id"), nullptr, ada).status, 204);
  EXPECT_EQ(get("/v1/users", token).status, 401);
}

TEST_P(AccountsHttp, TooManyFailuresAreAnswered429) {
  set_up();
  const Json wrong = JsonObject{{"name", "ada"}, {"password", "wrong horse battery"}};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(post("/v1/session", wrong).status, 401);
  const auto refused = post("/v1/session", wrong);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.find("Retry-After").value_or(""), "900");
}

TEST_P(AccountsHttp, DeniedAttemptsBecomeFewEntries) {
  set_up();
  const auto ada = sign_in("ada");
  const auto rel = add(ada, "rel", {"release_engineer"});
  const auto as_rel = sign_in("rel");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/v1/users").status, 401);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get("/v1/users", as_rel).status, 403);
  EXPECT_EQ(denied(), (std::vector<std::string>{" HF-HTTP-0043 1", rel.text("subject") + " HF-HTTP-0044 1"}));
  clock_.advance(1min);
  EXPECT_EQ(get("/v1/users").status, 401);
  EXPECT_EQ(denied().size(), 5U);  // the nine and the two that were counted, and the new one
  EXPECT_EQ(denied()[2], " HF-HTTP-0043 9");
  // From a thousand addresses: told apart up to a limit, then counted together.
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(ask(net::Method::get, "/v1/users", nullptr,
                  {{}, {}, {}, "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)})
                  .status,
              401);
  denials_.flush();
  const auto all = denied();
  EXPECT_EQ(all.size(), 4 + DenialRecorder::kKeysMax + 2);
  EXPECT_EQ(all.back(), "(many) HF-HTTP-0043 984");
  denials_.flush();
  EXPECT_EQ(denied().size(), all.size());

  test::MemoryKeyStore keys;
  ledger::Log log(*database_, clock_, keys, "example.eu/test", "ledger");
  ASSERT_TRUE(log.advance());
  const auto report = ledger::verify_ledger(*database_, *log.verifier_key());
  for (const auto& finding : report->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
}

TEST_P(AccountsHttp, AnIdempotencyKeyCreatesOnce) {
  set_up();
  const auto ada = sign_in("ada");
  const Json bob = JsonObject{{"name", "bob"}, {"password", kPassword}, {"roles", JsonArray{"auditor"}}};
  const net::Parameters key{{"Idempotency-Key", "k1"}};
  const auto first = ask(net::Method::post, "/v1/users", bob, ada, key),
             again = ask(net::Method::post, "/v1/users", bob, ada, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.text("id"), first.text("id"));
  EXPECT_EQ(again.headers.find("Idempotency-Replayed").value_or(""), "true");
  EXPECT_EQ(again.headers.find("Location"), first.headers.find("Location"));
  const Json eve = JsonObject{{"name", "eve"}, {"password", kPassword}, {"roles", JsonArray{"auditor"}}};
  EXPECT_EQ(ask(net::Method::post, "/v1/users", eve, ada, key).code(), "HF-HTTP-0045");
  // The answer went when its day was over.
  clock_.advance(24h);
  EXPECT_EQ(ask(net::Method::post, "/v1/users", bob, sign_in("ada"), key).code(), "HF-ACCOUNT-0007");
}

TEST_P(AccountsHttp, OfManyWhoClaimAKeyAtOnceOneIsFirst) {
  const auto digest = crypto::sha256({});
  std::atomic<int> fresh = 0, waiting = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i)
    all.emplace_back([&] {
      const auto what = idempotency_.claim("user:1", "k", digest).value().what;
      fresh += what == net::Idempotency::Claim::fresh;
      waiting += what == net::Idempotency::Claim::in_progress;
    });
  for (auto& thread : all) thread.join();
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(waiting, 7);
}

TEST_P(AccountsHttp, AnAbandonedKeyComesFree) {
  const auto digest = crypto::sha256({});
  const auto claim = [&] { return idempotency_.claim("user:1", "k", digest).value().what; };
  using Claim = net::Idempotency::Claim;
  EXPECT_EQ(claim(), Claim::fresh);
  EXPECT_EQ(claim(), Claim::in_progress);
  clock_.advance(10min);
  EXPECT_EQ(claim(), Claim::fresh);
  idempotency_.give_back("user:1", "k");
  EXPECT_EQ(claim(), Claim::fresh);
  ASSERT_TRUE(idempotency_.keep("user:1", "k", {201, "application/json", "", "{}"}));
  idempotency_.give_back("user:1", "k");
  clock_.advance(1h);
  EXPECT_EQ(claim(), Claim::replay) << "an answer that is kept is neither given back nor abandoned";
}

}  // namespace
}  // namespace hf::accounts
