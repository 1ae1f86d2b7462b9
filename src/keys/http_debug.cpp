#include "keys/http_debug.h"

#include <algorithm>

#include "accounts/authenticator.h"
#include "keys/debug_json.h"
#include "net/page.h"

namespace hf::keys {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kClosingMax = 4U << 10;
constexpr std::size_t kDigestSize = 32;

bool is_open(const DebugSession& session) { return session.state == "open" || session.state == "overdue"; }

std::string sentence_of(const DebugSession& session) {
  const auto& request = session.judged.stored.request;
  const auto device = text_at(session.facts(), "device");
  const auto what = device.empty() ? std::string("a whole class of devices") : "the device " + std::string(device);
  const auto until = format_rfc3339(request.expires_at);
  if (session.closing)
    return "Closed by " + session.closing->person + ": " + what +
           (session.closing->locked ? " was locked again." : " was NOT locked again.");
  if (session.state == "overdue")
    return "Overdue: access to " + what + " ended " + until + ", and " + request.person +
           " has not said whether it was locked again.";
  if (session.state == "open")
    return "Open: access to " + what + " is signed until " + until + "; " + request.person + " has to close it.";
  return "Nothing is signed: the request for access to " + what + " is " + session.state + ".";
}

JsonObject shown(const DebugSession& session, const net::Principal& reader) {
  auto json = to_json(session);
  json["sentence"] = sentence_of(session);
  const std::string_view no_closing = session.closing            ? "it is closed"
                                      : !is_open(session)        ? "nothing was signed with it"
                                      : !reader.may("keys.sign") ? "needs the permission keys.sign"
                                                                 : "";
  JsonObject close{{"action", "close"}, {"allowed", no_closing.empty()}};
  if (!no_closing.empty()) close["reason"] = no_closing;
  json["allowed_actions"] = JsonArray{std::move(close)};
  return json;
}

Response json(int status, const JsonObject& object) { return net::json_text_response(status, to_text(object)); }

Result<Response> list(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1, {.limit = 100, .limit_max = 1000}));
  const auto state = request.query("state");
  if (!state.empty() && state != "open")
    return fail(ErrorKind::invalid, "HF-KEYS-0020", "state is 'open', for those open or overdue, or left away");
  HF_TRY(auto sessions, api.book.debug_sessions(page.limit));
  std::int64_t open = 0, overdue = 0;
  for (const auto& session : sessions) {
    open += is_open(session) ? 1 : 0;
    overdue += session.state == "overdue" ? 1 : 0;
  }
  const auto rank = [](const DebugSession& one) { return one.state == "overdue" ? 0 : one.state == "open" ? 1 : 2; };
  std::ranges::stable_sort(sessions, {}, rank);
  JsonArray items;
  for (const auto& session : sessions)
    if (state.empty() || is_open(session)) items.push_back(shown(session, request.principal));
  std::string sentence = "No debug session is open.";
  if (open > 0)
    sentence = std::to_string(open) + (open == 1 ? " debug session is open" : " debug sessions are open") +
               (overdue > 0 ? ", " + std::to_string(overdue) + " of them overdue." : std::string("."));
  return json(200,
              {{"sentence", std::move(sentence)}, {"open", open}, {"overdue", overdue}, {"items", std::move(items)}});
}

Result<Response> show(const Request& request, const Api& api) {
  HF_TRY(const auto session, api.book.debug_session(request.path("digest")));
  return json(200, shown(session, request.principal));
}

Result<Response> close(const Request& request, const Api& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  std::vector<Fault> faults;
  Fields in(body, "", faults);
  DebugClosing closing;
  closing.person = request.principal.accountable();
  if (!in.find("locked")) in.fault("locked", "true or false is expected");
  closing.locked = in.flag("locked");
  closing.note = in.text_or_none("note", 1024).value_or("");
  if (in.find("attestation_sha256")) closing.attestation_sha256 = to_hex(in.hex("attestation_sha256", kDigestSize));
  if (!closing.attestation_sha256.empty() && closing.attestation_sha256.size() != 2 * kDigestSize)
    in.fault("attestation_sha256", "a SHA-256 in hexadecimal is expected");
  in.close();
  if (!faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0021", faults.front().pointer + ": " + faults.front().what);
  HF_CHECK(api.book.close_debug_session(request.path("digest"), closing, accounts::actor_of(request)));
  HF_TRY(const auto session, api.book.debug_session(request.path("digest")));
  return json(201, shown(session, request.principal));
}

}  // namespace

std::vector<net::Route> debug_routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = get,
       .path = "/v1/debug-sessions",
       .permission = "keys.read",
       .summary = "Debug sessions: overdue and open ones first, then the newest, of each key",
       .response_schema = "DebugSessionList",
       .query = {{"state", "open: only those that are open or overdue"},
                 {"limit", "at most so many of each key", "integer"}},
       .handler = handle(api, &list)},
      {.method = get,
       .path = "/v1/debug-sessions/{digest}",
       .permission = "keys.read",
       .summary = "A debug session: device, permissions, who asked, how it ended",
       .response_schema = "DebugSession",
       .handler = handle(api, &show)},
      {.method = post,
       .path = "/v1/debug-sessions/{digest}/closing",
       .permission = "keys.sign",
       .body_max = kClosingMax,
       .content_types = {"application/json"},
       .summary = "Record how a debug session ended, once",
       .request_schema = "DebugClosing",
       .response_schema = "DebugSession",
       .success = 201,
       .handler = handle(api, &close)},
  };
}

}  // namespace hf::keys
