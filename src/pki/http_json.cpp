#include "pki/http_json.h"

#include "crypto/digest.h"
#include "crypto/x509.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;

JsonObject action(std::string_view name, std::string_view refused_because) {
  JsonObject object{{"action", name}, {"allowed", refused_because.empty()}};
  if (!refused_because.empty()) object["reason"] = refused_because;
  return object;
}

std::string day_of(Time time) { return format_rfc3339(time).substr(0, 10); }

std::string_view state_of(const std::optional<StoredRevocation>& revoked, Time not_before, Time not_after, Time now) {
  if (revoked) return "revoked";
  if (now > not_after) return "expired";
  return now < not_before ? "not_yet_valid" : "valid";
}

Json revocation_json(const std::optional<StoredRevocation>& revoked) {
  if (!revoked) return nullptr;
  return JsonObject{{"reason", name_of_reason(revoked->reason)},
                    {"effective_at", format_rfc3339(revoked->effective_at)},
                    {"recorded_at", format_rfc3339(revoked->recorded_at)}};
}

JsonArray chain_json(const std::vector<ChainLink>& chain) {
  JsonArray list;
  for (const auto& one : chain)
    list.push_back(JsonObject{{"authority", one.authority},
                              {"subject", one.subject},
                              {"sha256", one.sha256},
                              {"not_after", format_rfc3339(one.not_after)}});
  return list;
}

std::string sentence_of(const AuthoritySight& sight, Time now) {
  const auto& ca = sight.authority;
  if (now > ca.certificate.validity.not_after)
    return "Expired " + day_of(ca.certificate.validity.not_after) + ": it issues nothing.";
  std::string text = ca.stored.frozen ? "Frozen: it issues nothing." : "Issues certificates.";
  const auto stale = sight.crls.stale.size();
  if (stale > 0)
    return text + " " + std::to_string(stale) + (stale == 1 ? " CRL is" : " CRLs are") + " out of date or missing.";
  return text +
         (sight.crls.due ? " Its next CRL is due by " + format_rfc3339(*sight.crls.due) + "." : " It has no CRL yet.");
}

// What will follow of a revocation, in sentences.
JsonArray effects_of(const CertificateSight& sight) {
  const auto shard = shard_of(sight.certificate.serial, sight.issuer.stored.shards);
  JsonArray list;
  list.emplace_back("Whoever asks over OCSP is told so from this moment on. It cannot be undone.");
  list.emplace_back("A CRL says so once the next one is made" +
                    std::string(sight.issuer.stored.shards > 1 ? " of the shard " + std::to_string(shard) : "") +
                    ": until then, who reads only CRLs still takes the certificate.");
  if (!sight.own_authority.empty())
    list.emplace_back("It is the certificate of the CA " + sight.own_authority +
                      ": everything that it issued stops being accepted with it.");
  else list.emplace_back("Who holds it can no longer renew it over EST.");
  return list;
}

}  // namespace

JsonObject crl_json(const StoredCrl& crl) {
  return {{"number", crl.number},
          {"shard", crl.shard},
          {"this_update", format_rfc3339(crl.this_update)},
          {"next_update", format_rfc3339(crl.next_update)},
          {"revoked", crl.revoked}};
}

JsonObject line_of(const AuthoritySight& sight, Time now) {
  auto json = to_json(sight);
  json["sentence"] = sentence_of(sight, now);
  return json;
}

JsonObject authority_json(const AuthorityDetail& detail, const net::Principal& reader, bool signs, Time now) {
  const auto& ca = detail.sight.authority;
  const auto& name = ca.stored.name;
  auto json = line_of(detail.sight, now);
  json["chain"] = chain_json(detail.chain);
  json["chain_complete"] = detail.complete;
  json["pem"] = crypto::pem_of("CERTIFICATE", ca.stored.certificate);
  json["key_algorithm"] = crypto::name_of(ca.key.algorithm);
  JsonArray profiles;
  for (const auto& profile : ca.profiles)
    profiles.push_back(JsonObject{{"name", profile.name}, {"title", profile.title}, {"source", profile.source}});
  json["profile_titles"] = std::move(profiles);
  JsonArray shards;
  for (const auto& one : detail.shards)
    shards.push_back(
        JsonObject{{"shard", one.shard},
                   {"stale", one.stale},
                   {"uri", ca.stored.shards > 1          ? Json(ca.point_of(one.shard))
                           : ca.publication.crls.empty() ? Json(nullptr)
                                                         : Json(ca.publication.crls[0])},
                   {"path", ca.stored.shards > 1 ? "/crl/" + name + "/" + std::to_string(one.shard) + ".crl"
                                                 : "/crl/" + name + ".crl"},
                   {"crl", one.crl ? Json(crl_json(*one.crl)) : Json(nullptr)}});
  json["shards"] = std::move(shards);
  json["counts"] = JsonObject{{"current", detail.counts.current},
                              {"ending", detail.counts.ending},
                              {"expired", detail.counts.expired},
                              {"revoked", detail.counts.revoked},
                              {"counted_to", kCountMax}};
  const std::string no_crl = !reader.may("keys.sign") ? "needs the permission keys.sign"
                             : !signs                 ? "this server has no signer: holdfast pki crl --ca " + name +
                                            " --grant GRANT --out FILE, on the machine of the token"
                                      : "";
  const std::string no_freeze = ca.stored.frozen            ? "it is frozen"
                                : !reader.may("pki.revoke") ? "needs the permission pki.revoke"
                                                            : "";
  json["allowed_actions"] =
      JsonArray{action("make_crl", no_crl), action("freeze", no_freeze),
                action("unfreeze", ca.stored.frozen ? "with the command line: holdfast pki ca unfreeze " + name
                                                    : "it is not frozen"),
                action("issue", "with the command line, which reads the requests: holdfast pki issue")};
  return json;
}

JsonObject line_of(const CertificateLine& one, Time now) {
  return {{"ca", one.authority},
          {"serial", one.serial},
          {"subject", one.subject},
          {"profile", one.profile},
          {"product", one.product},
          {"state", state_of(one.revoked, one.not_before, one.not_after, now)},
          {"not_before", format_rfc3339(one.not_before)},
          {"not_after", format_rfc3339(one.not_after)},
          {"key_sha256", one.spki_sha256},
          {"sha256", one.sha256},
          {"issued_at", format_rfc3339(one.issued_at)},
          {"revocation", revocation_json(one.revoked)},
          {"entry", one.entry}};
}

JsonObject certificate_json(const CertificateSight& sight, const net::Principal& reader, Time now) {
  const auto& certificate = sight.certificate;
  auto json = to_json(sight.stored);
  json["ca"] = sight.issuer.stored.name;
  const auto state = state_of(sight.revoked, sight.stored.not_before, sight.stored.not_after, now);
  json["state"] = state;
  json["sentence"] = state == "revoked" ? "Revoked since " + format_rfc3339(sight.revoked->effective_at) + ": " +
                                              std::string(name_of_reason(sight.revoked->reason)) + "."
                     : state == "expired"       ? "Expired " + day_of(sight.stored.not_after) + "."
                     : state == "not_yet_valid" ? "Not valid before " + day_of(sight.stored.not_before) + "."
                                                : "Valid until " + day_of(sight.stored.not_after) + ", not revoked.";
  json["revocation"] = revocation_json(sight.revoked);
  json["issuer"] = certificate.issuer.text();
  const auto key = crypto::public_key_of_spki(certificate.spki);
  json["key_algorithm"] = key ? Json(crypto::name_of(key->algorithm)) : Json(nullptr);
  json["key_usage"] = certificate.key_usage ? Json(text_of_key_usage(*certificate.key_usage)) : Json(nullptr);
  JsonArray purposes, names, extensions, findings;
  for (const auto& oid : certificate.extended_key_usage.value_or(std::vector<std::string>{}))
    purposes.emplace_back(x509::oid_name(oid));
  if (certificate.subject_alternative_names)
    for (const auto& one : *certificate.subject_alternative_names) names.emplace_back(one.text());
  for (const auto& one : certificate.extensions)
    extensions.push_back(JsonObject{{"name", x509::oid_name(one.oid)}, {"oid", one.oid}, {"critical", one.critical}});
  for (const auto& one : sight.findings) findings.push_back(to_json(one));
  json["purposes"] = std::move(purposes);
  json["names"] = std::move(names);
  json["is_ca"] = certificate.is_ca();
  json["own_authority"] = sight.own_authority.empty() ? Json(nullptr) : Json(sight.own_authority);
  json["extensions"] = std::move(extensions);
  json["chain"] = chain_json(sight.chain);
  json["chain_complete"] = sight.complete;
  json["findings"] = std::move(findings);
  json["pem"] = crypto::pem_of("CERTIFICATE", sight.stored.der);
  json["revocation_effects"] = effects_of(sight);
  const std::string_view no_revoking = !reader.may("pki.revoke") ? "needs the permission pki.revoke" : "";
  json["allowed_actions"] = JsonArray{action("revoke", no_revoking)};
  return json;
}

JsonObject to_json(const LookUpStore::Revoked& one) {
  return {{"serial", one.revocation.serial},
          {"shard", one.revocation.shard},
          {"reason", name_of_reason(one.revocation.reason)},
          {"effective_at", format_rfc3339(one.revocation.effective_at)},
          {"recorded_at", format_rfc3339(one.revocation.recorded_at)},
          {"not_after", format_rfc3339(one.revocation.not_after)},
          {"entry", one.entry}};
}

}  // namespace hf::pki
