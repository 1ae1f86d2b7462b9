// Every route of the four questions and of what leads to them, asked with data behind it: each answer is held to the
// OpenAPI document, which is closed, so that a member too many or too few fails here.
#include <algorithm>

#include "app/routes.h"
#include "keys/asking_json.h"
#include "keys/register_test.h"
#include "ledger/http.h"
#include "net/pipeline.h"
#include "net/test_schema.h"
#include "support/memory_key_store.h"
#include "support/temp_dir.h"
#include "trace/trace_test.h"

namespace hf::app {
namespace {

class Everyone final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const net::Request&) override {
    std::vector<std::string> all;
    for (const auto& permission : accounts::permissions()) all.emplace_back(permission.name);
    return net::Principal{.id = "user:1", .kind = "user", .role = "administrator", .permissions = std::move(all)};
  }
};

constexpr const char* kDigest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

class Answers : public trace::test::TraceTest {
 protected:
  Answers() {
    std::vector<net::Route> table;
    for (auto part : {catalog::routes(catalog_), keys::routes(signing_), fleet::routes(fleet_),
                      portfolio::routes(portfolio_), trace::routes(trace_), ledger::entry_routes(log_)})
      for (auto& route : part) table.push_back(std::move(route));
    document_ = net::openapi_document(table, schemas(), {.version = "1"}).value();
    for (const auto& route : table)
      if (route.path.starts_with("/v1/")) unasked_.insert(net::operation_id(route.method, route.path));
    pipeline_.emplace(net::Router(std::move(table)), net::Stages{.authenticator = &door_});
  }

  // The answer, held to the document as is what was sent.
  Json ask(net::Method method, const std::string& target, const std::string& body, int status) {
    net::Request request;
    request.method = method;
    request.target = target;
    request.id = "r1";
    request.peer.address = "192.0.2.1";
    const auto parsed = net::parse_target(target).value();
    request.query_parameters = parsed.query;
    const auto match = pipeline_->router().match(method, parsed);
    if (!match.route) throw std::runtime_error("no route " + target);
    const net::test::SchemaCheck check(document_);
    if (!match.route->request_schema.empty() && status < 400) {
      EXPECT_EQ(check.problems(match.route->request_schema, parse_json(body).value()), "") << target << " " << body;
    }
    if (!body.empty()) {
      request.body = net::Body(body);
      request.headers.add("Content-Type", std::string(match.route->content_types.front()));
    }
    request.path_pattern = match.route->path;
    request.path_parameters = match.parameters;
    const auto response = pipeline_->handle(*match.route, request);
    const auto text = text_of(response);
    EXPECT_EQ(response.status, status) << target << " " << text;
    const auto operation = net::operation_id(method, match.route->path);
    if (response.status < 400) unasked_.erase(operation);
    if (match.route->response_type != "application/json") return nullptr;
    EXPECT_EQ(check.answer_problems(operation, response.status, text), "") << target << " " << text;
    return parse_json(text).value();
  }
  Json get(const std::string& target, int status = 200) { return ask(net::Method::get, target, "", status); }
  Json post(const std::string& target, const std::string& body, int status = 200) {
    return ask(net::Method::post, target, body, status);
  }

  static std::string text_of(const net::Response& response) {
    if (const auto* text = std::get_if<std::string>(&response.content)) return *text;
    std::string whole;
    if (const auto* made = std::get_if<std::shared_ptr<net::Producer>>(&response.content))
      for (bool more = true; more;) more = (*made)->next(whole).value();
    return whole;
  }

  // Findings of each state, reasons of each kind, a statement of either basis, units that moved, a key, feeds.
  void everything() {
    catalogue();
    sboms();
    receive(
        "px/boot/2",
        {R"({"type":"library","bom-ref":"p","name":"part","version":"1","cpe":"cpe:2.3:a:acme:part:1:*:*:*:*:*:*:*"})",
         R"({"type":"operating-system","bom-ref":"o","name":"os","version":"1","cpe":"cpe:2.3:o:acme:os:1:*:*:*:*:*:*:*"})"});
    const std::string node = R"({"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":)";
    feed(
        {osv("1", "a", "2.0.0"), osv("4", "c", "0.5.0"), osv("5", "zzz", "9.0.0"),
         R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-2","state":"PUBLISHED"},"containers":{"cna":{"affected":[{"vendor":"acme",
      "product":"widget","cpes":["cpe:2.3:a:acme:widget:*:*:*:*:*:*:*:*"],"versions":[{"version":"0","lessThan":"2","status":"affected","versionType":"semver"}]}],
      "metrics":[{"cvssV3_1":{"version":"3.1","baseScore":9.8,"baseSeverity":"CRITICAL","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]}}})",
         R"({"vulnerabilities":[{"cve":{"id":"CVE-2026-3","vulnStatus":"Analyzed","configurations":[{"operator":"AND","nodes":[)" +
             node + R"(true,"criteria":"cpe:2.3:a:acme:part:*:*:*:*:*:*:*:*"}]},)" + node +
             R"(false,"criteria":"cpe:2.3:o:acme:os:*:*:*:*:*:*:*:*"}]}]}]}}]})",
         R"({"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2026-1","dateAdded":"2026-01-02","dueDate":"2026-01-09","vulnerabilityName":"A flaw"}]})",
         "#model_version:v2025.03.14,score_date:2026-01-01\ncve,epss,percentile\nCVE-2026-1,0.10000,0.90000\n"});
    import(60);
    for (int i = 0; i < 3; ++i) move(40);
    ASSERT_TRUE(log_.advance());
  }

  // A key with a request that waits, a signature and a grant that lives. The digest of what waits.
  std::string signing() {
    using namespace keys::test;
    const auto key =
        put_key(*database_, clock_, cast_.charter(), test::TestKey(crypto::KeyAlgorithm::ecdsa_p256)).charter;
    const auto evidence = evidence_of(R"({"security_version":3})");
    auto waiting = request_for(key, evidence, clock_.now());
    auto made = waiting;
    made.id = std::string(32, 'd');
    const auto grant = grant_for(key, clock_.now());
    for (const auto& request : {waiting, made, grant})
      put_request(*database_, clock_, request, request.grant ? "" : attachment_of(evidence));
    for (const auto* person : {&cast_.ann, &cast_.bob})
      for (const auto& request : {made, grant})
        EXPECT_TRUE(book_.decide(digest_of(request),
                                 approval_by(*person, request, keys::Decision::approve, clock_.now()), actor_));
    put_signature(*database_, clock_, digest_of(made));
    clock_.advance(std::chrono::seconds(1));  // entries of one instant follow each other by a microsecond
    return digest_of(waiting);
  }

  // A debug session that is open, then closed.
  void debugging() {
    using namespace keys::test;
    auto charter = cast_.charter();
    charter.key = "px-debug";
    charter.key_class = keys::KeyClass::debug;
    charter.policy.debug = keys::DebugPolicy{.lifecycles = {{"0x3000", "0f"}}, .class_wide = false};
    const auto key = put_key(*database_, clock_, charter, test::TestKey(crypto::KeyAlgorithm::ecdsa_p256)).charter;
    const auto evidence = evidence_of(
        R"({"kind":"debug_token","permissions":"03","lifecycle":"0x3000","challenge_sha256":"aa","device":"d1"})");
    const auto request = request_for(key, evidence, clock_.now());
    const auto digest = put_request(*database_, clock_, request, attachment_of(evidence));
    put_signature(*database_, clock_, digest);
    clock_.advance(std::chrono::seconds(1));
    const Json open = get("/v1/today").at("duties").at("debug");
    ASSERT_EQ(open.as_array().size(), 1U);
    EXPECT_EQ(open.at(0).at("digest"), Json(digest));
    EXPECT_EQ(open.at(0).at("device"), Json("d1"));
    EXPECT_EQ(open.at(0).at("person"), Json(request.person));
    get("/v1/debug-sessions");
    get("/v1/debug-sessions/" + digest);
    get("/v1/charter-approvers");
    const auto before = clock_.now();
    clock_.advance(std::chrono::seconds(1));
    post("/v1/debug-sessions/" + digest + "/closing", R"({"locked":true})", 201);
    EXPECT_EQ(get("/v1/today").at("duties").at("debug").as_array().size(), 0U);
    EXPECT_EQ(get("/v1/today?at=" + format_rfc3339(before)).at("duties").at("debug").as_array().size(), 1U);
  }

  test::MemoryKeyStore keys_;
  ledger::Log log_{*database_, clock_, keys_, "example.eu/holdfast", "ledger"};
  // What a server that signs answers: with a token, and the signer's process.
  void signatures() {
    using namespace keys::test;
    clock_.set(wall_.now());  // the signer's process has its own clock
    auto charter = cast_.charter();
    charter.key = "px-real";
    const auto real = service_->create_key({charter, crypto::KeyAlgorithm::ecdsa_p256}, actor_);
    ASSERT_TRUE(real) << real.error().message << real.error().detail;
    const auto approve = [&](const Json& asked) {
      const auto stored = book_.request(asked.at("digest").as_string()).value();
      for (const auto* person : {&cast_.bob, &cast_.cid})
        EXPECT_TRUE(book_.decide(stored.digest,
                                 approval_by(*person, stored.request, keys::Decision::approve, clock_.now()), actor_));
      return stored.digest;
    };
    const keys::NewRequest wanted{.key = "px-real",
                                  .product = "px",
                                  .format = "text",
                                  .evidence = evidence_of(R"({"version":"1.2","security_version":3})"),
                                  .artifact = {"fw.bin", 3, kDigest}};
    const auto once = approve(post("/v1/signing-requests", to_text(to_json(wanted)), 201));
    const auto made = post("/v1/signing-requests/" + once + "/signature", "", 201);
    post("/v1/signatures/" + std::to_string(made.at("signature_id").as_int64()) + "/files",
         to_text(JsonObject{{"sha256", kDigest}}), 201);
    const keys::NewGrant many{.key = "px-real",
                              .grant = {.signatures = 2, .products = {"px"}, .formats = {"text"}},
                              .requester = {},
                              .person = {},
                              .reason = "nightly",
                              .valid = std::chrono::hours(24)};
    const auto grant = approve(post("/v1/signing-grants", to_text(to_json(many)), 201));
    post("/v1/signing-grants/" + grant + "/signatures", to_text(to_json(wanted)), 201);
    const auto next = book_.ask(successor_of(real->charter), "user:9", "user:9", "floor", actor_).value();
    approve(JsonObject{{"digest", next.digest}});
    post("/v1/signing-requests/" + next.digest + "/charter", "", 201);
    post("/v1/signing-keys/px-real/freeze", to_text(JsonObject{{"reason", "taken over"}}), 201);
    EXPECT_FALSE(get("/v1/signing-keys/px-real").at("frozen").is_null());
    EXPECT_FALSE(get("/v1/signing-keys/px-real/trace").at("frozen").is_null());
    EXPECT_TRUE(book_.anchor({.key = "px-real", .hardware_revision = "px/rev-a"}, actor_));
    get("/v1/signing-keys/px-real/trace");
  }

  void SetUp() override {
    DatabaseTest::SetUp();
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    auto config = crypto::set_up_soft_token(token_.path(), {});
    ASSERT_TRUE(config) << config.error().message;
    signer_ = std::make_unique<keys::Signer>(keys::SignerConfig{.token = *config,
                                                                .directory = token_.path() / "token" / "signer",
                                                                .program = HF_SIGNER_HOST,
                                                                .arguments = {}},
                                             wall_);
    service_.emplace(*database_, clock_, *signer_, &keys::test::find_text_format);
    signing_.signing = &*service_;
  }

  test::TempDir token_;
  SystemClock wall_;
  std::unique_ptr<keys::Signer> signer_;
  std::optional<keys::Service> service_;
  catalog::Api catalog_{*database_, clock_};
  keys::test::Cast cast_;
  keys::Register book_{*database_, clock_, &keys::test::find_text_format};
  keys::Api signing_{book_};
  fleet::Api fleet_{*database_, clock_};
  portfolio::Api portfolio_{*database_, blobs_, clock_};
  trace::Api trace_{*database_, clock_};
  Everyone door_;
  std::optional<net::Pipeline> pipeline_;
  Json document_;
  std::set<std::string> unasked_;
};
HF_BOTH_ENGINES(Answers);

TEST_P(Answers, AreClosedAndAsTheDocumentSays) {
  // What the catalogue, the factory, CI and the feeds send.
  post("/v1/catalog/manufacturers", R"({"code":"m","name":"M","country":"DE","website":"https://example.eu"})", 201);
  post("/v1/catalog/products",
       R"({"code":"pz","manufacturer":"m","name":"Z","product_class":"critical","category":null})", 201);
  post("/v1/catalog/modules", R"({"product":"pz","code":"fw","name":"Firmware","kind":"firmware"})", 201);
  post("/v1/catalog/hardware-revisions", R"({"product":"pz","code":"a","name":"A"})", 201);
  post("/v1/catalog/builds",
       std::string(R"({"module":"pz/fw","version":"1","built_at":"2026-01-01","artifacts":[{"name":"f","sha256":")") +
           kDigest + R"(","size":1}]})",
       201);
  post("/v1/catalog/releases",
       R"({"product":"pz","version":"1","kind":"security","security_version":1,"builds":[{"build":"pz/fw/1"}]})", 201);
  post(
      "/v1/catalog/batches",
      R"({"product":"pz","code":"b","hardware_revision":"pz/a","release":"pz/1","name":"B","factory":"Brno","authorised_quantity":5,
      "placements":[{"market":"DE","placed_at":"2026-02-01T00:00:00Z"}]})",
      201);
  const auto pointers = [](const Json& problem) {
    std::set<std::string> found;
    for (const auto& one : problem.at("errors").as_array()) found.insert(std::string(one.at("pointer").as_string()));
    return found;
  };
  EXPECT_EQ(
      pointers(post("/v1/catalog/batches",
                    R"({"code":"c/d","product":"pz","hardware_revision":"pz/a","name":"C","factory":"Brno","a/b":1,
      "placements":[{"market":"DE","placed_at":"2026-02-01"},{"market":"de","placed_at":1},2]})",
                    422)),
      (std::set<std::string>{"/code", "/authorised_quantity", "/a~1b", "/placements/1/market",
                             "/placements/1/placed_at", "/placements/2"}));
  EXPECT_EQ(
      pointers(ask(net::Method::put, "/v1/builds/pz/fw/1/sbom",
                   R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a"},{"type":"library"}]})",
                   422)),
      (std::set<std::string>{"/components/0", "/components/1"}));
  const auto entities = get("/v1/catalog");
  for (const auto& entity : entities.at("items").get_array()) {
    const auto collection = "/v1/catalog/" + std::string(entity.at("plural").as_string());
    const auto list = get(collection + "?limit=1");
    EXPECT_EQ(list.at("items").get_array().size(), 1U) << collection;
    const auto shown = get(collection + "/" + std::string(list.at("items").at(0).at("path").as_string()));
    EXPECT_EQ(shown.at("entry"), list.at("items").at(0).at("entry"));
  }
  const std::string sbom =
      R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":[)" + component("a", "1.0.0") + "]}";
  const auto receipt = ask(net::Method::put, "/v1/builds/pz/fw/1/sbom", sbom, 201),
             again = ask(net::Method::put, "/v1/builds/pz/fw/1/sbom", sbom, 200);
  EXPECT_EQ(again.at("entry"), receipt.at("entry")) << "the entry that proves it is the first one's";
  get("/v1/builds/pz/fw/1/sbom");
  post("/v1/feeds", osv("8", "a", "1.5.0"));
  post("/v1/fleet/import", std::string(R"({"batch":"pz/b","serial":"Z1","market":"DE","certificate_sha256":")") +
                               kDigest + "\"}\n{\"batch\":\"none\"}\n");
  post("/v1/fleet/reports",
       "{\"product\":\"pz\",\"serial\":\"Z1\",\"builds\":[\"pz/fw/"
       "1\"]}\n{\"product\":\"pz\",\"serial\":\"none\",\"builds\":[]}\n");

  everything();
  const auto waiting = signing();
  for (const std::string& at :
       {std::string(), "at=" + format_rfc3339(clock_.now()),
        "at=" + format_rfc3339(clock_.now() - std::chrono::seconds(3)), std::string("at=2020-01-01T00:00:00Z")}) {
    const auto asked = [&](const std::string& target, int status = 200) {
      return get(target + (target.find('?') == target.npos ? "?" : "&") + at, status);
    };
    const bool ever = at.find("2020") == at.npos;
    const auto today = asked("/v1/today");
    EXPECT_EQ(today.at("exploited").get_array().empty(), !ever);
    EXPECT_EQ(today.at("clocks").get_array().empty(), !ever);
    const bool asked_for = at.empty() || at == "at=" + format_rfc3339(clock_.now());
    EXPECT_EQ(today.at("signing").at("waiting").get_array().size(), asked_for ? 1U : 0U) << at;
    EXPECT_EQ(today.at("signing").at("grants").get_array().size(), asked_for ? 1U : 0U) << at;
    asked("/v1/signing-keys/px-fw/trace", asked_for ? 200 : 404);
    for (const auto* state : {"affected", "unknown", "under_investigation", "fixed", "not_affected", "exploited"})
      asked(std::string("/v1/vulnerabilities?state=") + state);
    for (const auto* id :
         {"CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "CVE-2026-4", "CVE-2026-5", "CVE-2026-8", "GHSA-1"})
      asked(std::string("/v1/vulnerabilities/") + id);
    asked("/v1/vulnerabilities/CVE-2026-1/devices?limit=3");
    asked("/v1/vulnerabilities/CVE-2026-1/devices?market=DE&build=px/fw/1.0&state=affected");
    asked("/v1/vulnerabilities/CVE-2026-1/devices.csv");
    EXPECT_EQ(asked("/v1/vulnerabilities/CVE-2026-1/devices.json").get_array().empty(), !ever);
    for (const auto* product : {"px", "py", "pz"}) asked(std::string("/v1/products/") + product);
    for (const auto* build : {"px/fw/1.0", "px/fw/1.1", "px/boot/2", "pz/fw/1"}) {
      asked(std::string("/v1/builds/") + build);
      asked(std::string("/v1/builds/") + build + "/components?limit=1");
    }
    asked("/v1/devices/" + units_[0].product + "/" + units_[0].serial, ever ? 200 : 404);
    asked("/v1/devices/pz/Z1", ever ? 200 : 404);
    if (ever) asked(std::string("/v1/keys/") + kDigest);
  }
  get("/v1/products");
  get("/v1/products?limit=1");
  get("/v1/signing-keys");
  get("/v1/signing-keys/px-fw");
  get("/v1/signing-keys/px-fw/signatures");
  get("/v1/signing-requests?state=open");
  get("/v1/signing-requests/" + waiting);
  const auto request = book_.request(waiting)->request;
  post("/v1/signing-requests/" + waiting + "/decisions",
       to_text(to_json(keys::test::approval_by(cast_.ann, request, keys::Decision::approve, clock_.now()))), 201);
  debugging();
  signatures();
  std::set<std::string> kinds;
  for (const auto* text : {"p", "px/", "S1", "CVE-", "a", kDigest}) {
    const auto hits = get(std::string("/v1/search?q=") + text);
    for (const auto& hit : hits.at("items").get_array()) kinds.insert(std::string(hit.at("kind").as_string()));
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"batch", "build", "component", "device", "key", "product", "release",
                                          "signing_key", "vulnerability"}));
  get("/v1/search?q=", 400);

  const auto entries = get("/v1/ledger/entries?limit=1000");
  for (const auto& entry : entries.at("items").get_array())
    get("/v1/ledger/entries/" + std::string(entry.at("id").as_string()));
  const auto evidence = get("/v1/devices/pz/Z1").at("evidence").at(0);
  const auto id = std::to_string(evidence.at("entry").as_int64());
  get("/v1/ledger/entries/" + id + "/proof");
  get("/v1/ledger/entries/" + id + "/proof?event=" + std::to_string(evidence.at("position").as_int64()));
  EXPECT_EQ(unasked_, std::set<std::string>()) << "routes that no answer was asked of";
}

TEST_P(Answers, SayWhyAStatementHolds) {
  everything();
  const auto reasons = [&](const std::string& number, std::string_view basis) {
    std::set<std::string> texts;
    const auto answer = get("/v1/vulnerabilities/" + number);
    for (const auto& statement : answer.at("statements").get_array())
      if (statement.at("basis").as_string() == basis)
        for (const auto& reason : statement.at("reasons").get_array())
          texts.insert(std::string(reason.at("why").as_string()) + ": " + std::string(reason.at("text").as_string()));
    return texts;
  };
  EXPECT_EQ(reasons("CVE-2026-1", "vex"), (std::set<std::string>{"vex: the document's own assessment: in_triage",
                                                                 "vex: the document's own assessment: not_affected"}));
  const auto set = reasons("CVE-2026-3", "set");
  ASSERT_EQ(set.size(), 1U);
  EXPECT_TRUE(set.begin()->starts_with("version: the record lists this version as affected")) << *set.begin();
}

TEST(Schemas, NoNameIsOfTwoDomains) {
  std::set<std::string> names;
  for (const auto& part : schemas_by_domain())
    for (const auto& [name, unused] : part) EXPECT_TRUE(names.insert(name).second) << name;
}

}  // namespace
}  // namespace hf::app
