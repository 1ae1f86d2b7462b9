#include "keys/debug_json.h"

namespace hf::keys {

JsonObject to_json(const DebugSession& session) {
  const auto& stored = session.judged.stored;
  const auto& request = stored.request;
  JsonObject json{{"digest", stored.digest},
                  {"state", session.state},
                  {"key", request.key},
                  {"format", text_at(*request.view, "format")},
                  {"kind", text_at(*request.view, "kind")},
                  {"requester", request.requester},
                  {"person", request.person},
                  {"reason", request.reason},
                  {"created_at", format_rfc3339(request.created_at)},
                  {"expires_at", format_rfc3339(request.expires_at)},
                  {"break_glass", request.break_glass},
                  {"facts", session.facts()},
                  {"month", month_of(session)},
                  {"of_requester_in_month", session.of_requester},
                  {"closing", nullptr}};
  if (const auto& closing = session.closing)
    json["closing"] = JsonObject{{"person", closing->person},
                                 {"locked", closing->locked},
                                 {"attestation_sha256", closing->attestation_sha256},
                                 {"note", closing->note},
                                 {"closed_at", format_rfc3339(closing->closed_at)},
                                 {"entry", closing->entry}};
  return json;
}

std::string device_in_words(const DebugSession& session) {
  const auto device = text_at(session.facts(), "device");
  return device.empty() ? std::string("a whole class") : std::string(device);
}

}  // namespace hf::keys
