#include "accounts/authenticator.h"
#include "accounts/denials.h"
#include "accounts/http.h"
#include "accounts/idempotency.h"
#include "net/server_fixture.h"
#include "support/test_database.h"

namespace hf::accounts {
namespace {

// All of it over a socket, as the composition root puts it together.
class ListenerTest : public test::DatabaseTest {};
HF_BOTH_ENGINES(ListenerTest);

TEST_P(ListenerTest, SignsInOverASocketAndServesWhatTheRoleMay) {
  ManualClock clock(parse_rfc3339("2026-11-23T08:00:00Z").value());
  const net::Log log(clock, [](std::string_view) {});
  net::Metrics metrics;
  Settings settings;
  settings.password_cost = {.memory_kib = 64, .passes = 1, .lanes = 1};
  Service service(*database_, clock, settings);
  const Api api{service};
  Authenticator authenticator(service);
  DenialRecorder denials(*database_, clock, &log);
  IdempotencyStore idempotency(*database_, clock);
  auto table = routes(api);
  table.push_back({.path = "/metrics", .permission = "system.read", .handler = [&](const net::Request&) {
                     return net::text_response(200, metrics.text());
                   }});
  ASSERT_TRUE(net::add_openapi_route(table, schemas(), {.version = "1"}));
  net::Listener listener{.name = "operator", .workers = 1};
  listener.serves =
      std::make_shared<net::Pipeline>(net::Router(std::move(table)), net::Stages{.authenticator = &authenticator,
                                                                                 .denials = &denials,
                                                                                 .idempotency = &idempotency,
                                                                                 .log = &log,
                                                                                 .metrics = &metrics});
  std::vector<net::Listener> listeners;
  listeners.push_back(std::move(listener));
  const auto server = net::Server::start(std::move(listeners), clock).value();
  net::test::Client client(server->port("operator"));

  const auto post = [&](std::string_view path, const JsonObject& body, std::string_view extra = {}) {
    const auto text = to_text(body);
    return client.ask("POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" +
                      std::string(extra) + "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
  };
  EXPECT_EQ(client.get("/metrics").status, 401);
  EXPECT_EQ(client.get("/openapi.json").status, 200);

  const auto link = service.setup_link().value();
  EXPECT_EQ(post("/v1/setup", {{"token", link->text()}, {"name", "ada"}, {"password", "correct horse battery"}}).status,
            201);
  const auto signed_in = post("/v1/session", {{"name", "ada"}, {"password", "correct horse battery"}});
  ASSERT_EQ(signed_in.status, 200);
  const auto cookie =
      "Cookie: " + signed_in.header("Set-Cookie").substr(0, signed_in.header("Set-Cookie").find(';')) + "\r\n";
  const auto csrf = "X-CSRF-Token: " + std::string(parse_json(signed_in.body)->at("csrf").as_string()) + "\r\n";
  EXPECT_EQ(post("/v1/tokens", {{"name", "prometheus"}, {"scopes", JsonArray{"system.read"}}}, cookie).status, 403);
  const auto token = post("/v1/tokens", {{"name", "prometheus"}, {"scopes", JsonArray{"system.read"}}}, cookie + csrf);
  ASSERT_EQ(token.status, 201) << token.body;
  const auto bearer = "Authorization: Bearer " + std::string(parse_json(token.body)->at("secret").as_string()) + "\r\n";
  const auto text = client.get("/metrics", bearer);
  EXPECT_EQ(text.status, 200);
  EXPECT_NE(
      text.body.find(R"(hf_http_requests_total{listener="operator",method="POST",route="/v1/session",status="200"} 1)"),
      std::string::npos)
      << text.body;
  EXPECT_EQ(client.get("/v1/users", bearer).status, 403);
  EXPECT_EQ(post("/v1/session", {{"name", "ada"}, {"password", "x"}}, "Sec-Fetch-Site: cross-site\r\n").status, 403);
}

}  // namespace
}  // namespace hf::accounts
