// Factories over REST: what was authorised beside what stations told, holds with their effect, bundles and reports.
#include "factory/http.h"

#include "accounts/http.h"
#include "factory/register_fixture.h"
#include "net/pipeline.h"
#include "net/test_schema.h"

namespace hf::factory {
namespace {
using namespace fixture;

class Door final : public net::Authenticator {
 public:
  net::Principal principal{.id = "user:3",
                           .kind = "user",
                           .role = "fleet_operator",
                           .permissions = {"factory.read", "factory.write", "factory.hold"}};
  Result<net::Principal> authenticate(const net::Request&) override { return principal; }
};

class FactoryHttp : public RegisterTest {
 protected:
  FactoryHttp() {
    auto all = schemas();
    all.merge(accounts::schemas());  // AllowedAction
    auto table = routes(api_);
    document_ = net::openapi_document(table, all, {.version = "1"}).value();
    pipeline_.emplace(net::Router(std::move(table)), net::Stages{.authenticator = &door_});
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
    if (!match.route) throw std::runtime_error("no route " + target);
    if (!body.empty()) {
      request.body = net::Body(body);
      request.headers.add("Content-Type", std::string(match.route->content_types.front()));
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
  std::pair<int, Json> post(const std::string& target, const std::string& body) {
    return ask(net::Method::post, target, body);
  }
  static std::string may(const Json& entity, std::string_view action) {
    for (const auto& one : entity.at("allowed_actions").as_array())
      if (one.at("action").as_string() == action)
        return one.at("allowed").as_bool() ? "yes" : std::string(one.at("reason").as_string());
    return "no such action";
  }

  Api api_{*database_, clock_};
  Door door_;
  Json document_;
  std::optional<net::Pipeline> pipeline_;
};
HF_BOTH_ENGINES(FactoryHttp);

TEST_P(FactoryHttp, AnAuthorisationIsSeenBesideWhatItsStationTold) {
  EXPECT_EQ(get("/v1/factory/authorisations").at("items").as_array().size(), 0U);
  const auto order = authorised();
  const auto path = "/v1/factory/authorisations/" + order.id;
  EXPECT_EQ(get(path).at("sentence"), Json("0 of 5 identities are used, 5 left."));
  EXPECT_TRUE(get(path).at("stations").at(0).at("bundle").is_null()) << "nothing was told";
  station_.make(order.id, 1, Unit(serial_of(1)));
  station_.make(order.id, 3, Unit(serial_of(2)));  // of the second use nothing is told
  const auto [status, told] = post("/v1/factory/bundles", station_.bundle());
  EXPECT_EQ(status, 201) << to_text(told);
  EXPECT_EQ(told.at("activated"), Json(2));
  ASSERT_EQ(told.at("alarms").as_array().size(), 1U);
  EXPECT_EQ(told.at("alarms").at(0).at("kind"), Json("gap"));
  const auto seen = get(path);
  EXPECT_EQ(seen.at("used"), Json(2));
  EXPECT_EQ(seen.at("missing"), Json(1));
  EXPECT_EQ(seen.at("left"), Json(2)) << "two of five shares are beyond the third use";
  EXPECT_EQ(seen.at("alarms"), Json(1));
  const auto& station = seen.at("stations").at(0);
  EXPECT_EQ(station.at("activated"), Json(2));
  EXPECT_EQ(station.at("last_use"), Json(3));
  EXPECT_EQ(station.at("bundle").at("entry"), get("/v1/factory/bundles").at("items").at(0).at("entry"));
  EXPECT_EQ(get("/v1/factory/alarms").at("items"), get("/v1/factory/alarms?authorisation=" + order.id).at("items"));
  EXPECT_EQ(get("/v1/factory/authorisations?product=px-100").at("items").as_array().size(), 1U);
  EXPECT_EQ(get("/v1/factory/authorisations?product=none").at("items").as_array().size(), 0U);
  EXPECT_EQ(ask(net::Method::get, "/v1/factory/authorisations/00000000").first, 404);
  // Unit by unit.
  const auto first = get(path + "/identities?limit=1");
  EXPECT_EQ(first.at("items").at(0).at("use"), Json(1));
  const auto second = get(path + "/identities?limit=1&cursor=" + std::string(first.at("next").as_string()));
  EXPECT_EQ(second.at("items").at(0).at("use"), Json(3));
  EXPECT_EQ(post("/v1/factory/bundles", station_.bundle()).second.at("known"), Json(true));
  EXPECT_EQ(post("/v1/factory/bundles", "no bundle").second.at("code"), Json("HF-FACTORY-0020"));
}

TEST_P(FactoryHttp, AHoldShowsItsEffectAndEnds) {
  const auto order = authorised();
  const auto effect = get("/v1/factory/hold-effect?product=px-100&batch=px-100/b1");
  EXPECT_EQ(effect.at("left"), Json(5));
  EXPECT_EQ(effect.at("authorisations"), Json(JsonArray{order.id}));
  EXPECT_EQ(get("/v1/factory/hold-effect?product=px-100&batch=px-100/b2").at("left"), Json(0));
  const auto path = "/v1/factory/authorisations/" + order.id;
  EXPECT_EQ(may(get(path), "hold"), "yes");
  const auto [status, held] =
      post("/v1/factory/holds", R"({"product":"px-100","batch":"px-100/b1","reason":"recall"})");
  ASSERT_EQ(status, 201) << to_text(held);
  EXPECT_TRUE(held.at("lives").as_bool());
  EXPECT_TRUE(keys::factory_order_of(bytes_of(std::string(held.at("document").as_string()))));
  EXPECT_EQ(get(path).at("standing"), Json("on hold (1)"));
  EXPECT_EQ(may(get(path), "hold"), "it is on hold");
  EXPECT_EQ(post("/v1/factory/holds", R"({"product":"none","reason":"x"})").second.at("code"), Json("HF-FACTORY-0005"));
  EXPECT_EQ(post("/v1/factory/holds", R"({"reason":"x"})").second.at("code"), Json("HF-FACTORY-0030"));
  door_.principal.permissions = {"factory.read"};
  EXPECT_EQ(may(get("/v1/factory/holds").at("items").at(0), "end"), "needs the permission factory.hold");
  EXPECT_EQ(post("/v1/factory/holds/1/end", R"({"reason":"mended"})").first, 403);
  door_.principal.permissions = {"factory.read", "factory.hold"};
  EXPECT_EQ(post("/v1/factory/holds/1/end", R"({"reason":"mended"})").first, 201);
  EXPECT_EQ(post("/v1/factory/holds/1/end", R"({"reason":"again"})").second.at("code"), Json("HF-FACTORY-0008"));
  EXPECT_EQ(post("/v1/factory/holds/x/end", R"({"reason":"again"})").first, 404);
  const auto all = get("/v1/factory/holds").at("items");
  EXPECT_EQ(all.as_array().size(), 2U);
  EXPECT_EQ(all.at(0).at("ends"), Json(1));
  EXPECT_FALSE(all.at(1).at("lives").as_bool());
  EXPECT_EQ(get(path).at("standing"), Json("live"));
}

TEST_P(FactoryHttp, OrdersAreRegisteredAndReportsReconciled) {
  const auto proposal = service().propose(wish()).value();
  const auto envelope = maker_.sign(proposal);
  EXPECT_EQ(post("/v1/factory/orders", envelope).second.at("name"), Json(proposal.id));
  EXPECT_EQ(post("/v1/factory/orders", envelope).first, 201) << "again: nothing happens";
  EXPECT_EQ(post("/v1/factory/orders", "{}").first, 422);
  station_.order(envelope);
  for (int i = 1; i <= 2; ++i) station_.make(proposal.id, i, Unit(serial_of(i)));
  ASSERT_EQ(post("/v1/factory/bundles", station_.bundle()).first, 201);
  const auto path = "/v1/factory/authorisations/" + proposal.id;
  const auto made = post(path + "/reconciliations", "serial\n" + serial_of(1) + "\n" + serial_of(9) + "\n");
  ASSERT_EQ(made.first, 201) << to_text(made.second);
  EXPECT_EQ(made.second.at("not_shipped"), Json(1));
  EXPECT_EQ(made.second.at("not_issued"), Json(1));
  EXPECT_EQ(made.second.at("differences").as_array().size(), 2U);
  EXPECT_EQ(get(path).at("reconciliations").at(0).at("not_issued"), Json(1));
  EXPECT_EQ(post(path + "/reconciliations", "units\n").second.at("code"), Json("HF-FACTORY-0010"));
}

}  // namespace
}  // namespace hf::factory
