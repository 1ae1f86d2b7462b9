#include "net/log.h"

#include <gtest/gtest.h>

#include "net/http.h"

namespace hf::net {
namespace {

TEST(Log, IsOneJsonObjectALine) {
  const ManualClock clock(*parse_rfc3339("2026-11-23T09:30:00Z"));
  std::string lines;
  const Log log(clock, [&](std::string_view line) { lines += line; });
  log.write(Level::debug, "hidden", {});
  log.info("request", {{"status", std::int64_t(200)},
                       {"ms", 1.5},
                       {"tls", true},
                       {"path", std::string_view("a\"\n\xff")},
                       {"empty", std::string_view()}});
  EXPECT_EQ(lines,
            "{\"time\":\"2026-11-23T09:30:00Z\",\"level\":\"info\",\"event\":\"request\",\"status\":200,\"ms\":1.5,"
            "\"tls\":true,\"path\":\"a\\\"\\n\\u00ff\"}\n");
}

TEST(Log, SecretsAreKeptOutByName) {
  const ManualClock clock(Time{});
  std::string lines;
  const Log log(clock, [&](std::string_view line) { lines += line; });
  for (const std::string_view name : {"Authorization", "cookie", "Set-Cookie", "password", "access_token", "X-API-Key",
                                      "pin", "user_pin", "Proxy-Authorization", "client_secret"})
    log.info("x", {{name, std::string_view("hunter2")}});
  EXPECT_EQ(lines.find("hunter2"), std::string::npos);
  EXPECT_EQ(redact_target("/v1/setup?token=hunter2&x=1&flag&%74oken=hunter2"),
            "/v1/setup?token=[redacted]&x=1&flag&%74oken=[redacted]");
  Request request;
  request.headers.add("Authorization", "Bearer hunter2");
  request.headers.add("Host", "a");
  EXPECT_EQ(redacted_headers(request), "Authorization: [redacted]\nHost: a\n");
}

}  // namespace
}  // namespace hf::net
