// The client against our own server, over TLS.
#include "net/client.h"

#include <gtest/gtest.h>
#include <fstream>

#include "crypto/self_signed.h"
#include "net/server_fixture.h"
#include "support/temp_dir.h"

namespace hf::net {
namespace {

crypto::SelfSigned identity() {
  return crypto::make_self_signed({.ip_addresses = {}, .not_before = SystemClock().now() - std::chrono::hours(1)})
      .value();
}

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto shown = identity();
    trust_ = dir_.path() / "trust.pem";
    std::ofstream(trust_) << shown.certificate_pem;
    std::ofstream(dir_.path() / "token") << "hft_secret\n";
    Listener listener{.name = "operator"};
    listener.tls = {.mode = TlsMode::server,
                    .certificate_chain_pem = shown.certificate_pem,
                    .private_key_pem = shown.private_key_pem};
    std::vector<Route> table;
    table.push_back({.method = Method::get,
                     .path = "/echo/{name}",
                     .permission = kPublic,
                     .handler = [](const Request& request) -> Result<Response> {
                       return json_text_response(200,
                                                 to_text(JsonObject{{"name", request.path("name")},
                                                                    {"authorization", request.header("Authorization")},
                                                                    {"key", request.header("Idempotency-Key")}}));
                     }});
    table.push_back({.method = Method::post,
                     .path = "/body",
                     .permission = kPublic,
                     .body_max = 1U << 20,
                     .handler = [](const Request& request) -> Result<Response> {
                       return json_text_response(200,
                                                 to_text(JsonObject{{"size", std::int64_t(request.body.text().size())},
                                                                    {"key", request.header("Idempotency-Key")}}));
                     }});
    table.push_back({.method = Method::get,
                     .path = "/refuse/{kind}",
                     .permission = kPublic,
                     .handler = [](const Request& request) -> Result<Response> {
                       const auto kind =
                           request.path("kind") == "conflict" ? ErrorKind::conflict : ErrorKind::not_found;
                       return fail(kind, "HF-TEST-0001", "not like that");
                     }});
    table.push_back({.method = Method::get,
                     .path = "/text",
                     .permission = kPublic,
                     .handler = [](const Request&) -> Result<Response> { return text_response(200, "hello"); }});
    table.push_back({.method = Method::get,
                     .path = "/large",
                     .permission = kPublic,
                     .handler = [](const Request&) -> Result<Response> {
                       return json_text_response(200, "\"" + std::string(17U << 20, 'x') + "\"");
                     }});
    listener.serves = std::make_shared<Pipeline>(Router(std::move(table)));
    std::vector<Listener> listeners;
    listeners.push_back(std::move(listener));
    server_ = Server::start(std::move(listeners), clock_).value();
    url_ = "https://localhost:" + std::to_string(server_->port("operator"));
  }

  SystemClock clock_;
  hf::test::TempDir dir_;
  std::filesystem::path trust_;
  std::unique_ptr<Server> server_;
  std::string url_;
};

TEST_F(ClientTest, AsksWithItsTokenAndReadsJson) {
  const auto client =
      Client::open({.server = url_ + "/", .token_file = dir_.path() / "token", .trust_file = trust_}).value();
  const auto echoed = client->get("/echo/" + segment("a/b ü")).value();
  EXPECT_EQ(echoed.at("name"), Json("a/b ü"));
  EXPECT_EQ(echoed.at("authorization"), Json("Bearer hft_secret"));
  const auto posted = client->post("/body", {{"a", 1}}, "once").value();
  EXPECT_EQ(posted.at("size"), Json(7));
  EXPECT_EQ(posted.at("key"), Json("once"));
  EXPECT_EQ(client->post("/body").value().at("size"), Json(0));
}

TEST_F(ClientTest, ARefusalKeepsItsKindWordsAndCode) {
  const auto client = Client::open({.server = url_, .trust_file = trust_}).value();
  const auto conflict = client->get("/refuse/conflict").error();
  EXPECT_EQ(conflict.kind, ErrorKind::conflict);
  EXPECT_EQ(conflict.code, "HF-HTTP-0062");
  EXPECT_EQ(conflict.message, "not like that (HF-TEST-0001)");
  EXPECT_EQ(client->get("/refuse/other").error().kind, ErrorKind::not_found);
  EXPECT_EQ(client->get("/text").error().code, "HF-HTTP-0063");
  EXPECT_EQ(client->get("/large").error().kind, ErrorKind::limit);
}

TEST_F(ClientTest, AnotherServerIsNotAsked) {
  const auto strangers = identity();
  std::ofstream(dir_.path() / "other.pem") << strangers.certificate_pem;
  const auto other = Client::open({.server = url_, .trust_file = dir_.path() / "other.pem"}).value();
  EXPECT_EQ(other->get("/text").error().code, "HF-HTTP-0061");
  const auto port = url_.substr(url_.rfind(':'));
  const auto unnamed = Client::open({.server = "https://127.0.0.1" + port, .trust_file = trust_}).value();
  EXPECT_EQ(unnamed->get("/text").error().code, "HF-HTTP-0061") << "the certificate is for localhost";
  server_->stop(Milliseconds(0));
  const auto gone = Client::open({.server = url_, .trust_file = trust_}).value();
  EXPECT_EQ(gone->get("/text").error().kind, ErrorKind::unavailable);
}

TEST_F(ClientTest, WhatItIsGivenIsChecked) {
  EXPECT_EQ(Client::open({.server = "http://localhost:1"}).error().code, "HF-HTTP-0060");
  EXPECT_EQ(Client::open({.server = url_, .token_file = dir_.path() / "none"}).error().code, "HF-HTTP-0060");
  EXPECT_EQ(Client::open({.server = url_, .trust_file = dir_.path() / "none"}).error().code, "HF-HTTP-0060");
  for (const auto* text : {"", "\n", "a\r\nX-Evil: 1", "a b"}) {
    std::ofstream(dir_.path() / "odd") << text;
    EXPECT_EQ(Client::open({.server = url_, .token_file = dir_.path() / "odd"}).error().code, "HF-HTTP-0060") << text;
  }
}

}  // namespace
}  // namespace hf::net
