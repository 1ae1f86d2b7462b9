// What hostile or broken clients send: each is answered or cut, and none holds the server.
#include <gtest/gtest.h>

#include "net/server_fixture.h"

namespace hf::net {
namespace {

using test::Client;

struct RequestLimits : test::ServerTest {
  // The status of one raw request, and whether the server then closed.
  std::pair<int, bool> ask(std::string_view bytes) {
    Client client(port_);
    client.send(bytes);
    client.end();
    const int status = client.answer().status;
    return {status, client.closed()};
  }
};

constexpr std::string_view kPost = "POST /v1/echo HTTP/1.1\r\nHost: a\r\n";
std::string post(std::string_view rest) { return std::string(kPost) + std::string(rest); }

TEST_F(RequestLimits, AmbiguousFramingIsRefusedAndTheConnectionEnds) {
  start();
  const std::string evil = "GET /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const auto& [status, request] : std::vector<std::pair<int, std::string>>{
           // CL.TE and TE.CL (RFC 9112 section 11.2)
           {400, post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n") + evil},
           // TE.TE: codings that another reader may not see as chunked
           {501, post("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n") + evil},
           {501, post("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n") + evil},
           {501, post("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") + evil},
           {501, post("Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n") + evil},
           {400, post("X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding:\x0b"
                      "chunked\r\n\r\n0\r\n\r\n") +
                     evil},
           {400, "POST /v1/echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil},
           // Lengths
           {400, post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc") + evil},
           {400, post("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc") + evil},
           {400, post("Content-Length: 3, 3\r\n\r\nabc") + evil},
           {400, post("Content-Length: +3\r\n\r\nabc") + evil},
           {400, post("Content-Length: -3\r\n\r\nabc") + evil},
           {400, post("Content-Length: 0x3\r\n\r\nabc") + evil},
           {400, post("Content-Length:\r\n\r\n") + evil},
           {400, post("Content-Length: 99999999999999999999999\r\n\r\nabc") + evil},
           // Line ends and control characters
           {400, "GET /v1/hello HTTP/1.1\nHost: a\n\n"},
           {400, "GET /v1/hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
           {400, "GET /v1/hello HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"},
           {400, std::string("GET /v1/hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 44)},
           {400, "GET /v1/hello HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"},
           {400, "GET /v1/hello HTTP/1.1\r\n Host: a\r\n\r\n"},
           // Chunks
           {400, post("Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n") + evil},
           {413, post("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n") + evil},
           {400, post("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n") + evil},
       }) {
    const auto [got, closed] = ask(request);
    EXPECT_EQ(got, status) << request;
    EXPECT_TRUE(closed) << request;
  }
}

TEST_F(RequestLimits, WellFormedVariantsAreTaken) {
  start();
  for (const auto& [body, request] : std::vector<std::pair<std::string, std::string>>{
           {"abcdef", post("Transfer-Encoding: CHUNKED\r\n\r\n3\r\nabc\r\n03\r\ndef\r\n0\r\n\r\n")},
           {"abc", post("Transfer-Encoding: chunked\r\n\r\n3;name=\"v\\\"x\";o\r\nabc\r\n000\r\nX-Sum: 1\r\n\r\n")},
           {"", post("Content-Length: 0\r\n\r\n")},
           {"", post("\r\n")},
           {"hello", "\r\n\r\nGET http://a/v1/hello?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"},
           {"hello", "GET /v1/hello HTTP/1.0\r\n\r\n"}}) {
    Client client(port_);
    client.send(request);
    const auto got = client.answer();
    EXPECT_EQ(got.status, 200) << request;
    EXPECT_EQ(got.body, body) << request;
  }
}

// Every byte in its own segment: no state may be lost between reads.
TEST_F(RequestLimits, ARequestMayArriveByteByByte) {
  start();
  Client client(port_);
  for (const char c : post("Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"))
    ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.answer().body, "abcde");
  EXPECT_EQ(client.get("/v1/hello").body, "hello");
}

TEST_F(RequestLimits, BadRequestLinesAndHosts) {
  start();
  for (const auto& [status, request] : std::vector<std::pair<int, std::string>>{
           {400, "GET /v1/hello HTTP/1.1\r\n\r\n"},
           {400, "GET /v1/hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
           {501, "BREW /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
           {501, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"},
           {501, "get /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
           {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
           {400, "GET  /v1/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
           {400, "GET /v1/../hello HTTP/1.1\r\nHost: a\r\n\r\n"},
           {400, "GET /v1/%2e%2e/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
           {400, "GET /v1/a%00b HTTP/1.1\r\nHost: a\r\n\r\n"},
           {400, "GET /v1/a%ffb HTTP/1.1\r\nHost: a\r\n\r\n"},
           {400, "GET /v1/a%4 HTTP/1.1\r\nHost: a\r\n\r\n"},
           {400, "GET v1/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
           {414, "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"},
           {417, post("Content-Length: 1\r\nExpect: magic\r\n\r\na")},
           {415, "POST /v1/json HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"},
           {413, "GET /v1/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"},
           {400, "\x16\x03\x01\x02"}})
    EXPECT_EQ(ask(request).first, status) << request;
}

TEST_F(RequestLimits, HeadersAreLimitedInSumHoweverTheyArrive) {
  start({.header_bytes = 4096, .header_fields = 50});
  EXPECT_EQ(ask("GET /v1/hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x') + "\r\n\r\n").first, 431);
  EXPECT_EQ(ask("GET /v1/hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(100'000, 'x')).first, 431);
  EXPECT_EQ(ask("GET /" + std::string(5000, 'x')).first, 431);
  std::string many = "GET /v1/hello HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 60; ++i) many += "X: y\r\n";
  EXPECT_EQ(ask(many + "\r\n").first, 431);
  // One field a segment: each read ends at a field's end, so no single read is ever too large.
  Client client(port_);
  client.send("GET /v1/hello HTTP/1.1\r\nHost: a\r\n");
  for (int i = 0; i < 40 && client.send("X-Long: " + std::string(200, 'x') + "\r\n"); ++i) {}
  EXPECT_EQ(client.answer().status, 431);
  EXPECT_TRUE(client.closed());
}

TEST_F(RequestLimits, BodiesAreLimitedBeforeTheyAreRead) {
  start({.header_bytes = 4096, .body_bytes = 1000});
  EXPECT_EQ(ask(post("Content-Length: 1001\r\n\r\n")).first, 413);
  EXPECT_EQ(ask(post("Content-Length: 100000\r\n\r\n") + std::string(100'000, 'x')).first, 413);
  EXPECT_EQ(
      ask(post("Transfer-Encoding: chunked\r\n\r\n3e8\r\n") + std::string(1000, 'x') + "\r\n1\r\ny\r\n0\r\n\r\n").first,
      413);
  EXPECT_EQ(ask(post("Content-Length: 1000\r\n\r\n") + std::string(1000, 'x')).first, 200);
  // Chunk extensions and trailers without end
  EXPECT_EQ(ask(post("Transfer-Encoding: chunked\r\n\r\n1;") + std::string(100'000, 'x')).first, 431);
  EXPECT_EQ(ask(post("Transfer-Encoding: chunked\r\n\r\n0\r\nX: ") + std::string(100'000, 'x')).first, 431);
}

TEST_F(RequestLimits, ALargeBodyGoesThroughAFile) {
  start({.body_memory_bytes = 1000});
  std::string body;
  for (int i = 0; i < 300'000; ++i) body += char('a' + i % 26);
  Client client(port_);
  client.send(post("Content-Length: 300000\r\n\r\n") + body);
  EXPECT_EQ(client.answer().body, body);
}

TEST_F(RequestLimits, TheClientIsToldToContinueOnlyWhereItsBodyIsWanted) {
  start();
  Client client(port_);
  client.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.head().status, 100);
  client.send("abc");
  EXPECT_EQ(client.answer().body, "abc");
  client.send(post("Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.answer().status, 413);
  EXPECT_TRUE(client.closed());
}

TEST_F(RequestLimits, SlowClientsAreCut) {
  start({.header_timeout = Milliseconds(40), .body_timeout = Milliseconds(40), .idle_timeout = Milliseconds(40)});
  Client silent(port_), head(port_), body(port_), chunk(port_);
  head.send("GET /v1/hello HTTP/1.1\r\nHost: ");
  body.send(post("Content-Length: 10\r\n\r\nabc"));
  chunk.send(post("Transfer-Encoding: chunked\r\n\r\n5\r\nab"));
  EXPECT_EQ(head.answer().status, 408);
  EXPECT_EQ(body.answer().status, 408);
  EXPECT_EQ(chunk.answer().status, 408);
  for (auto* client : {&silent, &head, &body, &chunk}) EXPECT_TRUE(client->closed());
}

// A byte now and then does not buy time: the header deadline counts from the first byte.
TEST_F(RequestLimits, SlowLorisIsCutAlthoughItKeepsSending) {
  start({.header_timeout = Milliseconds(60)});
  Client client(port_);
  client.send("GET /v1/hello HTTP/1.1\r\nHost: a\r\n");
  bool cut = false;
  for (int i = 0; i < 100'000 && !cut; ++i) cut = !client.send("X") || client.peek_end();
  EXPECT_TRUE(cut);
}

TEST_F(RequestLimits, TruncatedRequestsGetNoAnswerFromAHandler) {
  start();
  for (const auto* request : {"GET /v1/hello HT", "POST /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
                              "POST /v1/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    Client client(port_);
    client.send(request);
    client.end();
    EXPECT_TRUE(client.closed()) << request;
  }
}

TEST_F(RequestLimits, ConnectionsAreLimitedInAllAndPerAddress) {
  start({.connections = 10, .connections_per_address = 2});
  Client first(port_), second(port_);
  EXPECT_EQ(first.get("/v1/hello").status, 200);
  EXPECT_EQ(second.get("/v1/hello").status, 200);
  Client third(port_);
  EXPECT_TRUE(third.closed());
}

}  // namespace
}  // namespace hf::net
