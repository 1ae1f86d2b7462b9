#include "web/routes.h"

#include <gtest/gtest.h>
#include <fstream>
#include <sstream>

#include "net/range.h"
#include "web/policy.h"

namespace hf::web {
namespace {

constexpr std::string_view kScript = "console.log('a script that is longer when it is not compressed')",
                           kPage = "<!doctype html>", kSqueezed = "squeezed";

std::vector<Asset> assets() {
  const auto bytes = [](std::string_view text) { return Bytes{text.data(), text.data() + text.size()}; };
  return {{"/assets/index-a1.js", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", bytes(kScript),
           bytes(kSqueezed)},
          {"/index.html", "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", bytes(kPage),
           bytes(kSqueezed)}};
}

net::Response get(const net::Router& router, std::string_view path, std::string_view accept_encoding = "",
                  std::string_view if_none_match = "") {
  const auto target = net::parse_target(path);
  EXPECT_TRUE(target) << path;
  const auto match = router.match(net::Method::get, *target);
  if (!match.route) {
    net::Response missing;
    missing.status = 404;
    return missing;
  }
  net::Request request;
  if (!accept_encoding.empty()) request.headers.set("Accept-Encoding", accept_encoding);
  if (!if_none_match.empty()) request.headers.set("If-None-Match", if_none_match);
  auto response = match.route->handler(request);
  EXPECT_TRUE(response);
  net::apply_conditions(request, *response);
  return std::move(*response);
}

std::string_view header(const net::Response& response, std::string_view name) {
  return response.headers.find(name).value_or("");
}
std::string body(const net::Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.content)) return *text;
  return *std::get<std::shared_ptr<const std::string>>(response.content);
}

TEST(UiRoutes, AnAssetIsCachedForEverAndComparedByTag) {
  const net::Router router(routes_of(assets()));
  const auto plain = get(router, "/assets/index-a1.js");
  EXPECT_EQ(body(plain), kScript);
  EXPECT_EQ(header(plain, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header(plain, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");
  EXPECT_EQ(header(plain, "Content-Encoding"), "");

  const auto compressed = get(router, "/assets/index-a1.js", "br, gzip");
  EXPECT_EQ(body(compressed), kSqueezed);
  EXPECT_EQ(header(compressed, "Content-Encoding"), "gzip");
  EXPECT_NE(header(compressed, "ETag"), header(plain, "ETag"));

  const auto tag = std::string(header(plain, "ETag"));
  EXPECT_EQ(get(router, "/assets/index-a1.js", "", tag).status, 304);
  EXPECT_EQ(get(router, "/assets/index-a1.js", "gzip", tag).status, 200);
}

TEST(UiRoutes, GzipIsSentOnlyToThoseWhoTakeIt) {
  const net::Router router(routes_of(assets()));
  for (const auto* takes : {"gzip", "GZIP", "*", "deflate, gzip;q=0.5", "gzip;q=1.0"})
    EXPECT_EQ(header(get(router, "/assets/index-a1.js", takes), "Content-Encoding"), "gzip") << takes;
  for (const auto* refuses :
       {"identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "xgzip", ";", ",", "gzip;q=0.0"})
    EXPECT_EQ(header(get(router, "/assets/index-a1.js", refuses), "Content-Encoding"), "") << refuses;
}

TEST(UiRoutes, ThePageIsNeverStoredAndHasAStrictPolicy) {
  const net::Router router(routes_of(assets()));
  const auto page = get(router, "/builds/px-100/firmware/1.4.2");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(body(page), kPage);
  EXPECT_EQ(header(page, "Cache-Control"), "no-store");
  EXPECT_EQ(header(page, "ETag"), "");
  EXPECT_EQ(header(page, "Content-Security-Policy"), kContentSecurityPolicy);
  EXPECT_EQ(kContentSecurityPolicy.find("unsafe"), std::string_view::npos);
  for (const auto* unknown : {"/v1/nothing", "/nothing", "/index.html", "/assets/index-b2.js", "/builds"})
    EXPECT_EQ(get(router, unknown).status, 404) << unknown;
}

TEST(UiRoutes, WithoutTheBuiltFilesThePageSaysHowToMakeThem) {
  const net::Router router(routes_of({}));
  const auto page = get(router, "/");
  EXPECT_EQ(page.status, 503);
  EXPECT_NE(body(page).find("./dev web"), std::string::npos);
}

TEST(UiRoutes, EveryAddressOfTheScriptIsServed) {
  std::ifstream file(HF_UI_URLS);
  ASSERT_TRUE(file) << HF_UI_URLS;
  std::stringstream text;
  text << file.rdbuf();
  const auto source = text.str();
  const net::Router router(routes_of(assets()));
  std::size_t pages = 0;
  // ["/devices/:product/:serial", "device"],
  for (auto at = source.find("[\"/"); at != std::string::npos; at = source.find("[\"/", at + 1)) {
    auto pattern = source.substr(at + 2, source.find('"', at + 2) - at - 2);
    for (auto& c : pattern)
      if (c == ':' || c == '*') c = 'x';
    EXPECT_EQ(get(router, pattern).status, 200) << pattern;
    ++pages;
  }
  EXPECT_EQ(pages, routes_of({}).size());  // and none that it does not know
}

TEST(UiRoutes, TheEmbeddedFilesAreWhole) {
  const auto files = embedded();
  if (files.empty()) GTEST_SKIP() << "built without web/dist: run ./dev web first";
  const net::Router router(routes());
  const auto index = body(get(router, "/"));
  EXPECT_NE(index.find("</html>"), std::string::npos);
  std::size_t script_bytes = 0;
  for (const auto& file : files) {
    EXPECT_FALSE(file.plain.view().empty()) << file.path;
    ASSERT_GE(file.gzip.view().size(), 18U) << file.path;
    EXPECT_EQ(file.gzip.view().substr(0, 2), "\x1f\x8b") << file.path;
    // The last four bytes are the size of the plain text (RFC 1952 section 2.3.1).
    const auto tail = file.gzip.view().substr(file.gzip.view().size() - 4);
    std::uint32_t size = 0;
    for (std::size_t i = 4; i-- > 0;) size = size << 8 | static_cast<unsigned char>(tail[i]);
    EXPECT_EQ(size, file.plain.view().size()) << file.path;
    EXPECT_TRUE(file.path == "/index.html" || index.find(file.path) != std::string::npos)
        << file.path << " is not used";
    script_bytes += file.gzip.view().size();
  }
  EXPECT_LT(script_bytes, 120'000U) << "the UI must stay one small bundle";
}

}  // namespace
}  // namespace hf::web
