// CAs and what they issued over REST, and their CRLs as a distribution point has them.
#include "pki/http_register.h"

#include "accounts/http.h"
#include "net/pipeline.h"
#include "net/server_fixture.h"
#include "net/test_schema.h"
#include "pki/registry_test.h"

namespace hf::pki {
namespace {
using namespace fixture;

class Door final : public net::Authenticator {
 public:
  net::Principal principal{
      .id = "user:9", .kind = "user", .role = "crypto_officer", .permissions = {"pki.read", "pki.revoke", "keys.sign"}};
  Result<net::Principal> authenticate(const net::Request&) override { return principal; }
};

class RegisterHttp : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    if (testing::Test::IsSkipped()) return;
    api_.issuer = issuer_.get();
    auto all = schemas();
    all.merge(accounts::schemas());  // AllowedAction
    auto table = register_routes(api_);
    document_ = net::openapi_document(table, all, {.version = "1"}).value();
    pipeline_.emplace(net::Router(std::move(table)), net::Stages{.authenticator = &door_});
  }
  std::pair<int, Json> ask(net::Method method, const std::string& target, const std::string& body = {}) {
    net::Request request;
    request.method = method;
    request.target = target;
    request.id = "r1";
    request.peer.address = "192.0.2.1";
    request.received = clock_.now();
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
    return {response.status, parse_json(text).value()};
  }
  Json get(const std::string& target) { return ask(net::Method::get, target).second; }
  std::size_t found(const std::string& query) {
    return get("/v1/pki/certificates?" + query).at("items").as_array().size();
  }
  static std::string may(const Json& entity, std::string_view action) {
    for (const auto& one : entity.at("allowed_actions").as_array())
      if (one.at("action").as_string() == action)
        return one.at("allowed").as_bool() ? "yes" : std::string(one.at("reason").as_string());
    return "no such action";
  }

  RegisterApi api_{registry_, LookUp(registry_, *database_), nullptr};
  Door door_;
  Json document_;
  std::optional<net::Pipeline> pipeline_;
};
HF_BOTH_ENGINES(RegisterHttp);

TEST_P(RegisterHttp, CertificatesAreFoundByWhatIsKnownOfThem) {
  const auto grant = open_ca();
  const auto first = one(grant, "serialNumber=A1"), second = one(grant, "serialNumber=A2"),
             third = one(grant, "serialNumber=B1");
  EXPECT_EQ(found(""), 3U);
  EXPECT_EQ(found("q=" + first.serial.substr(0, 8)), 1U);
  EXPECT_EQ(found("ca=devices&q=" + first.serial), 1U);
  EXPECT_EQ(found("q=" + first.sha256), 1U);
  EXPECT_EQ(found("q=" + first.spki_sha256), 1U);
  EXPECT_EQ(found("q=A"), 2U) << "by the serialNumber of the subject";
  EXPECT_EQ(found("q=serialNumber%3DA"), 2U);
  EXPECT_EQ(found("q=%25"), 0U);
  EXPECT_EQ(ask(net::Method::get, "/v1/pki/certificates?ca=none").first, 404);
  EXPECT_EQ(ask(net::Method::get, "/v1/pki/certificates?ending_within=30").second.at("code"), Json("HF-PKI-0050"));
  // Page by page, each once, in every order.
  for (const std::string& query : {std::string(""), std::string("ca=devices"), std::string("q=A"),
                                   std::string("ca=devices&ending_within=36500")}) {
    std::vector<std::string> seen;
    std::string cursor;
    do {
      const auto page = get("/v1/pki/certificates?limit=1&" + query + (cursor.empty() ? "" : "&cursor=" + cursor));
      for (const auto& one : page.at("items").as_array()) seen.emplace_back(one.at("serial").as_string());
      cursor = page.at("next").is_null() ? "" : std::string(page.at("next").as_string());
    } while (!cursor.empty() && seen.size() < 10);
    const auto all = found("limit=10&" + query);
    EXPECT_EQ(seen.size(), all) << query;
    std::ranges::sort(seen);
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end()) << query;
  }
}

TEST_P(RegisterHttp, ACertificateIsRevokedWithItsEffectSaidBefore) {
  const auto grant = open_ca();
  const auto unit = one(grant, "serialNumber=A1");
  const auto path = "/v1/pki/authorities/devices/certificates/" + unit.serial;
  const auto before = get(path);
  EXPECT_EQ(before.at("state"), Json("valid"));
  EXPECT_EQ(before.at("profile"), Json("idevid"));
  EXPECT_EQ(before.at("chain").at(0).at("authority"), Json("devices"));
  EXPECT_FALSE(before.at("chain_complete").as_bool()) << "the root is outside of the register";
  for (const auto& one : before.at("findings").as_array()) EXPECT_NE(one.at("severity"), Json("error")) << to_text(one);
  EXPECT_EQ(before.at("revocation_effects").as_array().size(), 3U);
  EXPECT_EQ(may(before, "revoke"), "yes");
  const auto revoke = [&](const std::string& body) { return ask(net::Method::post, path + "/revocation", body); };
  EXPECT_EQ(revoke(R"({"reason":"certificateHold"})").second.at("code"), Json("HF-PKI-0022"));
  EXPECT_EQ(revoke(R"({"reason":"superseded","hold":1})").second.at("code"), Json("HF-PKI-0052"));
  door_.principal.permissions = {"pki.read"};
  EXPECT_EQ(may(get(path), "revoke"), "needs the permission pki.revoke");
  EXPECT_EQ(revoke(R"({"reason":"superseded"})").first, 403);
  door_.principal.permissions = {"pki.read", "pki.revoke"};
  const auto [status, after] = revoke(R"({"reason":"superseded"})");
  EXPECT_EQ(status, 201);
  EXPECT_EQ(after.at("state"), Json("revoked"));
  EXPECT_EQ(revoke(R"({"reason":"superseded"})").first, 409) << "again says nothing new";
  EXPECT_EQ(revoke(R"({"reason":"keyCompromise"})").first, 201) << "graver";
  const auto words = get("/v1/pki/authorities/devices/revocations").at("items");
  ASSERT_EQ(words.as_array().size(), 2U);
  EXPECT_EQ(words.at(0).at("reason"), Json("keyCompromise")) << "newest first";
  EXPECT_EQ(get("/v1/pki/authorities/devices").at("counts").at("revoked"), Json(1));
}

TEST_P(RegisterHttp, AnAuthorityIsSeenFrozenAndMakesItsCrlWhereThereIsASigner) {
  EXPECT_EQ(get("/v1/pki/authorities").at("items").as_array().size(), 0U);
  const auto grant = open_ca();
  const auto unit = one(grant, "serialNumber=A1");
  const auto fresh = get("/v1/pki/authorities/devices");
  EXPECT_EQ(fresh.at("sentence"), Json("Issues certificates. It has no CRL yet."));
  EXPECT_EQ(fresh.at("counts").at("current"), Json(1));
  EXPECT_EQ(fresh.at("shards").at(0).at("path"), Json("/crl/devices.crl"));
  EXPECT_TRUE(fresh.at("shards").at(0).at("crl").is_null());
  EXPECT_EQ(may(fresh, "make_crl"), "yes");
  ASSERT_TRUE(registry_.revoke("devices", unit.serial, 1, std::nullopt, actor_));
  EXPECT_NE(get("/v1/pki/authorities/devices").at("sentence").as_string().find("1 CRL is out of date or missing"),
            std::string::npos);
  const auto make = [&](const std::string& body) {
    return ask(net::Method::post, "/v1/pki/authorities/devices/crls", body);
  };
  EXPECT_EQ(make("{}").second.at("code"), Json("HF-PKI-0052"));
  EXPECT_EQ(make(R"({"grant":")" + grant + R"(","shard":1})").second.at("code"), Json("HF-PKI-0025"));
  const auto made = make(R"({"grant":")" + grant + R"(","hours":24})");
  ASSERT_EQ(made.first, 201) << to_text(made.second);
  EXPECT_EQ(made.second.at("revoked"), Json(1));
  EXPECT_EQ(get("/v1/pki/authorities/devices/crls").at("items").as_array().size(), 1U);
  EXPECT_EQ(get("/v1/pki/authorities/devices").at("shards").at(0).at("crl").at("number"), made.second.at("number"));
  api_.issuer = nullptr;
  EXPECT_NE(may(get("/v1/pki/authorities/devices"), "make_crl").find("holdfast pki crl --ca devices"),
            std::string::npos);
  EXPECT_EQ(make(R"({"grant":")" + grant + R"("})").first, 503);

  const auto freeze = [&](const std::string& body) {
    return ask(net::Method::post, "/v1/pki/authorities/devices/freeze", body);
  };
  EXPECT_EQ(freeze("{}").second.at("code"), Json("HF-PKI-0052"));
  const auto frozen = freeze(R"({"reason":"a station was stolen"})");
  EXPECT_EQ(frozen.first, 201);
  EXPECT_EQ(frozen.second.at("state"), Json("frozen"));
  EXPECT_EQ(may(frozen.second, "freeze"), "it is frozen");
  EXPECT_EQ(freeze(R"({"reason":"again"})").first, 409);
  EXPECT_EQ(refusal(grant), "HF-PKI-0018");
  EXPECT_EQ(get("/v1/pki/expiring?days=36500").at("items").as_array().size(), 0U) << "it is revoked";
}

TEST_P(RegisterHttp, CrlsArePublishedForEveryone) {
  const auto grant = open_ca(2);
  for (const auto shard : {0, 1}) {
    const auto made = issuer_->crl({.authority = "devices", .grant = grant, .product = "", .shard = shard}, actor_);
    ASSERT_TRUE(made) << made.error().message;
  }
  net::Listener listener{.name = "public", .workers = 1};
  listener.serves = std::make_shared<net::Pipeline>(net::Router(crl_routes(api_)));
  std::vector<net::Listener> listeners;
  listeners.push_back(std::move(listener));
  const auto server = net::Server::start(std::move(listeners), clock_).value();
  net::test::Client client(server->port("public"));
  const auto got = client.get("/crl/devices/1.crl");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.header("Content-Type"), "application/pkix-crl");
  const auto crl = x509::crl_of(bytes_of(got.body));
  ASSERT_TRUE(crl) << crl.error().message;
  EXPECT_EQ(got.header("Last-Modified"), net::http_date(crl->validity.not_before));
  const auto age = got.header("Cache-Control");
  EXPECT_TRUE(age.starts_with("max-age=6047") || age.starts_with("max-age=6048"))
      << age << ": until nextUpdate, in a week";
  const auto etag = got.header("ETag");
  const auto again =
      client.ask("GET /crl/devices/1.crl HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + std::string(etag) + "\r\n\r\n");
  EXPECT_EQ(again.status, 304);
  EXPECT_NE(client.get("/crl/devices/0.crl").header("ETag"), etag);
  for (const auto* path :
       {"/crl/devices/2.crl", "/crl/devices/x.crl", "/crl/devices/1", "/crl/none.crl", "/crl/devices"})
    EXPECT_EQ(client.get(path).status, 404) << path;
}

}  // namespace
}  // namespace hf::pki
