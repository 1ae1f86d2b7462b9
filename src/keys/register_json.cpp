#include "keys/register_json.h"

#include <algorithm>

namespace hf::keys {
namespace {

// The version that signs; the newest one if none does.
const KeyVersion& version_that_counts(const Charter& charter) {
  const auto active = std::ranges::find(charter.versions, VersionState::active, &KeyVersion::state);
  return active != charter.versions.end() ? *active
                                          : *std::ranges::max_element(charter.versions, {}, &KeyVersion::version);
}

Json artifact_json(const SigningRequest& request) {
  if (!request.artifact) return nullptr;
  return JsonObject{
      {"name", request.artifact->name}, {"size", request.artifact->size}, {"sha256", request.artifact->sha256}};
}

}  // namespace

JsonObject line_of(const StoredKey& key) {
  const auto& charter = key.charter;
  const auto& version = version_that_counts(charter);
  return {{"name", key.name},
          {"class", key.key_class},
          {"environment", key.environment},
          {"algorithm", crypto::name_of(version.algorithm)},
          {"state", name_of(version.state)},
          {"versions", std::int64_t(charter.versions.size())},
          {"owner", charter.owner},
          {"deputy", charter.deputy},
          {"charter_sequence", charter.sequence},
          {"created_at", format_rfc3339(key.created_at)},
          {"entry", key.entry}};
}

Json ratification_json(const JudgedRequest& judged) {
  const auto& glass = judged.stored.glass;
  if (!glass || !judged.ratification) return nullptr;
  return JsonObject{{"state", name_of(*judged.ratification)},
                    {"signed_at", format_rfc3339(glass->signed_at)},
                    {"due_at", format_rfc3339(glass->due_at)},
                    {"ratified_at", glass->ratified_at ? Json(format_rfc3339(*glass->ratified_at)) : Json(nullptr)}};
}

JsonObject line_of(const JudgedRequest& judged) {
  const auto& stored = judged.stored;
  const auto& judgement = judged.judgement;
  const auto& request = stored.request;
  return {{"digest", stored.digest},
          {"kind", name_of(request.kind)},
          {"key", request.key},
          {"key_version", request.key_version},
          {"state", name_of(judgement.state)},
          {"sentence", sentence_of(judged)},
          {"requester", request.requester},
          {"reason", request.reason},
          {"product", request.kind == RequestKind::sign ? Json(request.product) : Json(nullptr)},
          {"artifact", artifact_json(request)},
          {"break_glass", request.break_glass},
          {"ratification", ratification_json(judged)},
          {"created_at", format_rfc3339(request.created_at)},
          {"expires_at", format_rfc3339(request.expires_at)},
          {"used", stored.used},
          {"uses", uses_of(request)},
          {"entry", stored.entry}};
}

JsonObject to_json(const StoredSignature& one) {
  return {{"request", one.request},
          {"version", one.version},
          {"product", one.product},
          {"format", one.format},
          {"scheme", one.scheme},
          {"artifact", one.artifact_name},
          {"artifact_sha256", one.artifact_sha256},
          {"signed_files", list_of(one.signed_files)},
          {"signature", one.signature},
          {"requester", one.requester},
          {"journal_line", one.journal_line},
          {"signed_at", format_rfc3339(one.signed_at)},
          {"entry", one.entry}};
}

JsonObject to_json(const StoredIncident& incident) {
  return {{"effective_at", format_rfc3339(incident.effective_at)},
          {"recorded_at", format_rfc3339(incident.recorded_at)},
          {"reason", incident.reason},
          {"reporter", incident.reporter},
          {"entry", incident.entry}};
}

}  // namespace hf::keys
