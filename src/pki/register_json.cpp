#include "pki/register_json.h"

namespace hf::pki {

JsonObject to_json(const AuthoritySight& sight) {
  const auto& [ca, crls] = sight;
  const auto list = [](const std::vector<std::string>& texts) { return JsonArray(texts.begin(), texts.end()); };
  JsonArray profiles;
  for (const auto& profile : ca.profiles) profiles.emplace_back(profile.name);
  return {{"name", ca.stored.name},
          {"subject", ca.stored.subject},
          {"sha256", ca.stored.sha256},
          {"key", ca.stored.key},
          {"profiles", std::move(profiles)},
          {"not_before", format_rfc3339(ca.certificate.validity.not_before)},
          {"not_after", format_rfc3339(ca.certificate.validity.not_after)},
          {"state", ca.stored.frozen ? "frozen" : "active"},
          {"state_reason", ca.stored.state_reason},
          {"state_since", format_rfc3339(ca.stored.state_since)},
          {"crl_shards", ca.stored.shards},
          {"crl_uris", list(ca.publication.crls)},
          {"ocsp_uris", list(ca.publication.ocsp)},
          {"ca_uris", list(ca.publication.issuers)},
          {"crl_number", crls.number ? Json(*crls.number) : Json()},
          {"crl_due", crls.due ? Json(format_rfc3339(*crls.due)) : Json()},
          {"stale_crl_shards", JsonArray(crls.stale.begin(), crls.stale.end())},
          {"entry", ca.stored.entry}};
}

JsonObject to_json(const StoredCertificate& one) {
  return {{"serial", one.serial},
          {"subject", one.subject},
          {"profile", one.profile},
          {"product", one.product},
          {"not_before", format_rfc3339(one.not_before)},
          {"not_after", format_rfc3339(one.not_after)},
          {"key_sha256", one.spki_sha256},
          {"sha256", one.sha256},
          {"issued_at", format_rfc3339(one.issued_at)},
          {"signature", one.signature ? Json(*one.signature) : Json()},
          {"entry", one.entry}};
}

}  // namespace hf::pki
