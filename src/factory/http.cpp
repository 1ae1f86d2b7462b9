#include "factory/http.h"

#include <charconv>
#include <streambuf>

#include "accounts/authenticator.h"
#include "factory/http_json.h"
#include "keys/json_fields.h"
#include "net/page.h"

namespace hf::factory {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kSmall = 8U << 10, kOrderMax = 64U << 10, kReportMax = 256U << 20, kBundleMax = 1U << 30;
constexpr auto kNewest = std::numeric_limits<std::int64_t>::max();

Response json(int status, const JsonObject& object) { return net::json_text_response(status, to_text(object)); }

// A request's content as a stream that can be read twice, without a copy of it.
class ContentBuffer final : public std::streambuf {
 public:
  explicit ContentBuffer(std::string_view text) {
    auto* const begin = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): never written
    setg(begin, begin, begin + text.size());
  }

 protected:
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    const auto base = from == std::ios_base::beg   ? off_type(0)
                      : from == std::ios_base::cur ? gptr() - eback()
                                                   : egptr() - eback();
    return seekpos(base + offset, std::ios_base::in);
  }
  pos_type seekpos(pos_type position, std::ios_base::openmode) override {
    const auto to = off_type(position);
    if (to < 0 || to > egptr() - eback()) return pos_type(off_type(-1));
    setg(eback(), eback() + to, egptr());
    return position;
  }
};

Result<void> without(const std::vector<keys::Fault>& faults) {
  if (faults.empty()) return {};
  return fail(ErrorKind::invalid, "HF-FACTORY-0030", faults[0].pointer + ": " + faults[0].what);
}

Result<Response> authorisations(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1, {.limit = 50, .limit_max = 200}));
  HF_TRY(const auto before, page.after_number(kNewest));
  JsonArray items;
  std::optional<std::vector<std::string>> next;
  HF_CHECK(api.database.read([&](const db::Reader& reader) -> Result<void> {
    HF_TRY(auto list, Store(reader).authorisations(request.query("product"), before, page.limit));
    if (std::int64_t(list.size()) == page.limit) next = {std::to_string(list.back().row)};
    for (auto& one : list) {
      HF_TRY(const auto sight, sight_of(reader, std::move(one)));
      items.push_back(line_of(sight, api.clock.now()));
    }
    return {};
  }));
  return net::page_response(std::move(items), next);
}

Result<Response> authorisation(const Request& request, const Api& api) {
  HF_TRY(auto stored, Service(api.database, api.clock).authorisation(request.path("id")));
  HF_TRY(const auto sight,
         api.database.read([&](const db::Reader& reader) { return sight_of(reader, std::move(stored)); }));
  return json(200, authorisation_json(sight, request.principal, api.clock.now()));
}

Result<Response> identities(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 3));
  HF_TRY(const auto stored, Service(api.database, api.clock).authorisation(request.path("id")));
  ViewStore::Place after;
  if (!page.after.empty()) {
    after.station = page.after[0];
    for (const auto& [text, number] : {std::pair(&page.after[1], &after.use), std::pair(&page.after[2], &after.row)}) {
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
      if (error != std::errc{} || end != text->data() + text->size())
        return fail(ErrorKind::invalid, "HF-HTTP-0048", "cursor is not one that this list gave; begin without it");
    }
  }
  HF_TRY(const auto list, api.database.read([&](const db::Reader& reader) {
    return ViewStore(reader).identities(stored.authorisation.id, after, page.limit);
  }));
  JsonArray items;
  for (const auto& one : list) items.push_back(identity_json(one));
  std::optional<std::vector<std::string>> next;
  if (std::int64_t(list.size()) == page.limit)
    next = {list.back().station, std::to_string(list.back().use), std::to_string(list.back().row)};
  return net::page_response(std::move(items), next);
}

Result<Response> bundles(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto before, page.after_number(kNewest));
  HF_TRY(const auto list,
         api.database.read([&](const db::Reader& reader) { return ViewStore(reader).bundles(before, page.limit); }));
  JsonArray items;
  for (const auto& one : list) items.push_back(bundle_json(one));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().row)}) : std::nullopt);
}

Result<Response> alarms(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto before, page.after_number(kNewest));
  HF_TRY(const auto list, api.database.read([&](const db::Reader& reader) {
    return ViewStore(reader).alarms(request.query("authorisation"), before, page.limit);
  }));
  JsonArray items;
  for (const auto& one : list) items.push_back(alarm_json(one));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().id)}) : std::nullopt);
}

// Few: incidents that stopped production.
Result<Response> holds(const Request& request, const Api& api) {
  HF_TRY(auto list,
         api.database.read([&](const db::Reader& reader) { return Store(reader).holds(request.query("product")); }));
  JsonArray items;
  for (auto one = list.rbegin(); one != list.rend(); ++one) items.push_back(hold_json(*one, request.principal));
  return net::page_response(std::move(items), {});
}

Result<Response> hold_effect(const Request& request, const Api& api) {
  const auto wanted = [&](std::string_view name) {
    return request.query(name).empty() ? std::nullopt : std::optional(std::string(request.query(name)));
  };
  const Scope scope{std::string(request.query("product")), wanted("batch"), wanted("release"), wanted("factory")};
  HF_TRY(const auto effect,
         api.database.read([&](const db::Reader& reader) { return effect_of(reader, scope, api.clock.now()); }));
  return json(200, effect_json(effect));
}

Result<Response> hold(const Request& request, const Api& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  std::vector<keys::Fault> faults;
  keys::Fields in(body, "", faults);
  const Scope scope{in.text("product"), in.text_or_none("batch"), in.text_or_none("release"),
                    in.text_or_none("factory")};
  const auto reason = in.text("reason", 500);
  in.close();
  HF_CHECK(without(faults));
  HF_TRY(const auto made, Service(api.database, api.clock).hold(scope, reason, accounts::actor_of(request)));
  return json(201, hold_json(made, request.principal));
}

Result<Response> end_hold(const Request& request, const Api& api) {
  const auto text = request.path("sequence");
  std::int64_t sequence = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (wrong != std::errc() || end != text.data() + text.size())
    return fail(ErrorKind::not_found, "HF-FACTORY-0008", "a hold is named by its number");
  HF_TRY(const auto body, parse_json(request.body.text()));
  std::vector<keys::Fault> faults;
  keys::Fields in(body, "", faults);
  const auto reason = in.text("reason", 500);
  in.close();
  HF_CHECK(without(faults));
  HF_TRY(const auto made, Service(api.database, api.clock).resume(sequence, reason, accounts::actor_of(request)));
  return json(201, hold_json(made, request.principal));
}

Result<Response> register_order(const Request& request, const Api& api) {
  HF_TRY(const auto name,
         Service(api.database, api.clock).register_order(bytes_of(request.body.text()), accounts::actor_of(request)));
  return json(201, {{"name", name}});
}

Result<Response> import(const Request& request, const Api& api) {
  ContentBuffer buffer(request.body.text());
  std::istream stream(&buffer);
  HF_TRY(const auto done, import_bundle(api.database, api.clock, accounts::actor_of(request), stream));
  return json(201, imported_json(done));
}

Result<Response> reconcile_report(const Request& request, const Api& api) {
  HF_TRY(const auto stored, Service(api.database, api.clock).authorisation(request.path("id")));
  ContentBuffer buffer(request.body.text());
  std::istream stream(&buffer);
  HF_TRY(const auto made,
         reconcile(api.database, api.clock, accounts::actor_of(request), stored.authorisation, stream));
  return json(201, reconciled_json(made));
}

const net::Parameter kLimit{"limit", "items in a page", "integer"};
const net::Parameter kCursor{"cursor", "`next` of the page before"};

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  const std::vector<std::string_view> json_only{"application/json"};
  return {
      {.method = get,
       .path = "/v1/factory/authorisations",
       .permission = "factory.read",
       .summary = "Authorisations of factories, newest first, with what was used of them",
       .response_schema = "FactoryAuthorisationLinePage",
       .query = {{"product", "of this product alone"}, kLimit, kCursor},
       .handler = handle(api, &authorisations)},
      {.method = get,
       .path = "/v1/factory/authorisations/{id}",
       .permission = "factory.read",
       .summary = "An authorisation: its stations, what each used and has left, gaps, holds and reconciliations",
       .response_schema = "FactoryAuthorisation",
       .handler = handle(api, &authorisation)},
      {.method = get,
       .path = "/v1/factory/authorisations/{id}/identities",
       .permission = "factory.read",
       .summary = "Every unit that stations told of under an authorisation, by station and use",
       .response_schema = "IssuedIdentityPage",
       .query = {kLimit, kCursor},
       .handler = handle(api, &identities)},
      {.method = get,
       .path = "/v1/factory/bundles",
       .permission = "factory.read",
       .summary = "Bundles of stations that were imported, newest first",
       .response_schema = "StationBundlePage",
       .query = {kLimit, kCursor},
       .handler = handle(api, &bundles)},
      {.method = get,
       .path = "/v1/factory/alarms",
       .permission = "factory.read",
       .summary = "What does not reconcile, newest first",
       .response_schema = "FactoryAlarmPage",
       .query = {{"authorisation", "of this one alone"}, kLimit, kCursor},
       .handler = handle(api, &alarms)},
      {.method = get,
       .path = "/v1/factory/holds",
       .permission = "factory.read",
       .summary = "Holds of production and their ends, newest first",
       .response_schema = "FactoryHoldPage",
       .query = {{"product", "of this product alone"}},
       .handler = handle(api, &holds)},
      {.method = get,
       .path = "/v1/factory/hold-effect",
       .permission = "factory.read",
       .summary = "What a hold would stop, before it is made",
       .response_schema = "FactoryHoldEffect",
       .query = {{.name = "product", .summary = "path", .required = true},
                 {"batch", "else all"},
                 {"release", "else all"},
                 {"factory", "else all"}},
       .handler = handle(api, &hold_effect)},
      {.method = post,
       .path = "/v1/factory/holds",
       .permission = "factory.hold",
       .body_max = kSmall,
       .content_types = json_only,
       .summary = "Hold production: in force here at once; its document is signed and taken to the stations",
       .request_schema = "NewFactoryHold",
       .response_schema = "FactoryHold",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &hold)},
      {.method = post,
       .path = "/v1/factory/holds/{sequence}/end",
       .permission = "factory.hold",
       .body_max = kSmall,
       .content_types = json_only,
       .summary = "End a hold: production goes on",
       .request_schema = "FactoryHoldEnd",
       .response_schema = "FactoryHold",
       .success = 201,
       .handler = handle(api, &end_hold)},
      {.method = post,
       .path = "/v1/factory/orders",
       .permission = "factory.write",
       .body_max = kOrderMax,
       .content_types = json_only,
       .summary = "Register a signed order in its envelope; again, nothing happens",
       .response_schema = "RegisteredOrder",
       .success = 201,
       .handler = handle(api, &register_order)},
      {.method = post,
       .path = "/v1/factory/bundles",
       .permission = "factory.write",
       .body_max = kBundleMax,
       .content_types = {"application/octet-stream"},
       .summary = "Import a station's bundle: every unit, and an alarm for all that does not reconcile",
       .response_schema = "ImportedBundle",
       .success = 201,
       .handler = handle(api, &import)},
      {.method = post,
       .path = "/v1/factory/authorisations/{id}/reconciliations",
       .permission = "factory.write",
       .body_max = kReportMax,
       .content_types = {"text/csv"},
       .summary = "Hold a production report (CSV with the column \"serial\") against what was issued",
       .response_schema = "FactoryReconciliation",
       .success = 201,
       .handler = handle(api, &reconcile_report)},
  };
}

}  // namespace hf::factory
