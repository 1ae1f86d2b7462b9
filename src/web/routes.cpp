#include "web/routes.h"

#include <array>
#include <charconv>
#include <memory>

#include "base/text.h"
#include "web/policy.h"

namespace hf::web {
namespace {

// The same list as `patterns` in web/src/lib/url.ts (routes_test.cpp compares them).
constexpr std::array kPages{
    std::string_view("/"),
    std::string_view("/vulnerabilities"),
    std::string_view("/vulnerabilities/{id}"),
    std::string_view("/devices/{product}/{serial...}"),
    std::string_view("/products"),
    std::string_view("/products/{code}"),
    std::string_view("/builds/{path...}"),
    std::string_view("/releases/{path...}"),
    std::string_view("/batches/{path...}"),
    std::string_view("/keys/{sha256}"),
    std::string_view("/signing-keys"),
    std::string_view("/signing-keys/{name...}"),
    std::string_view("/signing-requests"),
    std::string_view("/signing-requests/{digest}"),
    std::string_view("/ceremonies"),
    std::string_view("/ceremonies/{sha256}"),
    std::string_view("/debug-sessions"),
    std::string_view("/debug-sessions/{digest}"),
    std::string_view("/authorities"),
    std::string_view("/authorities/{name}"),
    std::string_view("/certificates"),
    std::string_view("/certificates/{ca}/{serial}"),
    std::string_view("/factories"),
    std::string_view("/factories/authorisations/{id}"),
    std::string_view("/evidence"),
    std::string_view("/evidence/{entry}"),
    std::string_view("/catalog"),
    std::string_view("/catalog/{plural}"),
    std::string_view("/catalog/{plural}/{path...}"),
    std::string_view("/create/{plural}"),
    std::string_view("/settings/users"),
    std::string_view("/settings/tokens"),
    std::string_view("/settings/authenticators"),
    std::string_view("/login"),
    std::string_view("/setup"),
};

constexpr std::string_view kNotBuilt =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Holdfast</title>"
    "<h1>This server was built without the operator UI</h1>"
    "<p>The API and the command line work. To add the UI, build it and then the server again, with Node 18 or later "
    "and "
    "npm installed:</p><pre>./dev web\n./dev build</pre></html>\n";

std::string_view type_of(std::string_view path) {
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  if (path.ends_with(".html")) return "text/html; charset=utf-8";
  return "application/octet-stream";
}

// RFC 9110 section 12.5.3. "gzip;q=0" refuses it, "*" accepts it unless gzip itself is named.
bool accepts_gzip(const net::Request& request) {
  std::optional<bool> gzip, any;
  for (const auto member : split(request.header("Accept-Encoding"), ',')) {
    const auto parts = split(member, ';');
    bool wanted = true;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const auto weight = trim(parts[i]);
      if (weight.size() < 3 || !net::iequals(weight.substr(0, 2), "q=")) continue;
      wanted = weight.substr(2).find_first_not_of("0.") != std::string_view::npos;
    }
    const auto coding = trim(parts[0]);
    if (net::iequals(coding, "gzip")) gzip = wanted;
    if (coding == "*") any = wanted;
  }
  return gzip.value_or(any.value_or(false));
}

struct Kept {
  std::shared_ptr<const std::string> plain, gzip;
  std::string tag;
  std::string_view type;
};

Kept keep(const Asset& asset) {
  return {.plain = std::make_shared<const std::string>(asset.plain.view()),
          .gzip = std::make_shared<const std::string>(asset.gzip.view()),
          .tag = std::string(asset.sha256.substr(0, 32)),
          .type = type_of(asset.path)};
}

net::Response answer(const Kept& kept, const net::Request& request) {
  net::Response response;
  const bool compressed = accepts_gzip(request) && kept.gzip->size() < kept.plain->size();
  response.headers.set("Content-Type", kept.type);
  response.headers.set("Vary", "Accept-Encoding");
  // One strong tag a representation: RFC 9110 section 8.8.3.3.
  response.headers.set("ETag", '"' + kept.tag + (compressed ? "-gzip\"" : "\""));
  if (compressed) response.headers.set("Content-Encoding", "gzip");
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  response.content = compressed ? kept.gzip : kept.plain;
  return response;
}

void protect_page(net::Response& response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Content-Security-Policy", kContentSecurityPolicy);
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "no-referrer");
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
}

net::Route page_route(std::string_view path, net::Handler handler) {
  return {.path = path,
          .permission = net::kPublic,
          .summary = "A page of the operator UI",
          .runs_on = net::RunsOn::io,
          .handler = std::move(handler)};
}

net::Handler missing() {
  return [](const net::Request&) -> Result<net::Response> {
    auto response = net::text_response(503, std::string(kNotBuilt), "text/html; charset=utf-8");
    protect_page(response);
    return response;
  };
}

}  // namespace

std::vector<net::Route> routes_of(const std::vector<Asset>& assets) {
  std::vector<net::Route> table;
  net::Handler page = missing();
  for (const auto& asset : assets) {
    auto kept = std::make_shared<const Kept>(keep(asset));
    if (asset.path == "/index.html") {
      page = [kept](const net::Request& request) -> Result<net::Response> {
        auto response = answer(*kept, request);
        response.headers.remove("ETag");  // never stored, so there is nothing to compare it with
        protect_page(response);
        return response;
      };
    } else {
      table.push_back({.path = asset.path,
                       .permission = net::kPublic,
                       .summary = "A file of the operator UI",
                       .runs_on = net::RunsOn::io,
                       .handler = [kept](const net::Request& request) -> Result<net::Response> {
                         auto response = answer(*kept, request);
                         // The name changes with the bytes (vite.config.ts): RFC 8246.
                         response.headers.set("Cache-Control", "public, max-age=31536000, immutable");
                         return response;
                       }});
    }
  }
  for (const auto path : kPages) table.push_back(page_route(path, page));
  return table;
}

std::vector<net::Route> routes() { return routes_of(embedded()); }

}  // namespace hf::web
