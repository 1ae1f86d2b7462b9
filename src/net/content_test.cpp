// What goes out: pipelined answers, HEAD, files and ranges, produced content, event streams.
#include <fcntl.h>
#include <cstdio>
#include <future>

#include "net/events.h"
#include "net/server_fixture.h"

namespace hf::net {
namespace {

using test::Client;

constexpr off_t kBig = 64 << 20;

std::string pattern(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + " ";
  text.resize(size);
  return text;
}

FileContent file_of(const std::string& text) {
  const int fd = ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  EXPECT_EQ(::write(fd, text.data(), text.size()), ssize_t(text.size()));
  return {std::shared_ptr<const int>(new int(fd),
                                     [](const int* p) {
                                       ::close(*p);
                                       delete p;
                                     }),
          0, text.size()};
}

class Counting final : public Producer {
 public:
  Counting(int pieces, bool breaks) : left_(pieces), breaks_(breaks) {}
  Result<bool> next(std::string& piece) override {
    if (left_ == 1 && breaks_) return fail(ErrorKind::internal, "HF-TEST-0002", "broke");
    piece += std::string(1000, char('a' + left_ % 26));
    return --left_ > 0;
  }

 private:
  int left_;
  bool breaks_;
};

struct Contents : test::ServerTest {
  void start_contents(Limits limits = {}) {
    auto routes = test::sample_routes();
    const auto add = [&](std::string_view path, Handler handler) {
      routes.push_back({.path = path, .permission = kPublic, .handler = std::move(handler)});
    };
    const auto file = file_of(text_);
    add("/file", [file](const Request&) {
      Response response;
      response.headers.add("ETag", "\"v1\"");
      response.headers.add("Last-Modified", "Mon, 23 Nov 2026 09:00:00 GMT");
      response.content = file;
      return response;
    });
    add("/shared", [text = std::make_shared<const std::string>(text_)](const Request&) {
      Response response;
      response.content = text;
      return response;
    });
    add("/export", [](const Request& r) {
      Response response;
      response.content = std::make_shared<Counting>(100, r.has_query("break"));
      return response;
    });
    add("/events", [this](const Request& r) { return hub_.subscribe(r, {"devices"}); });
    auto big = file_of("x");
    EXPECT_EQ(::ftruncate(*big.descriptor, kBig), 0);
    big.size = kBig;
    add("/big", [big](const Request&) {
      Response response;
      response.content = big;
      return response;
    });
    start(limits, std::move(routes));
  }

  const std::string text_ = pattern(3'000'000);
  EventHub hub_{{.stream_bytes_max = 100'000, .remembered = 4}};
};

TEST_F(Contents, PipelinedRequestsAreAnsweredInOrder) {
  start_contents();
  Client client(port_);
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += "GET /v1/devices/" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    requests += "POST /v1/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    requests += "GET /v1/inline HTTP/1.1\r\nHost: a\r\n\r\n";
    requests += "GET /v1/none HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(client.answer().body, std::to_string(i));
    ASSERT_EQ(client.answer().body, "ab");
    ASSERT_EQ(client.answer().body, "fast");
    ASSERT_EQ(client.answer().status, 404);
  }
}

TEST_F(Contents, HeadHasTheLengthAndNoContent) {
  start_contents();
  Client client(port_);
  for (const auto* path : {"/v1/hello", "/file", "/shared"}) {
    client.send("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto head = client.answer(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_NE(head.header("Content-Length"), "0") << path;
  }
  client.send("HEAD /export HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.answer(true).header("Content-Length"), "");
  EXPECT_EQ(client.get("/v1/hello").body, "hello");  // nothing was left between
}

TEST_F(Contents, FilesAndSharedTextsHaveRanges) {
  start_contents();
  Client client(port_);
  EXPECT_EQ(client.get("/file").body, text_);
  EXPECT_EQ(client.get("/shared").body, text_);
  const auto size = text_.size();
  struct Case {
    std::string range;
    std::size_t at, count;
  };
  for (const auto& [range, at, count] :
       {Case{"0-0", 0, 1}, Case{"0-", 0, size}, Case{"10-19", 10, 10}, Case{"2000000-", 2'000'000, size - 2'000'000},
        Case{"-5", size - 5, 5}, Case{"-99999999", 0, size}, Case{"5-99999999", 5, size - 5}}) {
    for (const auto* path : {"/file", "/shared"}) {
      const auto got = client.get(path, "Range: bytes=" + range + "\r\n");
      EXPECT_EQ(got.status, 206) << range;
      EXPECT_EQ(got.body, text_.substr(at, count)) << range;
      EXPECT_EQ(got.header("Content-Range"),
                "bytes " + std::to_string(at) + "-" + std::to_string(at + count - 1) + "/" + std::to_string(size));
    }
  }
  for (const auto* range : {"3000000-", "99999999999-", "-0"}) {
    const auto got = client.get("/file", "Range: bytes=" + std::string(range) + "\r\n");
    EXPECT_EQ(got.status, 416) << range;
    EXPECT_EQ(got.header("Content-Range"), "bytes */3000000");
  }
  for (const auto* range : {"bytes=5-3", "bytes=a-b", "bytes=", "bytes=-", "lines=1-2", "bytes=0-1,5-6", "bytes=+1-2",
                            "bytes=99999999999999999999-"})
    EXPECT_EQ(client.get("/file", "Range: " + std::string(range) + "\r\n").status, 200) << range;
}

TEST_F(Contents, ConditionsAreHeld) {
  start_contents();
  Client client(port_);
  for (const auto* fresh : {"If-None-Match: \"v1\"", "If-None-Match: \"v0\", W/\"v1\"", "If-None-Match: *",
                            "If-Modified-Since: Mon, 23 Nov 2026 09:00:00 GMT",
                            "If-None-Match: \"v1\"\r\nIf-Modified-Since: Mon, 23 Nov 2020 09:00:00 GMT"}) {
    const auto got = client.get("/file", std::string(fresh) + "\r\n");
    EXPECT_EQ(got.status, 304) << fresh;
    EXPECT_EQ(got.header("ETag"), "\"v1\"");
  }
  for (const auto* stale :
       {"If-None-Match: \"v0\"", "If-Modified-Since: Mon, 23 Nov 2026 08:59:59 GMT", "If-Modified-Since: yesterday",
        "If-Range: \"v0\"\r\nRange: bytes=0-1", "If-Range: W/\"v1\"\r\nRange: bytes=0-1"})
    EXPECT_EQ(client.get("/file", std::string(stale) + "\r\n").status, 200) << stale;
  for (const auto* part :
       {"If-Range: \"v1\"\r\nRange: bytes=0-1", "If-Range: Mon, 23 Nov 2026 09:00:00 GMT\r\nRange: bytes=0-1"})
    EXPECT_EQ(client.get("/file", std::string(part) + "\r\n").status, 206) << part;
}

TEST_F(Contents, ProducedContentIsChunkedAndNeverLooksWholeWhenItBroke) {
  start_contents();
  Client client(port_);
  const auto got = client.get("/export");
  EXPECT_EQ(got.header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(got.body.size(), 100'000);
  EXPECT_EQ(client.get("/v1/hello").body, "hello");
  Client old(port_);
  old.send("GET /export HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.answer().body.size(), 100'000);
  Client broken(port_);
  broken.send("GET /export?break=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto all = broken.rest();
  EXPECT_FALSE(all.ends_with("0\r\n\r\n"));
  EXPECT_GT(all.size(), 1000);
}

TEST_F(Contents, EventsReachOpenPages) {
  start_contents();
  Client one(port_), two(port_);
  for (auto* client : {&one, &two}) {
    client->send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto head = client->head();
    EXPECT_EQ(head.header("Content-Type"), "text/event-stream");
  }
  hub_.publish("other", "ignored", "{}");
  hub_.publish("devices", "moved", "{\"n\":1}\nline two");
  for (auto* client : {&one, &two}) {
    ASSERT_TRUE(client->wait_for("\n\n"));
    EXPECT_NE(client->buffer.find("event: moved\ndata: {\"n\":1}\ndata: line two\n\n"), std::string::npos);
    EXPECT_EQ(client->buffer.find("ignored"), std::string::npos);
  }
  EXPECT_EQ(hub_.streams(), 2);
}

TEST_F(Contents, AReconnectingPageGetsWhatItMissedOrIsTold) {
  start_contents();
  const auto first_event_id = [&](Client& client) {
    EXPECT_TRUE(client.wait_for("\n\n"));
    const auto at = client.buffer.find("id: ") + 4;
    return client.buffer.substr(at, client.buffer.find('\n', at) - at);
  };
  std::string id;
  {
    Client client(port_);
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    client.head();
    hub_.publish("devices", "one", "1");
    id = first_event_id(client);
  }
  hub_.publish("devices", "two", "2");
  hub_.publish("other", "three", "3");
  const auto from = [&](const std::string& last) {
    return "GET /events HTTP/1.1\r\nHost: a\r\nLast-Event-ID: " + last + "\r\n\r\n";
  };
  Client back(port_);
  back.send(from(id));
  ASSERT_TRUE(back.wait_for("data: 2\n\n"));
  EXPECT_EQ(back.buffer.find("lagged"), std::string::npos);
  EXPECT_EQ(back.buffer.find("data: 1"), std::string::npos);
  for (int i = 0; i < 4; ++i) hub_.publish("other", "x", "x");
  for (const auto& stale : {id, std::string("0123-1"), std::string("nonsense"), id + "999"}) {
    Client client(port_);
    client.send(from(stale));
    EXPECT_TRUE(client.wait_for("event: lagged\ndata: {}\n\n")) << stale;
  }
}

TEST_F(Contents, APageThatDoesNotReadLosesItsBufferAndNotTheServersMemory) {
  start_contents();
  Client slow(port_, 4096);
  slow.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  slow.head();
  const std::string big(50'000, 'x');
  for (int i = 0; i < 400; ++i) hub_.publish("devices", "big", big);
  EXPECT_TRUE(slow.wait_for("event: lagged"));
  EXPECT_LT(slow.buffer.size(), 400 * big.size());
}

TEST_F(Contents, AnIdleStreamShowsThatItLives) {
  start_contents({.event_interval = Milliseconds(20)});
  Client client(port_);
  client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  client.head();
  EXPECT_TRUE(client.wait_for(":\n\n\r\n3\r\n:\n\n"));
}

TEST_F(Contents, AStreamWhosePageIsGoneIsDropped) {
  start_contents({.event_interval = Milliseconds(20)});
  {
    Client client(port_);
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    client.head();
    EXPECT_EQ(hub_.streams(), 1);
  }
  // The next stream is served by the same loop thread after the end of the first was seen.
  Client next(port_);
  next.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  next.head();
  ASSERT_TRUE(next.wait_for(":\n\n"));
  EXPECT_EQ(hub_.streams(), 1);
}

TEST_F(Contents, DrainingEndsStreamsProperly) {
  start_contents();
  Client client(port_);
  client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  client.head();
  hub_.publish("devices", "last", "1");
  EXPECT_TRUE(server_->stop(Milliseconds(5000)));
  const auto all = client.rest();
  EXPECT_NE(all.find("event: last"), std::string::npos);
  EXPECT_TRUE(all.ends_with("0\r\n\r\n"));
}

TEST_F(Contents, AReaderThatStopsIsCut) {
  start_contents({.body_timeout = Milliseconds(50)});
  Client client(port_, 4096);
  client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(client.wait_for("\r\n\r\n"));
  EXPECT_TRUE(server_->stop(Milliseconds(20'000)));  // the deadline ends what the client does not read
  EXPECT_LT(client.rest().size(), std::size_t(kBig));
}

}  // namespace
}  // namespace hf::net
