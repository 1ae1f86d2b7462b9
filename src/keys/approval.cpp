#include "keys/approval.h"

#include "crypto/webauthn.h"
#include "keys/json_fields.h"

namespace hf::keys {
namespace {

constexpr std::size_t kSignatureMax = 1024, kAuthenticatorMax = 4096, kClientDataMax = 4096;

std::string_view name_of(Decision decision) { return decision == Decision::approve ? "approve" : "reject"; }

bool holds(const Approval& approval, const Approver& approver) {
  if (approval.kind != approver.kind || approval.statement.person != approver.person) return false;
  const auto text = canonical(approval.statement);
  if (approval.kind == CredentialKind::key) return crypto::verify(approver.key, bytes_of(text), approval.signature);
  const auto challenge = crypto::sha256({bytes_of(text)});
  return crypto::verify_assertion({.key = approver.key, .rp_id = approver.rp_id, .origin = approver.origin},
                                  {.challenge = challenge,
                                   .authenticator_data = approval.authenticator_data,
                                   .client_data = approval.client_data,
                                   .signature = approval.signature})
      .has_value();
}

}  // namespace

std::string canonical(const Statement& statement) {
  auto text = canonical_json(JsonObject{{"type", "holdfast-approval-1"},
                                        {"request", statement.request},
                                        {"decision", name_of(statement.decision)},
                                        {"person", statement.person},
                                        {"at", format_rfc3339(statement.at)}});
  return text ? *std::move(text) : std::string();
}

JsonObject to_json(const Approval& approval) {
  JsonObject json{{"request", approval.statement.request},
                  {"decision", name_of(approval.statement.decision)},
                  {"person", approval.statement.person},
                  {"at", format_rfc3339(approval.statement.at)},
                  {"kind", approval.kind == CredentialKind::key ? "key" : "webauthn"},
                  {"signature", to_hex(approval.signature)}};
  if (approval.kind == CredentialKind::webauthn) {
    json["authenticator_data"] = to_hex(approval.authenticator_data);
    json["client_data"] = to_hex(approval.client_data);
  }
  return json;
}

Result<Approval> approval_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  Approval approval;
  approval.statement.request = in.text("request", 64);
  const auto decision = in.text("decision", 16);
  if (decision != "approve" && decision != "reject") in.fault("decision", "'approve' or 'reject' is expected");
  approval.statement.decision = decision == "approve" ? Decision::approve : Decision::reject;
  approval.statement.person = in.text("person", 64);
  const auto at = in.time_or_none("at");
  if (!at) in.fault("at", "is missing");
  approval.statement.at = at.value_or(Time{});
  const auto kind = in.text("kind", 16);
  if (kind != "key" && kind != "webauthn") in.fault("kind", "'key' or 'webauthn' is expected");
  approval.kind = kind == "webauthn" ? CredentialKind::webauthn : CredentialKind::key;
  approval.signature = in.hex("signature", kSignatureMax);
  if (approval.kind == CredentialKind::webauthn) {
    approval.authenticator_data = in.hex("authenticator_data", kAuthenticatorMax);
    approval.client_data = in.hex("client_data", kClientDataMax);
  }
  in.close();
  if (!faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0003",
                "the approval is wrong at " + faults[0].pointer + ": " + faults[0].what);
  return approval;
}

const Approver* signer_of(const Approval& approval, std::span<const Approver> approvers) {
  for (const auto& approver : approvers)
    if (holds(approval, approver)) return &approver;
  return nullptr;
}

}  // namespace hf::keys
