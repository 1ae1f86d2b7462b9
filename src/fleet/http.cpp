#include "fleet/http.h"

#include <istream>
#include <streambuf>

#include "accounts/authenticator.h"
#include "fleet/report_reader.h"
#include "fleet/service.h"
#include "net/schema.h"

namespace hf::fleet {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kImportMax = 1ULL << 30;  // about 5 million units
constexpr std::uint64_t kReportsMax = 16ULL << 20;

// Reads a text where it lies.
class View final : public std::streambuf {
 public:
  explicit View(std::string_view text) {
    auto* begin = const_cast<char*>(text.data());  // never written: the buffer is only read
    setg(begin, begin, begin + text.size());
  }
};

JsonArray errors_json(const std::vector<LineError>& errors) {
  JsonArray list;
  for (const auto& [line, error] : errors)
    list.push_back(JsonObject{{"line", line}, {"code", error.code}, {"message", error.message}});
  return list;
}

Result<Response> import(const Request& request, const Api& api) {
  View view(request.body.text());
  std::istream in(&view);
  Importer importer(api.database, api.clock, accounts::actor_of(request));
  ImportReader reader(in);
  while (auto record = reader.next()) HF_CHECK(importer.add(*std::move(record)));
  HF_TRY(const auto summary, importer.finish());
  return net::json_text_response(200, to_text(JsonObject{{"lines", summary.lines},
                                                         {"imported", summary.imported},
                                                         {"unchanged", summary.unchanged},
                                                         {"refused", summary.refused},
                                                         {"errors", errors_json(summary.errors)}}));
}

Result<Response> report(const Request& request, const Api& api) {
  View view(request.body.text());
  std::istream in(&view);
  HF_TRY(const auto summary, take_reports(api.database, api.clock, accounts::actor_of(request), in));
  return net::json_text_response(200, to_text(JsonObject{{"lines", summary.lines},
                                                         {"moved", summary.moved},
                                                         {"unchanged", summary.unchanged},
                                                         {"refused", summary.refused},
                                                         {"errors", errors_json(summary.errors)}}));
}

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using enum net::Method;
  return {
      {.method = post,
       .path = "/v1/fleet/import",
       .permission = "fleet.write",
       .body_max = kImportMax,
       .content_types = {"application/x-ndjson", "text/csv", "application/json"},
       .summary = "Import units as the factory made them, NDJSON or CSV",
       .response_schema = "ImportSummary",
       .handler = net::handle(api, &import)},
      {.method = post,
       .path = "/v1/fleet/reports",
       .permission = "fleet.write",
       .body_max = kReportsMax,
       .content_types = {"application/x-ndjson", "application/json"},
       .summary = "What devices say they run, NDJSON",
       .response_schema = "ReportSummary",
       .handler = net::handle(api, &report)},
  };
}

net::Schemas schemas() {
  using namespace net::schema;
  const auto summary = [](std::string_view taken, std::string_view what) {
    return to_text(object({{"lines", count("that were read")},
                           {taken, count(what)},
                           {"unchanged", count()},
                           {"refused", count()},
                           {"errors", array(ref("LineError"), "the first of those refused")}}));
  };
  return {
      {"LineError",
       to_text(object(
           {{"line", count("from 1")}, {"code", text("stable, explained in the manual")}, {"message", text()}}))},
      {"ImportSummary", summary("imported", "units that are new")},
      {"ReportSummary", summary("moved", "units that run other builds than before")},
  };
}

}  // namespace hf::fleet
