#include "fleet/http.h"

#include <istream>
#include <streambuf>

#include "accounts/authenticator.h"
#include "fleet/report_reader.h"
#include "fleet/service.h"

namespace hf::fleet {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kImportMax = 1ULL << 30;   // about 5 million units
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
  for (const auto& [line, error] : errors) list.push_back(JsonObject{{"line", line}, {"code", error.code}, {"message", error.message}});
  return list;
}

Result<Response> import(const Request& request, const Api& api) {
  View view(request.body.text());
  std::istream in(&view);
  Importer importer(api.database, api.clock, accounts::actor_of(request));
  ImportReader reader(in);
  while (auto record = reader.next()) HF_CHECK(importer.add(*std::move(record)));
  HF_TRY(const auto summary, importer.finish());
  return net::json_text_response(200, to_text(JsonObject{{"lines", summary.lines}, {"imported", summary.imported}, {"unchanged", summary.unchanged},
                                                         {"refused", summary.refused}, {"errors", errors_json(summary.errors)}}));
}

Result<Response> report(const Request& request, const Api& api) {
  View view(request.body.text());
  std::istream in(&view);
  HF_TRY(const auto summary, take_reports(api.database, api.clock, accounts::actor_of(request), in));
  return net::json_text_response(200, to_text(JsonObject{{"lines", summary.lines}, {"moved", summary.moved}, {"unchanged", summary.unchanged},
                                                         {"refused", summary.refused}, {"errors", errors_json(summary.errors)}}));
}

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using enum net::Method;
  return {
      {.method = post, .path = "/v1/fleet/import", .permission = "fleet.write", .body_max = kImportMax,
       .content_types = {"application/x-ndjson", "text/csv", "application/json"}, .summary = "Import units as the factory made them, NDJSON or CSV",
       .response_schema = "ImportSummary", .handler = net::handle(api, &import)},
      {.method = post, .path = "/v1/fleet/reports", .permission = "fleet.write", .body_max = kReportsMax,
       .content_types = {"application/x-ndjson", "application/json"}, .summary = "What devices say they run, NDJSON", .response_schema = "ReportSummary",
       .handler = net::handle(api, &report)},
  };
}

net::Schemas schemas() {
  const std::string errors =
      R"("errors":{"type":"array","items":{"type":"object","required":["line","code","message"],"properties":{"line":{"type":"integer"},"code":{"type":"string"},"message":{"type":"string"}}}})";
  return {
      {"ImportSummary", R"({"type":"object","required":["lines","imported","unchanged","refused","errors"],"properties":{"lines":{"type":"integer"},"imported":{"type":"integer"},"unchanged":{"type":"integer"},"refused":{"type":"integer"},)" + errors + "}}"},
      {"ReportSummary", R"({"type":"object","required":["lines","moved","unchanged","refused","errors"],"properties":{"lines":{"type":"integer"},"moved":{"type":"integer"},"unchanged":{"type":"integer"},"refused":{"type":"integer"},)" + errors + "}}"},
  };
}

}  // namespace hf::fleet
