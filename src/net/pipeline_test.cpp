#include "net/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "net/server_fixture.h"

namespace hf::net {
namespace {

// "Authorization: Bearer NAME" is principal NAME, with the permissions of X-May; "bad" does not hold.
class TestAuthenticator final : public Authenticator {
 public:
  Result<Principal> authenticate(const Request& request) override {
    const auto text = request.header("Authorization");
    ++asked;
    if (text.empty()) return Principal{};
    if (text == "Bearer bad") return fail(ErrorKind::unauthenticated, "HF-TEST-0401", "the token is not known");
    Principal principal{.id = std::string(text.substr(7)), .kind = "token"};
    principal.permissions.emplace_back(request.header("X-May"));
    return principal;
  }
  std::atomic<int> asked = 0;
};

class TestDenials final : public Denials {
 public:
  void denied(const Request& request, int status, std::string_view code) override {
    seen.push_back(request.principal.id + " " + std::to_string(status) + " " + std::string(code));
  }
  std::vector<std::string> seen;
};

class MemoryIdempotency final : public Idempotency {
 public:
  Result<Claim> claim(std::string_view principal, std::string_view key, ByteView digest) override {
    const auto [at, fresh] =
        entries.try_emplace(std::string(principal) + "/" + std::string(key), Entry{to_hex(digest), {}});
    if (fresh) return Claim{};
    if (at->second.digest != to_hex(digest)) return Claim{Claim::other_request};
    if (!at->second.kept) return Claim{Claim::in_progress};
    return Claim{Claim::replay, *at->second.kept};
  }
  Result<void> keep(std::string_view principal, std::string_view key, const Kept& kept) override {
    entries.at(std::string(principal) + "/" + std::string(key)).kept = kept;
    return {};
  }
  void give_back(std::string_view principal, std::string_view key) override {
    entries.erase(std::string(principal) + "/" + std::string(key));
  }

  struct Entry {
    std::string digest;
    std::optional<Kept> kept;
  };
  std::map<std::string, Entry> entries;
};

// One connection at a time asks, so what the stages note is read after the answer that follows it.
class PipelineTest : public test::ServerTest {
 protected:
  PipelineTest() {
    Stages stages{.authenticator = &authenticator_,
                  .denials = &denials_,
                  .idempotency = &idempotency_,
                  .per_address = &per_address_,
                  .per_principal = &per_principal_,
                  .log = &log_,
                  .metrics = &metrics_};
    const Handler count = [this](const Request& request) -> Result<Response> {
      ++calls_;
      if (request.body.text() == "fail")
        return fail(ErrorKind::unavailable, "HF-TEST-0503", "later", "the disk is full");
      if (request.body.text() == "deny") return fail(ErrorKind::forbidden, "HF-TEST-0403", "not this one");
      auto response = text_response(201, std::to_string(calls_) + " " + request.principal.id);
      response.headers.add("Location", "/v1/things/" + std::to_string(calls_));
      return response;
    };
    std::vector<Route> routes{
        {.path = "/open", .permission = kPublic, .handler = count},
        {.path = "/page",
         .permission = kPublic,
         .handler = [](const Request&) { return text_response(200, "<p>", "text/html; charset=utf-8"); }},
        {.path = "/mine", .permission = kSignedIn, .handler = count},
        {.path = "/things", .permission = "thing.read", .handler = count},
        {.method = Method::post,
         .path = "/things",
         .permission = "thing.write",
         .body_max = 100,
         .idempotency_key = true,
         .handler = count},
        {.method = Method::post,
         .path = "/files",
         .permission = "thing.write",
         .body_max = 1 << 20,
         .handler = [](const Request& request) { return text_response(200, std::to_string(request.body.size())); }},
        {.path = "/throws", .permission = kPublic, .handler = [](const Request&) -> Result<Response> {
           throw std::runtime_error("boom");
         }}};
    Listener listener{.name = "test", .limits = {.body_memory_bytes = 1000}, .workers = 1};
    listener.serves = std::make_shared<Pipeline>(Router(std::move(routes)), stages);
    std::vector<Listener> listeners;
    listeners.push_back(std::move(listener));
    server_ = Server::start(std::move(listeners), clock_).value();
    port_ = server_->port("test");
  }
  ~PipelineTest() override { server_.reset(); }

  static std::string as(std::string_view who, std::string_view may) {
    return "Authorization: Bearer " + std::string(who) + "\r\nX-May: " + std::string(may) + "\r\n";
  }
  test::Answer post(std::string_view extra, std::string_view body) {
    test::Client client(port_);
    return client.ask("POST /things HTTP/1.1\r\nHost: a\r\n" + as("ci", "thing.write") + std::string(extra) +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  static std::string code_of(const test::Answer& answer) {
    const auto at = answer.body.find("\"code\":\"");
    return at == std::string::npos ? "" : answer.body.substr(at + 8, answer.body.find('"', at + 8) - at - 8);
  }

  TestAuthenticator authenticator_;
  TestDenials denials_;
  MemoryIdempotency idempotency_;
  RateLimiter per_address_{clock_, {.per_second = 1, .burst = 20}};
  RateLimiter per_principal_{clock_, {.per_second = 1, .burst = 10}};
  std::mutex log_mutex_;
  std::string lines_;
  Log log_{clock_, [this](std::string_view line) {
             const std::lock_guard lock(log_mutex_);
             lines_ += line;
           }};
  Metrics metrics_;
  int calls_ = 0;
};

TEST_F(PipelineTest, PermissionsAreCheckedBeforeTheHandler) {
  test::Client client(port_);
  EXPECT_EQ(client.get("/open").status, 201);
  EXPECT_EQ(client.get("/mine", as("ann", "")).body, "2 ann");
  EXPECT_EQ(client.get("/things", as("ann", "thing.read")).body, "3 ann");

  const auto none = client.get("/things");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.header("WWW-Authenticate"), "Bearer realm=\"holdfast\"");
  EXPECT_EQ(client.get("/mine").status, 401);
  EXPECT_EQ(code_of(client.get("/things", as("bad", "thing.read"))), "HF-TEST-0401");
  EXPECT_EQ(code_of(client.get("/things", as("ann", "thing.write"))), "HF-HTTP-0044");
  EXPECT_EQ(code_of(client.get("/things", as("ann", "*"))), "HF-HTTP-0044");
  EXPECT_EQ(calls_, 3);
  EXPECT_EQ(denials_.seen, (std::vector<std::string>{" 401 HF-HTTP-0043", " 401 HF-HTTP-0043", " 401 HF-TEST-0401",
                                                     "ann 403 HF-HTTP-0044", "ann 403 HF-HTTP-0044"}));
}

TEST_F(PipelineTest, AHandlersOwnRefusalIsADenialToo) {
  EXPECT_EQ(post("", "deny").status, 403);
  EXPECT_EQ(denials_.seen, (std::vector<std::string>{"ci 403 HF-TEST-0403"}));
}

TEST_F(PipelineTest, ACrossSiteWriteIsRefused) {
  EXPECT_EQ(code_of(post("Sec-Fetch-Site: cross-site\r\n", "x")), "HF-HTTP-0042");
  EXPECT_EQ(post("Sec-Fetch-Site: same-origin\r\n", "x").status, 201);
}

TEST_F(PipelineTest, TheSameKeyAndRequestGetTheFirstAnswerAgain) {
  const auto first = post("Idempotency-Key: k1\r\n", "a"), again = post("Idempotency-Key: k1\r\n", "a");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("Location"), first.header("Location"));
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(calls_, 1);
  const auto other = post("Idempotency-Key: k1\r\n", "b");
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(code_of(other), "HF-HTTP-0045");
  EXPECT_EQ(post("Idempotency-Key: k2\r\n", "a").body, "2 ci");
  EXPECT_EQ(post("", "a").body, "3 ci");
  EXPECT_EQ(code_of(post("Idempotency-Key: " + std::string(256, 'k') + "\r\n", "a")), "HF-HTTP-0040");
  EXPECT_EQ(code_of(post("Idempotency-Key: a b\r\n", "a")), "HF-HTTP-0040");
}

TEST_F(PipelineTest, AFailureOfOursGivesTheKeyBackAndARefusalIsKept) {
  EXPECT_EQ(post("Idempotency-Key: k\r\n", "fail").status, 503);
  EXPECT_EQ(post("Idempotency-Key: k\r\n", "fail").status, 503);
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(post("Idempotency-Key: k3\r\n", "deny").status, 403);
  EXPECT_EQ(post("Idempotency-Key: k3\r\n", "deny").status, 403);
  EXPECT_EQ(calls_, 3);
  idempotency_.entries["ci/k4"];
  idempotency_.entries["ci/k4"].digest = idempotency_.entries["ci/k3"].digest;
  EXPECT_EQ(code_of(post("Idempotency-Key: k4\r\n", "deny")), "HF-HTTP-0046");
}

// Otherwise anyone could fill the spool directory.
TEST_F(PipelineTest, ALargeContentIsReadOnlyFromWhoeverMaySendIt) {
  const auto head = [](std::string_view extra, std::string_view framing = "Content-Length: 500000\r\n") {
    return "POST /files HTTP/1.1\r\nHost: a\r\n" + std::string(extra) + std::string(framing) + "\r\n";
  };
  for (const auto& [status, extra] :
       std::vector<std::pair<int, std::string>>{{401, ""},
                                                {401, as("bad", "thing.write")},
                                                {403, as("ann", "thing.read")},
                                                {403, as("ann", "thing.read") + "Expect: 100-continue\r\n"}}) {
    test::Client client(port_);
    client.send(head(extra));  // and not a byte of the content
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_NE(answer.header("Content-Security-Policy"), "");
    client.end();
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(denials_.seen.size(), 4U);
  test::Client chunked(port_);
  chunked.send(head("", "Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(chunked.answer().status, 401);

  const auto before = authenticator_.asked.load();
  const std::string content(500'000, 'x');
  test::Client client(port_);
  client.send(head(as("ann", "thing.write") + "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.head().status, 100);
  client.send(content);
  EXPECT_EQ(client.answer().body, "500000");
  client.send(head(as("ann", "thing.write")) + content + head(as("ann", "thing.write")) + content);
  EXPECT_EQ(client.answer().body, "500000");
  EXPECT_EQ(client.answer().body, "500000");
  client.send(head(as("ann", "thing.write"), "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n");
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.answer().body, "5");
  EXPECT_EQ(authenticator_.asked.load() - before, 4) << "asked once a request";
}

TEST_F(PipelineTest, RatesAreLimitedByPrincipalAndByAddress) {
  test::Client client(port_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/mine", as("ann", "")).status, 201);
  const auto refused = client.get("/mine", as("ann", ""));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(client.get("/mine", as("bob", "")).status, 201);
  int served = 0;
  for (int i = 0; i < 30; ++i) served += client.get("/open").status == 201;
  EXPECT_EQ(served, 20);
  EXPECT_EQ(client.get("/mine", as("bad", "")).status, 429);
  EXPECT_EQ(client.get("/mine", as("bob", "")).status, 201);  // behind the same address, but proven
}

TEST_F(PipelineTest, EveryAnswerCarriesTheSecurityHeaders) {
  test::Client client(port_);
  for (const auto* path : {"/open", "/nothing", "/things", "/throws"}) {
    const auto answer = client.get(path);
    EXPECT_EQ(answer.header("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'") << path;
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer.header("Strict-Transport-Security"), "") << "no TLS here";
  }
  EXPECT_TRUE(client.get("/page").header("Content-Security-Policy").find("script-src 'self'") != std::string::npos);
  EXPECT_EQ(client.get("/mine", as("ann", "")).header("Cache-Control"), "no-store");
}

TEST_F(PipelineTest, EveryAnswerIsLoggedAndCounted) {
  test::Client client(port_);
  EXPECT_EQ(
      client.get("/open?token=abc", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n").status,
      201);
  EXPECT_EQ(client.get("/throws").status, 500);
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.get("/mine", as("ann", "")).status, 201);
  server_.reset();
  EXPECT_NE(lines_.find(R"("target":"/open?token=[redacted]")"), std::string::npos) << lines_;
  EXPECT_NE(lines_.find(R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736")"), std::string::npos) << lines_;
  EXPECT_NE(lines_.find(R"("detail":"boom")"), std::string::npos) << lines_;
  EXPECT_NE(lines_.find(R"("problem":"HF-HTTP-0012")"), std::string::npos) << lines_;
  EXPECT_NE(lines_.find(R"("principal":"ann")"), std::string::npos) << lines_;
  const auto text = metrics_.text();
  EXPECT_NE(text.find(R"(hf_http_requests_total{listener="test",method="GET",route="/throws",status="500"} 1)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(R"x(route="(none)",status="404"} 1)x"), std::string::npos) << text;
}

TEST(RateLimiter, ForgetsTheQuietestName) {
  ManualClock clock(Time{});
  RateLimiter limiter(clock, {.per_second = 2, .burst = 1, .names_max = 2});
  EXPECT_TRUE(limiter.take("a"));
  EXPECT_FALSE(limiter.take("a"));
  EXPECT_TRUE(limiter.take("b"));
  EXPECT_FALSE(limiter.take("a"));
  EXPECT_TRUE(limiter.take("c"));  // b is forgotten
  EXPECT_FALSE(limiter.take("a"));
  EXPECT_TRUE(limiter.take("b"));
  clock.advance(std::chrono::milliseconds(500));
  EXPECT_TRUE(limiter.take("b"));
  clock.set(Time{} - std::chrono::hours(1));
  EXPECT_FALSE(limiter.take("b"));
  clock.advance(std::chrono::milliseconds(500));
  EXPECT_TRUE(limiter.take("b"));
}

}  // namespace
}  // namespace hf::net
