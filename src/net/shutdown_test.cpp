// Graceful shutdown and overload. Handlers wait on latches that the test opens; nothing sleeps.
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>

#include "net/server_fixture.h"

namespace hf::net {
namespace {

using test::Client;

struct Shutdown : test::ServerTest {
  std::vector<Route> gated_routes() {
    auto routes = test::sample_routes();
    routes.push_back({.path = "/gated", .permission = kPublic, .handler = [this](const Request&) {
                        entered_.release();
                        gate_.wait();
                        return text_response(200, "done");
                      }});
    return routes;
  }

  struct Semaphore {  // counting; std::counting_semaphore's TSan support is incomplete in libstdc++ 12
    std::mutex mutex;
    std::condition_variable changed;
    int count = 0;
    void release() {
      const std::lock_guard lock(mutex);
      ++count;
      changed.notify_all();
    }
    void acquire() {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return count > 0; });
      --count;
    }
  };
  Semaphore entered_;
  std::latch gate_{1};
};

constexpr std::string_view kGated = "GET /gated HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(Shutdown, FinishesWhatItAcceptedAndRefusesWhatComesLater) {
  start(Limits{}, gated_routes());
  Client running(port_), idle(port_), reading(port_);
  EXPECT_EQ(idle.get("/v1/hello").status, 200);
  running.send(std::string(kGated) + "GET /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.acquire();
  reading.send("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(reading.head().status, 100);

  auto stopped = std::async(std::launch::async, [&] { return server_->stop(Milliseconds(20'000)); });
  EXPECT_TRUE(idle.closed());  // the drain has begun on this thread
  EXPECT_TRUE(server_->draining());
  Client late(port_);
  EXPECT_FALSE(late.connected() && late.get("/v1/hello").status == 200);

  reading.send("abcdef");
  const auto echo = reading.answer();
  EXPECT_EQ(echo.body, "abcdef");
  EXPECT_EQ(echo.header("Connection"), "close");
  gate_.count_down();
  const auto first = running.answer();
  EXPECT_EQ(first.body, "done");
  EXPECT_EQ(first.header("Connection"), "");
  const auto second = running.answer();  // pipelined before the stop, so accepted
  EXPECT_EQ(second.body, "hello");
  EXPECT_EQ(second.header("Connection"), "close");
  running.end();
  reading.end();
  EXPECT_TRUE(running.closed());
  EXPECT_TRUE(stopped.get());
}

TEST_F(Shutdown, PatienceEnds) {
  start(Limits{}, gated_routes());
  Client half(port_);
  half.send("POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  Client running(port_);
  running.send(kGated);
  entered_.acquire();
  auto stopped = std::async(std::launch::async, [&] { return server_->stop(Milliseconds(30)); });
  EXPECT_TRUE(running.closed());
  gate_.count_down();  // a handler cannot be killed: stop() waits for it, its client does not
  EXPECT_FALSE(stopped.get());
  EXPECT_TRUE(half.closed());
}

struct Overload : Shutdown, testing::WithParamInterface<bool> {};

TEST_P(Overload, AFullQueueShedsAndAnswersFromMemoryGoOn) {
  const bool own_answer = GetParam();
  Listener listener{.name = "test", .limits = {.queue = 1}, .workers = 1};
  if (own_answer) listener.overload = [](const Request&) { return json_text_response(200, R"({"sleep":"00:10:00"})"); };
  start(std::move(listener), gated_routes());
  Client running(port_), queued(port_), shed(port_);
  running.send(kGated);
  entered_.acquire();
  queued.send(kGated);
  // One loop thread takes readiness in the order of arrival: this answer says that `queued` is in the queue.
  EXPECT_EQ(shed.get("/v1/inline").body, "fast");
  const auto refused = shed.ask(kGated);
  EXPECT_EQ(refused.status, own_answer ? 200 : 503);
  EXPECT_EQ(refused.header("Retry-After"), own_answer ? "" : "1");
  EXPECT_EQ(shed.get("/v1/inline").body, "fast");
  gate_.count_down();
  EXPECT_EQ(running.answer().body, "done");
  EXPECT_EQ(queued.answer().body, "done");
}
INSTANTIATE_TEST_SUITE_P(Answers, Overload, testing::Bool());

}  // namespace
}  // namespace hf::net
