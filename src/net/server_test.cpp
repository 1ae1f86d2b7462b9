#include "net/server.h"

#include <gtest/gtest.h>

#include "net/server_fixture.h"

namespace hf::net {
namespace {

using test::Client;

using ServerTest = test::ServerTest;

TEST_F(ServerTest, AnswersOnAWorkerAndOnTheLoopAndKeepsTheConnection) {
  start();
  Client client(port_);
  const auto hello = client.get("/v1/hello");
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.body, "hello");
  EXPECT_EQ(hello.header("Content-Length"), "5");
  EXPECT_EQ(hello.header("Date"), "Mon, 23 Nov 2026 09:30:00 GMT");
  EXPECT_EQ(hello.header("X-Request-Id").size(), 24);
  EXPECT_EQ(client.get("/v1/inline").body, "fast");
  EXPECT_EQ(client.get("/v1/devices/SN%2F1").body, "SN/1");
  EXPECT_EQ(client.ask("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").body, "abc");
}

TEST_F(ServerTest, ErrorsAreProblemsAndTheirDetailStaysInside) {
  start();
  Client client(port_);
  const auto conflict = client.get("/v1/broken");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.header("Content-Type"), "application/problem+json");
  EXPECT_NE(conflict.body.find("\"code\":\"HF-TEST-0001\""), std::string::npos);
  EXPECT_NE(conflict.body.find("\"request_id\":\"" + conflict.header("X-Request-Id") + "\""), std::string::npos);
  EXPECT_EQ(conflict.body.find("secret"), std::string::npos);
  const auto thrown = client.get("/v1/throws");
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body.find("secret"), std::string::npos);
  const auto split = client.get("/v1/splits");
  EXPECT_EQ(split.status, 500);
  EXPECT_EQ(split.header("Set-Cookie"), "");
  const auto nothing = client.get("/v1/nothing");
  EXPECT_EQ(nothing.status, 404);
  const auto method = client.ask("DELETE /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.header("Allow"), "GET, HEAD, OPTIONS");
  const auto options = client.ask("OPTIONS /v1/echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Allow"), "POST, OPTIONS");
}

TEST_F(ServerTest, StopsWhenIdleConnectionsRemain) {
  start();
  Client client(port_);
  EXPECT_EQ(client.get("/v1/hello").status, 200);
  EXPECT_TRUE(server_->stop(Milliseconds(5000)));
  EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace hf::net
