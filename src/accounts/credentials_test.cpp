// Registering an authenticator, as a browser does it: over the routes, with every answer held to the document.
#include "accounts/credentials.h"

#include "accounts/authenticator.h"
#include "accounts/http.h"
#include "crypto/base64url.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "net/test_schema.h"
#include "support/authenticator.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::accounts {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPassword = "correct horse battery";

struct Answer {
  int status = 0;
  Json json;
  [[nodiscard]] std::string code() const { return status < 400 ? "" : std::string(json.at("code").as_string()); }
};

class RegisteredCredentials : public test::DatabaseTest {
 protected:
  RegisteredCredentials() {
    auto table = routes(api_);
    document_ = net::openapi_document(table, schemas(), {.version = "1"}).value();
    pipeline_.emplace(net::Router(std::move(table)), net::Stages{.authenticator = &authenticator_});
    const auto link = service_.setup_link().value();
    account_ = service_.set_up(link->text(), {.name = "ada", .password = std::string(kPassword)}).value().id;
    session_ = std::string(service_.sign_in("ada", kPassword, "192.0.2.1").value().token.text());
  }

  Answer ask(net::Method method, std::string_view target, const Json& body = nullptr,
             const std::string& host = "holdfast.example") {
    net::Request request;
    request.method = method;
    request.target = std::string(target);
    request.id = "r1";
    request.peer.address = "192.0.2.1";
    request.received = clock_.now();
    request.headers.add("Host", host);
    request.headers.add("Cookie", std::string(kCookie) + "=" + session_);
    request.headers.add("X-CSRF-Token", csrf_token(session_));
    if (!body.is_null()) request.headers.add("Content-Type", "application/json");
    if (!body.is_null()) request.body = net::Body(to_text(body));
    const auto match = pipeline_->router().match(method, net::parse_target(target).value());
    request.path_pattern = match.route->path;
    request.path_parameters = match.parameters;
    const auto response = pipeline_->handle(*match.route, request);
    const auto& text = std::get<std::string>(response.content);
    const net::test::SchemaCheck check(document_);
    EXPECT_EQ(check.answer_problems(net::operation_id(method, match.route->path), response.status, text), "") << text;
    return {response.status, text.empty() ? Json() : parse_json(text).value()};
  }
  std::string challenge(const std::string& host = "holdfast.example") {
    const auto given = ask(net::Method::post, "/v1/credentials/challenge", nullptr, host);
    EXPECT_EQ(given.status, 201);
    return std::string(given.json.at("challenge").as_string());
  }
  static Json made_by(const test::Authenticator& device, const std::string& challenge, std::string_view name = "blue") {
    const auto made = device.create(crypto::from_base64url(challenge).value());
    return JsonObject{{"name", name},
                      {"challenge", challenge},
                      {"client_data", crypto::to_base64url(made.client_data)},
                      {"attestation_object", crypto::to_base64url(made.attestation_object)}};
  }
  Answer add(const Json& body) { return ask(net::Method::post, "/v1/credentials", body); }

  static Settings quick() {
    Settings settings;
    settings.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1};
    return settings;
  }
  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  Service service_{*database_, clock_, quick()};
  Api api_{service_};
  Authenticator authenticator_{service_};
  Json document_;
  std::optional<net::Pipeline> pipeline_;
  AccountId account_;
  std::string session_;
};
HF_BOTH_ENGINES(RegisteredCredentials);

TEST_P(RegisteredCredentials, AreRegisteredListedRemovedAndProven) {
  const test::Authenticator device;
  const auto given = ask(net::Method::post, "/v1/credentials/challenge");
  EXPECT_EQ(given.json.at("rp_id"), Json("holdfast.example"));
  EXPECT_EQ(given.json.at("origin"), Json("https://holdfast.example"));
  const auto made = add(made_by(device, std::string(given.json.at("challenge").as_string())));
  ASSERT_EQ(made.status, 201) << to_text(made.json);
  EXPECT_EQ(made.json.at("public_key"), Json(crypto::to_pem(device.key.key())));
  EXPECT_EQ(made.json.at("credential_id"), Json(crypto::to_base64url(device.id)));
  EXPECT_EQ(made.json.at("person"), Json(subject_of(account_)));
  const auto list = ask(net::Method::get, "/v1/credentials");
  ASSERT_EQ(list.json.at("items").as_array().size(), 1U);
  EXPECT_EQ(list.json.at("items").at(0), made.json);
  EXPECT_EQ(ask(net::Method::post, "/v1/credentials/challenge").json.at("exclude").as_array().size(), 1U);
  const auto path = "/v1/credentials/" + std::string(made.json.at("id").as_string());
  EXPECT_EQ(ask(net::Method::del, path).status, 204);
  EXPECT_EQ(ask(net::Method::del, path).code(), "HF-ACCOUNT-0036");
  const auto after = ask(net::Method::get, "/v1/credentials").json.at("items").at(0);
  EXPECT_TRUE(after.at("removed_at").is_string());
  EXPECT_FALSE(after.at("allowed_actions").at(0).at("allowed").as_bool());
  EXPECT_EQ(ask(net::Method::post, "/v1/credentials/challenge").json.at("exclude").as_array().size(), 0U);
  EXPECT_EQ(add(made_by(device, challenge())).code(), "HF-ACCOUNT-0019") << "what was removed does not come back";
  test::MemoryKeyStore keys;
  ledger::Log log{*database_, clock_, keys, "example.eu/holdfast", "ledger"};
  ASSERT_TRUE(log.advance());
  const auto report = ledger::verify_ledger(*database_, *log.verifier_key());
  ASSERT_TRUE(report) << report.error().message;
  for (const auto& finding : report->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
}

TEST_P(RegisteredCredentials, Abuse10AChallengeIsOfItsSessionAndItsTimeAndOfOneUse) {
  const test::Authenticator device;
  const auto given = challenge();
  auto altered = crypto::from_base64url(given).value();
  altered[20] ^= 1;  // its end
  EXPECT_EQ(add(made_by(device, crypto::to_base64url(altered))).code(), "HF-ACCOUNT-0017");
  const auto first = session_;
  session_ = std::string(service_.sign_in("ada", kPassword, "192.0.2.1").value().token.text());
  EXPECT_EQ(add(made_by(device, given)).code(), "HF-ACCOUNT-0017") << "another session of the same person";
  session_ = first;
  clock_.advance(5min + 1s);
  EXPECT_EQ(add(made_by(device, given)).code(), "HF-ACCOUNT-0017") << "over";
  const auto fresh = challenge();
  // The answer to one challenge under another of the same session.
  auto body = made_by(device, challenge()).as_object();
  body["challenge"] = fresh;
  EXPECT_EQ(add(body).code(), "HF-WEBAUTHN-0002");
  EXPECT_EQ(add(made_by(device, fresh)).status, 201);
  EXPECT_EQ(add(made_by(device, fresh)).code(), "HF-ACCOUNT-0019") << "replayed";
}

TEST_P(RegisteredCredentials, Abuse10AreOfTheSiteThatWasAsked) {
  test::Authenticator device;
  device.origin = "https://holdfast.example.evil.example", device.rp_id = "holdfast.example.evil.example";
  EXPECT_EQ(add(made_by(device, challenge())).code(), "HF-WEBAUTHN-0002");
  for (const auto* host :
       {"192.0.2.1:8443", "[2001:db8::1]:8443", "", "holdfast.example:", "holdfast.example:x", "a b"})
    EXPECT_EQ(ask(net::Method::post, "/v1/credentials/challenge", nullptr, host).code(), "HF-ACCOUNT-0016") << host;
  const auto given = ask(net::Method::post, "/v1/credentials/challenge", nullptr, "localhost:8443").json;
  EXPECT_EQ(given.at("origin"), Json("https://localhost:8443"));
  EXPECT_EQ(given.at("rp_id"), Json("localhost"));
  api_.origin = "https://ui.example:8443";  // whatever the Host header says
  EXPECT_EQ(ask(net::Method::post, "/v1/credentials/challenge").json.at("rp_id"), Json("ui.example"));
}

TEST_P(RegisteredCredentials, NeedANameAndWholeBytes) {
  const test::Authenticator device;
  EXPECT_EQ(add(made_by(device, challenge(), "")).code(), "HF-ACCOUNT-0018");
  EXPECT_EQ(add(made_by(device, challenge(), std::string(65, 'x'))).code(), "HF-ACCOUNT-0018");
  for (const auto* member : {"challenge", "client_data", "attestation_object"}) {
    auto body = made_by(device, challenge()).as_object();
    body[member] = std::string(body.at(member).as_string()) + "=";
    EXPECT_EQ(add(body).status, std::string_view(member) == "challenge" ? 409 : 422) << member;
    body.erase(member);
    EXPECT_EQ(add(body).code(), "HF-ACCOUNT-0034") << member;
  }
  EXPECT_EQ(ask(net::Method::get, "/v1/credentials").json.at("items").as_array().size(), 0U);
}

}  // namespace
}  // namespace hf::accounts
