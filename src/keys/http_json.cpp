#include "keys/http_json.h"

#include <algorithm>

#include "keys/register_json.h"
#include "keys/words.h"

namespace hf::keys {
namespace {

JsonArray rules_json(const std::vector<Rule>& rules) {
  JsonArray list;
  for (const auto& rule : rules) list.push_back(JsonObject{{"about", rule.about}, {"text", rule.text}});
  return list;
}

JsonObject action(std::string_view name, std::string_view refused_because) {
  JsonObject object{{"action", name}, {"allowed", refused_because.empty()}};
  if (!refused_because.empty()) object["reason"] = refused_because;
  return object;
}

std::string counted(std::int64_t number, std::string_view one, std::string_view more) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : more);
}

std::string sentence_of(const KeySight& sight) {
  const auto& charter = sight.key.charter;
  auto text = approval_in_words(charter);
  if (std::ranges::find(charter.versions, VersionState::active, &KeyVersion::state) == charter.versions.end())
    text = "No version is active: the key signs nothing.";
  if (sight.incident)
    text = "Frozen since " + format_rfc3339(sight.incident->recorded_at) +
           ": it signs nothing until its approvers agree to another charter.";
  if (sight.grants > 0)
    text += " " + counted(sight.grants, "standing grant signs", "standing grants sign") + " without asking.";
  if (sight.waiting > 0) text += " " + counted(sight.waiting, "request waits", "requests wait") + " for decisions.";
  return text;
}

Result<JsonArray> versions_json(const KeySight& sight) {
  JsonArray list;
  for (const auto& kept : sight.versions) {
    const auto* version = sight.key.charter.version(int(kept.version));
    HF_TRY(const auto key, crypto::public_key_of_spki(from_hex(kept.spki).value_or(Bytes())));
    HF_TRY(auto custody, parse_json(kept.custody));
    list.push_back(JsonObject{{"version", kept.version},
                              {"algorithm", crypto::name_of(key.algorithm)},
                              // Prepared, and no charter names it yet (rotation.h).
                              {"state", name_of(version ? version->state : VersionState::pre_active)},
                              {"fingerprint", to_hex(crypto::sha256({crypto::to_spki(key)}))},
                              {"public_key", crypto::to_pem(key)},
                              {"custody", std::move(custody)},
                              {"signatures", kept.signatures},
                              {"created_at", format_rfc3339(kept.created_at)}});
  }
  return list;
}

std::string_view word_of(Decision decision) { return decision == Decision::approve ? "approve" : "reject"; }

JsonObject statement_json(const StoredRequest& stored, Decision decision, std::string_view person, Time at) {
  const auto text = canonical(Statement{stored.digest, decision, std::string(person), at});
  return {{"text", text}, {"sha256", to_hex(crypto::sha256({bytes_of(text)}))}};
}

bool has_decided(const StoredRequest& stored, std::string_view person) {
  return std::ranges::any_of(stored.approvals, [&](const auto& one) { return one.statement.person == person; });
}

// As Register::decide() would refuse; the signature itself is not there yet.
std::string refused_because(const RequestSight& sight, std::string_view person, const net::Principal& reader) {
  const auto& stored = sight.judged.stored;
  if (!reader.may("keys.decide")) return "needs the permission keys.decide";
  if (auto closed = closed_because(sight.judged); !closed.empty()) return closed;
  if (stored.request.person == person || stored.request.requester == person)
    return "whoever asks for a signature does not decide on it";
  if (has_decided(stored, person)) return std::string(person) + " has decided already";
  if (std::ranges::find(sight.key.charter.approvers, person, &Approver::person) == sight.key.charter.approvers.end())
    return "the charter of the key names no approver '" + std::string(person) + "'";
  return {};
}

JsonArray approvers_json(const RequestSight& sight) {
  const auto& stored = sight.judged.stored;
  const auto text_or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  JsonArray list;
  for (const auto& approver : sight.key.charter.approvers)
    list.push_back(JsonObject{{"person", approver.person},
                              {"name", approver.name},
                              {"roles", list_of(approver.roles)},
                              {"kind", approver.kind == CredentialKind::key ? "key" : "webauthn"},
                              {"rp_id", text_or_null(approver.rp_id)},
                              {"origin", text_or_null(approver.origin)},
                              {"credential_id", text_or_null(approver.credential_id)},
                              {"decided", has_decided(stored, approver.person)}});
  return list;
}

}  // namespace

Result<JsonObject> key_json(const KeySight& sight, std::string_view no_freeze) {
  HF_TRY(auto versions, versions_json(sight));
  auto json = line_of(sight.key);
  json["sentence"] = sentence_of(sight);
  json["versions"] = std::move(versions);
  json["charter_sha256"] = sight.key.charter_digest;
  json["charter"] = to_json(sight.key.charter);
  json["rules"] = rules_json(words_of(sight.key.charter));
  json["signatures"] = sight.key.signatures;
  json["waiting"] = sight.waiting;
  json["grants"] = sight.grants;
  json["frozen"] = sight.incident ? Json(to_json(*sight.incident)) : Json(nullptr);
  // The evidence is read from the artifact, and a charter's words from a file: both are where the command line is.
  json["allowed_actions"] =
      JsonArray{action("request_signature", "with the command line, which reads the artifact: holdfast sign request"),
                action("request_grant", "with the command line: holdfast sign grant"),
                action("change_charter", "with the command line, which reads the new one: holdfast key change"),
                action("freeze", sight.incident ? std::string_view("it is frozen") : no_freeze)};
  return json;
}

JsonObject request_json(const RequestSight& sight, std::string_view person, Time now, const net::Principal& reader) {
  const auto& stored = sight.judged.stored;
  const auto& judgement = sight.judged.judgement;
  const auto& request = stored.request;
  JsonArray steps, decisions, lacking;
  for (const auto& step : judgement.standing.steps)
    steps.push_back(JsonObject{{"name", step.name}, {"needed", step.needed}, {"people", list_of(step.people)}});
  for (const auto& approval : stored.approvals)
    decisions.push_back(JsonObject{{"person", approval.statement.person},
                                   {"decision", word_of(approval.statement.decision)},
                                   {"kind", approval.kind == CredentialKind::key ? "key" : "webauthn"},
                                   {"at", format_rfc3339(approval.statement.at)}});
  for (const auto& lack : judgement.lacks) lacking.push_back(JsonObject{{"rule", lack.rule}, {"why", lack.why}});
  auto json = line_of(sight.judged);
  json["person"] = request.person;
  json["branch"] = request.branch;
  json["charter_sha256"] = request.charter;
  json["request"] = to_json(request);
  json["view"] = sight.evidence.view ? Json(to_json(*sight.evidence.view)) : Json(nullptr);
  json["evidence_problem"] = sight.evidence.problem.empty() ? Json(nullptr) : Json(sight.evidence.problem);
  json["grant"] = request.grant ? Json(rules_json(words_of(*request.grant))) : Json(nullptr);
  json["next_charter"] = sight.next ? Json(JsonObject{{"sha256", digest_of(*sight.next)},
                                                      {"charter", to_json(*sight.next)},
                                                      {"rules", rules_json(words_of(*sight.next))}})
                                    : Json(nullptr);
  json["rules"] = rules_json(words_of(sight.key.charter));
  json["steps"] = std::move(steps);
  json["ordered"] = sight.key.charter.approval.ordered;
  json["approvers"] = approvers_json(sight);
  json["decisions"] = std::move(decisions);
  json["lacking"] = std::move(lacking);
  json["statement"] = JsonObject{{"person", person},
                                 {"at", format_rfc3339(now)},
                                 {"approve", statement_json(stored, Decision::approve, person, now)},
                                 {"reject", statement_json(stored, Decision::reject, person, now)}};
  const auto reason = refused_because(sight, person, reader);
  json["allowed_actions"] = JsonArray{action("approve", reason), action("reject", reason)};
  return json;
}

}  // namespace hf::keys
