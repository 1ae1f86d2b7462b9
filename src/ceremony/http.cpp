#include "ceremony/http.h"

#include <limits>

#include "net/page.h"

namespace hf::ceremony {
namespace {

using net::Request;
using net::Response;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }
Json or_null(const std::optional<Time>& time) { return time ? Json(format_rfc3339(*time)) : Json(nullptr); }

JsonArray classes_of(const CeremonyScript& script) {
  JsonArray list;
  for (const auto one : script.classes) list.emplace_back(keys::name_of(one));
  return list;
}

std::string_view state_of(const std::optional<StoredCeremony>& ceremony) {
  return !ceremony ? "approved" : ceremony->outcome == "complete" ? "complete" : "abandoned";
}

JsonObject result_of(const StoredStep& step) {
  return {{"actor", step.actor},
          {"witnesses", keys::list_of(step.witnesses)},
          {"outcome", step.outcome},
          {"expected", or_null(step.expected)},
          {"actual", or_null(step.actual)},
          {"reason", or_null(step.reason)},
          {"made", step.made},
          {"line", step.line},
          {"line_sha256", step.line_sha256},
          {"done_at", format_rfc3339(step.done_at)},
          {"confirmed_at", format_rfc3339(step.confirmed_at)},
          {"entry", step.entry}};
}

JsonArray steps_of(const Sight& sight) {
  JsonArray list;
  const auto& steps = sight.script.script.steps;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto json = keys::to_json(steps[i]);
    if (json.at("of").is_null()) json["of"] = JsonArray();
    json["position"] = std::int64_t(i) + 1;
    json["result"] = nullptr;
    for (const auto& done : sight.steps)
      if (done.position == std::int64_t(i) + 1) json["result"] = result_of(done);
    list.push_back(std::move(json));
  }
  return list;
}

JsonObject run_of(const StoredCeremony& one) {
  return {{"run", one.run},
          {"outcome", one.outcome},
          {"token", one.token},
          {"started_at", format_rfc3339(one.started_at)},
          {"ended_at", format_rfc3339(one.ended_at)},
          {"imported_at", format_rfc3339(one.imported_at)},
          {"lines", one.lines},
          {"head", one.head},
          {"transcript_sha256", one.transcript_sha256},
          {"entry", one.entry}};
}

Result<Response> list(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1, {.limit = 50, .limit_max = 200}));
  HF_TRY(const auto before, page.after_number(std::numeric_limits<std::int64_t>::max()));
  HF_TRY(const auto lines, api.service.lines(before, page.limit));
  JsonArray items;
  for (const auto& line : lines) items.push_back(line_json(line));
  const bool full = std::int64_t(lines.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(lines.back().script.row)}) : std::nullopt);
}

Result<Response> show(const Request& request, const Api& api) {
  HF_TRY(const auto sight, api.service.sight(request.path("sha256")));
  return net::json_text_response(200, to_text(sight_json(sight)));
}

Result<Response> transcript(const Request& request, const Api& api) {
  HF_TRY(auto text, api.service.transcript(request.path("sha256")));
  return net::text_response(200, std::move(text), "application/x-ndjson");
}

}  // namespace

JsonObject line_json(const Line& line) {
  const auto& script = line.script.script;
  return {{"sha256", line.script.sha256},
          {"title", script.title},
          {"place", script.place},
          {"environment", keys::name_of(script.environment)},
          {"classes", classes_of(script)},
          {"steps", std::int64_t(script.steps.size())},
          {"key", line.script.key},
          {"state", state_of(line.ceremony)},
          {"registered_at", format_rfc3339(line.script.registered_at)},
          {"started_at", line.ceremony ? Json(format_rfc3339(line.ceremony->started_at)) : Json(nullptr)},
          {"ended_at", line.ceremony ? Json(format_rfc3339(line.ceremony->ended_at)) : Json(nullptr)},
          {"alarms", std::int64_t(line.alarms)},
          {"entry", line.script.entry}};
}

JsonObject sight_json(const Sight& sight) {
  const auto& script = sight.script.script;
  JsonArray roles, people, alarms;
  for (const auto& one : script.roles)
    roles.push_back(JsonObject{{"name", one.name}, {"needed", one.needed}, {"alone", one.alone}});
  for (const auto& one : script.people)
    people.push_back(JsonObject{{"person", one.person},
                                {"name", one.name},
                                {"roles", keys::list_of(one.roles)},
                                {"kind", one.kind == keys::CredentialKind::key ? "key" : "webauthn"},
                                {"key_sha256", to_hex(crypto::fingerprint_of(one.key))}});
  for (const auto& one : sight.alarms)
    alarms.push_back(JsonObject{{"kind", one.kind}, {"position", one.position}, {"detail", one.detail}});
  return {{"sha256", sight.script.sha256},
          {"title", script.title},
          {"purpose", script.purpose},
          {"place", script.place},
          {"environment", keys::name_of(script.environment)},
          {"classes", classes_of(script)},
          {"not_before", or_null(script.not_before)},
          {"not_after", or_null(script.not_after)},
          {"roles", std::move(roles)},
          {"people", std::move(people)},
          {"steps", steps_of(sight)},
          {"key", sight.script.key},
          {"state", state_of(sight.ceremony)},
          {"registered_at", format_rfc3339(sight.script.registered_at)},
          {"run", sight.ceremony ? Json(run_of(*sight.ceremony)) : Json(nullptr)},
          {"alarms", std::move(alarms)},
          {"entry", sight.script.entry}};
}

std::vector<net::Route> routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = get,
       .path = "/v1/ceremonies",
       .permission = "keys.read",
       .summary = "Key ceremonies, newest first: approved scripts, and what came of them",
       .response_schema = "CeremonyLinePage",
       .query = {{"limit", "items in a page", "integer"}, {"cursor", "`next` of the page before"}},
       .handler = handle(api, &list)},
      {.method = get,
       .path = "/v1/ceremonies/{sha256}",
       .permission = "keys.read",
       .summary = "A key ceremony: its script with roles, people and steps, and of each step what came of it",
       .response_schema = "Ceremony",
       .handler = handle(api, &show)},
      {.method = get,
       .path = "/v1/ceremonies/{sha256}/transcript",
       .permission = "keys.read",
       .summary = "The transcript as it was imported, which can be verified without this server",
       .response_type = "application/x-ndjson",
       .handler = handle(api, &transcript)},
  };
}

}  // namespace hf::ceremony
