#include "trace/http.h"

#include <charconv>
#include <chrono>

#include "cli/command.h"
#include "ledger/newest.h"
#include "net/page.h"
#include "trace/questions.h"

namespace hf::trace {
namespace {

using net::Request;
using net::Response;

Result<AsOf> as_of(const Request& request) {
  if (!request.has_query("at") || request.query("at").empty()) return AsOf{};
  HF_TRY(const auto at, parse_rfc3339(request.query("at")));
  return AsOf{at};
}

// Asks on one snapshot.
template <class Ask>
Result<JsonObject> asked(const Request& request, const Api& api, Ask ask) {
  HF_TRY(const auto when, as_of(request));
  const auto start = std::chrono::steady_clock::now();
  HF_TRY(auto result, api.database.read([&](const db::Reader& reader) { return ask(Questions(reader, when)); }));
  result["took_us"] =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  return result;
}

Response json(const JsonObject& object) { return net::json_text_response(200, to_text(object)); }

// {items, next} with the list's own cursor, as the page that all lists give.
Response page(JsonObject result) {
  const auto& next = result.at("next");
  auto cursor = next.is_null() ? std::nullopt : std::optional(std::vector<std::string>{std::string(next.get_string())});
  return net::page_response(std::move(result.at("items").as_array()), cursor);
}

std::string after_of(const net::Page& page) { return page.after.empty() ? std::string() : page.after.front(); }

Result<Response> today(const Request& request, const Api& api) {
  HF_TRY(auto result,
         asked(request, api, [&](const Questions& questions) { return questions.today(api.clock.now()); }));
  auto& duties = result.at("duties").as_object();
  if (!request.principal.may("keys.read")) result["signing"] = nullptr, duties["debug"] = nullptr;
  if (!request.principal.may("pki.read")) duties["certificates"] = nullptr, duties["crls"] = nullptr;
  if (!request.principal.may("factory.read")) duties["alarms"] = nullptr;
  return json(result);
}

Result<Response> vulnerabilities(const Request& request, const Api& api) {
  HF_TRY(const auto wanted, net::page_of(request, 1, {.limit = 50, .limit_max = 200}));
  const auto state = request.query("state").empty() ? std::string_view("affected") : request.query("state");
  if (state != "exploited" && name_of(standing_of(state)) != state)
    return fail(ErrorKind::invalid, "HF-TRACE-0003",
                "state is one of affected, unknown, under_investigation, fixed, not_affected, exploited");
  HF_TRY(auto result, asked(request, api, [&](const Questions& questions) {
           return questions.vulnerabilities(state, after_of(wanted), wanted.limit);
         }));
  return page(std::move(result));
}

Result<Response> vulnerability(const Request& request, const Api& api) {
  HF_TRY(const auto result,
         asked(request, api, [&](const Questions& questions) { return questions.vulnerability(request.path("id")); }));
  return json(result);
}

Result<UnitQuery> unit_query(const Request& request) {
  UnitQuery query{.market = std::string(request.query("market")),
                  .build = std::string(request.query("build")),
                  .batch = std::string(request.query("batch"))};
  if (request.has_query("state") && !request.query("state").empty()) {
    query.standing = standing_of(request.query("state"));
    if (name_of(query.standing) != request.query("state"))
      return fail(ErrorKind::invalid, "HF-TRACE-0003",
                  "state is one of affected, unknown, under_investigation, fixed, not_affected");
  }
  return query;
}

Result<Response> units(const Request& request, const Api& api) {
  HF_TRY(const auto query, unit_query(request));
  HF_TRY(const auto wanted, net::page_of(request, 1));
  HF_TRY(const auto when, as_of(request));
  HF_TRY(auto result, api.database.read([&](const db::Reader& reader) -> Result<JsonObject> {
    HF_TRY(auto list, UnitList::of(reader, when, request.path("id"), query));
    return list.page(reader, after_of(wanted), wanted.limit);
  }));
  return page(std::move(result));
}

// The units, page by page while they are sent. All pages are as of one instant, so the list is one state of the fleet
// however long the client takes.
class UnitExport final : public net::Producer {
 public:
  UnitExport(const Api& api, UnitList list, bool csv) : api_(api), list_(std::move(list)), csv_(csv) {}

  Result<bool> next(std::string& piece) override {
    if (first_) piece += csv_ ? cli::csv_row(kHeader) : "[\n";
    HF_TRY(const auto result,
           api_.database.read([&](const db::Reader& reader) { return list_.page(reader, after_, kPiece); }));
    for (const auto& item : result.at("items").get_array()) {
      if (csv_) piece += csv_line(item.get_object());
      else piece += (any_ ? ",\n" : "") + to_text(item);
      any_ = true;
    }
    first_ = false;
    if (!result.at("next").is_null()) {
      after_ = std::string(result.at("next").get_string());
      return true;
    }
    if (!csv_) piece += "\n]\n";
    return false;
  }

 private:
  static std::string csv_line(const JsonObject& item) {
    std::vector<std::string> cells;
    for (const auto& name : kHeader) {
      const auto& value = item.at(name);
      if (value.is_string()) {
        cells.emplace_back(value.get_string());
        continue;
      }
      auto& cell = cells.emplace_back();
      for (const auto& build : value.get_array()) cell += (cell.empty() ? "" : ";") + std::string(build.get_string());
    }
    return cli::csv_row(cells);
  }

  static inline const std::vector<std::string> kHeader{"product", "serial", "market", "batch", "builds", "since"};
  static constexpr std::int64_t kPiece = 1000;
  const Api& api_;
  UnitList list_;
  const bool csv_;
  std::string after_;
  bool first_ = true, any_ = false;
};

Result<Response> exported(const Request& request, const Api& api, bool csv) {
  HF_TRY(const auto query, unit_query(request));
  HF_TRY(auto when, as_of(request));
  HF_TRY(auto list, api.database.read([&](const db::Reader& reader) -> Result<UnitList> {
    if (!when.at) {  // now, and not before what is known: the clock may have gone back
      HF_TRY(const auto newest, ledger::newest_time(reader));
      when.at = std::max(api.clock.now(), newest);
    }
    return UnitList::of(reader, when, request.path("id"), query);
  }));
  Response response;
  response.headers.set("Content-Type", csv ? "text/csv; charset=utf-8" : "application/json");
  response.headers.set("Content-Disposition",
                       std::string("attachment; filename=\"exposed-units.") + (csv ? "csv\"" : "json\""));
  response.content = std::shared_ptr<net::Producer>(std::make_shared<UnitExport>(api, std::move(list), csv));
  return response;
}

Result<Response> units_csv(const Request& request, const Api& api) { return exported(request, api, true); }
Result<Response> units_json(const Request& request, const Api& api) { return exported(request, api, false); }

Result<Response> product(const Request& request, const Api& api) {
  HF_TRY(const auto result,
         asked(request, api, [&](const Questions& questions) { return questions.product(request.path("code")); }));
  return json(result);
}

Result<Response> products(const Request& request, const Api& api) {
  HF_TRY(const auto wanted, net::page_of(request, 1));
  HF_TRY(auto result, asked(request, api, [&](const Questions& questions) {
           return questions.products(after_of(wanted), wanted.limit);
         }));
  return page(std::move(result));
}

std::string build_path(const Request& request) {
  return std::string(request.path("product")) + "/" + std::string(request.path("module")) + "/" +
         std::string(request.path("version"));
}

Result<Response> build(const Request& request, const Api& api) {
  HF_TRY(const auto result,
         asked(request, api, [&](const Questions& questions) { return questions.build(build_path(request)); }));
  return json(result);
}

Result<Response> components(const Request& request, const Api& api) {
  HF_TRY(const auto wanted, net::page_of(request, 1));
  HF_TRY(const auto after, wanted.after_number());
  HF_TRY(auto result, asked(request, api, [&](const Questions& questions) {
           return questions.components(build_path(request), after, wanted.limit);
         }));
  return page(std::move(result));
}

Result<Response> device(const Request& request, const Api& api) {
  HF_TRY(const auto result, asked(request, api, [&](const Questions& questions) {
           return questions.device(request.path("product"), request.path("serial"));
         }));
  return json(result);
}

Result<Response> key(const Request& request, const Api& api) {
  HF_TRY(const auto result,
         asked(request, api, [&](const Questions& questions) { return questions.key(request.path("sha256")); }));
  return json(result);
}

Result<Response> signing_key(const Request& request, const Api& api) {
  HF_TRY(const auto result, asked(request, api, [&](const Questions& questions) {
           return questions.signing_key(request.path("name"), api.clock.now());
         }));
  return json(result);
}

Result<Response> search(const Request& request, const Api& api) {
  constexpr std::size_t kTextMax = 200;
  const auto text = trim(request.query("q"));
  if (text.empty() || text.size() > kTextMax)
    return fail(ErrorKind::invalid, "HF-TRACE-0004", "give q: the beginning of a name, 1 to 200 bytes");
  HF_TRY(auto result, asked(request, api, [&](const Questions& questions) { return questions.search(text, 20); }));
  return page(std::move(result));
}

const net::Parameter kAt{"at", "as it was known at that time, RFC 3339"};
const net::Parameter kLimit{"limit", "items in a page", "integer"};
const net::Parameter kCursor{"cursor", "`next` of the page before"};
const net::Parameter kState{"state", "affected (default), unknown, under_investigation, fixed or not_affected"};
const std::vector<net::Parameter> kUnitFilters{{"market", "Member State, ISO 3166-1 alpha-2"},
                                               {"build", "path of a build that they run"},
                                               {"batch", "path of their batch"},
                                               kState,
                                               kAt};

std::vector<net::Parameter> with(std::vector<net::Parameter> list, std::initializer_list<net::Parameter> more) {
  list.insert(list.end(), more);
  return list;
}

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = get,
       .path = "/v1/today",
       .permission = "vuln.read",
       .summary = "What must be done now, and by when",
       .response_schema = "Today",
       .query = {kAt},
       .handler = handle(api, &today)},
      {.method = get,
       .path = "/v1/vulnerabilities",
       .permission = "vuln.read",
       .summary = "Vulnerabilities found in our builds",
       .response_schema = "VulnerabilityLinePage",
       .query = {{"state", "as below, or exploited"}, kAt, kLimit, kCursor},
       .handler = handle(api, &vulnerabilities)},
      {.method = get,
       .path = "/v1/vulnerabilities/{id}",
       .permission = "vuln.read",
       .summary = "Builds, units and Member States exposed, and why",
       .response_schema = "VulnerabilityAnswer",
       .query = {kAt},
       .handler = handle(api, &vulnerability)},
      {.method = get,
       .path = "/v1/vulnerabilities/{id}/devices",
       .permission = "fleet.read",
       .summary = "The exposed units",
       .response_schema = "UnitPage",
       .query = with(kUnitFilters, {kLimit, kCursor}),
       .handler = handle(api, &units)},
      {.method = get,
       .path = "/v1/vulnerabilities/{id}/devices.csv",
       .permission = "fleet.read",
       .summary = "The exposed units as CSV, all of them",
       .response_type = "text/csv",
       .query = kUnitFilters,
       .handler = handle(api, &units_csv)},
      {.method = get,
       .path = "/v1/vulnerabilities/{id}/devices.json",
       .permission = "fleet.read",
       .summary = "The exposed units as JSON, all of them",
       .response_schema = "UnitExport",
       .query = kUnitFilters,
       .handler = handle(api, &units_json)},
      {.method = get,
       .path = "/v1/products",
       .permission = "catalog.read",
       .summary = "Products with their units",
       .response_schema = "ProductLinePage",
       .query = {kLimit, kCursor},
       .handler = handle(api, &products)},
      {.method = get,
       .path = "/v1/products/{code}",
       .permission = "catalog.read",
       .summary = "What stands behind a product, where it is, what affects it",
       .response_schema = "ProductAnswer",
       .query = {kAt},
       .handler = handle(api, &product)},
      {.method = get,
       .path = "/v1/builds/{product}/{module}/{version}",
       .permission = "sbom.read",
       .summary = "A build: its SBOMs, findings and units",
       .response_schema = "BuildAnswer",
       .query = {kAt},
       .handler = handle(api, &build)},
      {.method = get,
       .path = "/v1/builds/{product}/{module}/{version}/components",
       .permission = "sbom.read",
       .summary = "The components of a build",
       .response_schema = "ComponentPage",
       .query = {kAt, kLimit, kCursor},
       .handler = handle(api, &components)},
      {.method = get,
       .path = "/v1/devices/{product}/{serial...}",
       .permission = "fleet.read",
       .summary = "The whole record of a unit",
       .response_schema = "DeviceAnswer",
       .query = {kAt},
       .handler = handle(api, &device)},
      {.method = get,
       .path = "/v1/keys/{sha256}",
       .permission = "fleet.read",
       .summary = "Every unit that holds a key or certificate",
       .response_schema = "KeyAnswer",
       .query = {kAt},
       .handler = handle(api, &key)},
      {.method = get,
       .path = "/v1/signing-keys/{name}/trace",
       .permission = "keys.read",
       .summary = "What a signing key signed, and the units that depend on it",
       .response_schema = "SigningKeyAnswer",
       .query = {kAt},
       .handler = handle(api, &signing_key)},
      {.method = get,
       .path = "/v1/search",
       .permission = "catalog.read",
       .summary = "Find anything by the beginning of its name",
       .response_schema = "SearchHitPage",
       .query = {{"q", "how it begins", "string", true}},
       .handler = handle(api, &search)},
  };
}

}  // namespace hf::trace
