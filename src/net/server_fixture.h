// A server on a free loopback port, and the routes that the server tests share.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>

#include "net/problem.h"
#include "net/server.h"
#include "net/test_client.h"

namespace hf::net::test {

inline std::vector<Route> sample_routes() {
  const Handler echo = [](const Request& r) { return text_response(200, std::string(r.body.text())); };
  return {
      {.path = "/v1/hello",
       .permission = kPublic,
       .handler = [](const Request&) { return text_response(200, "hello"); }},
      {.path = "/v1/inline",
       .permission = kPublic,
       .runs_on = RunsOn::io,
       .handler = [](const Request&) { return text_response(200, "fast"); }},
      {.path = "/v1/devices/{serial}",
       .permission = kPublic,
       .handler = [](const Request& r) { return text_response(200, std::string(r.path("serial"))); }},
      {.method = Method::post, .path = "/v1/echo", .permission = kPublic, .body_max = 1 << 20, .handler = echo},
      {.method = Method::post,
       .path = "/v1/json",
       .permission = kPublic,
       .body_max = 1 << 20,
       .content_types = {"application/json"},
       .handler = echo},
      {.path = "/v1/broken",
       .permission = kPublic,
       .handler = [](const Request&) -> Result<Response> {
         return fail(ErrorKind::conflict, "HF-TEST-0001", "say it again", "secret detail");
       }},
      {.path = "/v1/throws",
       .permission = kPublic,
       .handler = [](const Request&) -> Result<Response> { throw std::runtime_error("secret"); }},
      {.path = "/v1/splits",
       .permission = kPublic,
       .handler =
           [](const Request&) {
             auto response = text_response(200, "x");
             response.headers.add("X-Bad", "a\r\nSet-Cookie: b");
             return response;
           }},
  };
}

class ServerTest : public testing::Test {
 protected:
  void start(Limits limits = {}, std::vector<Route> routes = sample_routes()) {
    Listener listener{.name = "test", .limits = limits};
    start(std::move(listener), std::move(routes));
  }
  void start(Listener listener, std::vector<Route> routes) {
    listener.serves = std::make_shared<Pipeline>(Router(std::move(routes)));
    std::vector<Listener> listeners;
    listeners.push_back(std::move(listener));
    auto started = Server::start(std::move(listeners), clock_);
    ASSERT_TRUE(started) << started.error().message << ": " << started.error().detail;
    server_ = *std::move(started);
    port_ = server_->port("test");
  }

  ManualClock clock_{time_of(1'795'426'200'000'000)};  // 2026-11-23T09:30:00Z
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace hf::net::test
