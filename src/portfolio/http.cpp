#include "portfolio/http.h"

#include "accounts/authenticator.h"
#include "net/problem.h"
#include "net/schema.h"
#include "portfolio/coordinate_store.h"
#include "portfolio/feed_service.h"
#include "portfolio/sbom_service.h"
#include "sbom/parse.h"

namespace hf::portfolio {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kSbomMax = 256ULL << 20;
constexpr std::uint64_t kFeedMax = 256ULL << 20;

std::string build_path(const Request& request) {
  return std::string(request.path("product")) + "/" + std::string(request.path("module")) + "/" +
         std::string(request.path("version"));
}

Result<Response> put_sbom(const Request& request, const Api& api) {
  auto receipt = receive_sbom(api.database, api.blobs, api.clock, accounts::actor_of(request), build_path(request),
                              bytes_of(request.body.text()), {.bytes_max = kSbomMax});
  if (!receipt && receipt.error().code == "HF-SBOM-0005") {  // every finding, where it is
    std::vector<net::Fault> faults;
    for (auto& finding : sbom::validate(bytes_of(request.body.text()), {.bytes_max = kSbomMax}))
      faults.push_back({std::move(finding.pointer), std::move(finding.message)});
    return net::problem(receipt.error(), faults, request.id);
  }
  if (!receipt) return fail(receipt.error());
  return net::json_text_response(receipt->unchanged ? 200 : 201,
                                 to_text(JsonObject{{"build", receipt->build},
                                                    {"sha256", receipt->sha256},
                                                    {"format", receipt->format},
                                                    {"spec_version", receipt->spec_version},
                                                    {"components", receipt->components},
                                                    {"unidentified", receipt->unidentified},
                                                    {"new_components", receipt->new_coordinates},
                                                    {"findings", receipt->findings},
                                                    {"statements", receipt->statements},
                                                    {"unchanged", receipt->unchanged},
                                                    {"entry", receipt->entry}}));
}

Result<Response> get_sbom(const Request& request, const Api& api) {
  const auto path = build_path(request);
  HF_TRY(const auto current, api.database.read([&](const db::Reader& reader) -> Result<std::optional<StoredSbom>> {
    HF_TRY(const auto build, CoordinateStore(reader).build(path));
    if (!build) return std::optional<StoredSbom>{};
    return CoordinateStore(reader).current_sbom(*build);
  }));
  if (!current) return fail(ErrorKind::not_found, "HF-PORTFOLIO-0003", "the build '" + path + "' has no SBOM");
  const auto digest = from_hex(current->sha256);
  crypto::Sha256 name{};
  std::copy(digest->begin(), digest->end(), name.begin());
  HF_TRY(const auto bytes, api.blobs.get(name));
  auto response = net::json_text_response(200, std::string(text_of(bytes)));
  response.headers.set("Content-Disposition", "attachment; filename=\"sbom.json\"");
  response.headers.set("ETag", "\"" + current->sha256 + "\"");
  return response;
}

Result<Response> import_feed(const Request& request, const Api& api) {
  FeedImporter importer(api.database, api.clock, accounts::actor_of(request), "sent by " + request.principal.id);
  vuln::JsonReader reader;
  HF_TRY(const auto kind, vuln::read_document(reader, request.body.text(), importer.sink()));
  if (kind == vuln::DocumentKind::other)
    return fail(ErrorKind::invalid, "HF-PORTFOLIO-0002",
                "this is no document of a feed: CVE JSON 5, NVD JSON 2.0, OSV, KEV or EPSS");
  HF_TRY(const auto counts, importer.finish());
  JsonObject feeds;
  for (const auto& [feed, count] : counts)
    feeds[feed] = JsonObject{{"records", count.records}, {"changed", count.changed}, {"version", count.version}};
  return net::json_text_response(
      200, to_text(JsonObject{{"feeds", std::move(feeds)}, {"findings_changed", importer.findings()}}));
}

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = put,
       .path = "/v1/builds/{product}/{module}/{version}/sbom",
       .permission = "sbom.write",
       .body_max = kSbomMax,
       .content_types = {"application/json", "application/vnd.cyclonedx+json", "application/spdx+json",
                         "application/ld+json"},
       .summary = "Give a build its SBOM",
       .response_schema = "SbomReceipt",
       .success = 201,
       .or_else = 200,
       .handler = handle(api, &put_sbom)},
      {.method = get,
       .path = "/v1/builds/{product}/{module}/{version}/sbom",
       .permission = "sbom.read",
       .summary = "The SBOM's original bytes",
       .handler = handle(api, &get_sbom)},
      {.method = post,
       .path = "/v1/feeds",
       .permission = "vuln.write",
       .body_max = kFeedMax,
       .content_types = {"application/json", "text/csv"},
       .summary = "Take one document of a feed",
       .response_schema = "FeedReceipt",
       .handler = handle(api, &import_feed)},
  };
}

net::Schemas schemas() {
  using namespace net::schema;
  return {
      {"SbomReceipt",
       to_text(object({{"build", text("path")},
                       {"sha256", sha256("of the original bytes")},
                       {"format", choice({"CycloneDX", "SPDX"})},
                       {"spec_version", text()},
                       {"components", count()},
                       {"unidentified", count("components without an identity that a record could name")},
                       {"new_components", count("that no build had before")},
                       {"findings", count("that changed")},
                       {"statements", count("of this build that changed")},
                       {"unchanged", flag("these bytes hold already")},
                       {"entry", count("id of the ledger entry that proves it")}}))},
      {"FeedReceipt",
       to_text(
           object({{"feeds",
                    map(object({{"records", count()}, {"changed", count()}, {"version", text("the feed's own word")}}),
                        "by the feed's name")},
                   {"findings_changed", count()}}))},
  };
}

}  // namespace hf::portfolio
