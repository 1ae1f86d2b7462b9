#include "net/schema.h"
#include "pki/http_register.h"

namespace hf::pki {
namespace {

using namespace net::schema;

JsonObject entry() { return count("of the ledger"); }
JsonObject texts(std::string_view description = {}) { return array(text(), description); }
JsonObject serial() { return matching("^([0-9a-f]{2})+$", "octets of the INTEGER, hex"); }
JsonObject reason() {
  return choice({"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
                 "cessationOfOperation", "privilegeWithdrawn", "aACompromise"},
                "RFC 5280 5.3.1; without a hold, which nothing here gives back");
}
JsonObject state() { return choice({"valid", "not_yet_valid", "expired", "revoked"}); }
JsonObject revocation() {
  return or_null(object({{"reason", reason()}, {"effective_at", time()}, {"recorded_at", time()}}));
}
JsonObject chain() {
  return array(object({{"authority", text("of the register")},
                       {"subject", text()},
                       {"sha256", sha256("of the certificate")},
                       {"not_after", time()}}),
               "from its issuer on, as far as the register knows them");
}

std::vector<Member> authority_line() {
  return {{"name", text()},
          {"sentence", text()},
          {"subject", text("RFC 4514")},
          {"sha256", sha256("of its certificate")},
          {"key", text("of the register of keys")},
          {"profiles", texts("that it may issue")},
          {"not_before", time()},
          {"not_after", time()},
          {"state", choice({"active", "frozen"})},
          {"state_reason", text()},
          {"state_since", time()},
          {"crl_shards", count()},
          {"crl_uris", texts("that it writes into certificates; {shard} stands for the shard's number")},
          {"ocsp_uris", texts()},
          {"ca_uris", texts()},
          {"crl_number", or_null(count("of the newest"))},
          {"crl_due", or_null(time("of the first that was or will be due; null: it has no CRL"))},
          {"stale_crl_shards", array(count(), "out of date, or missing although something is revoked")},
          {"entry", entry()}};
}

std::vector<Member> certificate_line() {
  return {{"ca", text()},
          {"serial", serial()},
          {"subject", text("RFC 4514")},
          {"profile", text("empty: it was made elsewhere and written down")},
          {"product", text()},
          {"state", state()},
          {"not_before", time()},
          {"not_after", time()},
          {"key_sha256", sha256("of the SubjectPublicKeyInfo")},
          {"sha256", sha256("of the certificate")},
          {"issued_at", time()},
          {"revocation", revocation()},
          {"entry", entry()}};
}

std::vector<Member> with(std::vector<Member> members, std::vector<Member> more) {
  for (auto& one : more) members.push_back(std::move(one));
  return members;
}

}  // namespace

net::Schemas schemas() {
  net::Schemas all;
  const auto add = [&](std::string_view name, const JsonObject& schema) { all.emplace(name, to_text(schema)); };
  const auto page = [&](std::string_view name) { all.emplace(std::string(name) + "Page", net::page_schema(name)); };
  const auto actions = array(ref("AllowedAction"));
  add("AuthorityLine", object(authority_line()));
  page("AuthorityLine");
  add("Crl", object({{"number", count()},
                     {"shard", count()},
                     {"this_update", time()},
                     {"next_update", time()},
                     {"revoked", count("entries in it")}}));
  page("Crl");
  add("Authority",
      object(with(authority_line(),
                  {{"chain", chain()},
                   {"chain_complete", flag("it ends in one that signed itself")},
                   {"pem", text("its certificate")},
                   {"key_algorithm", text()},
                   {"profile_titles", array(object({{"name", text()}, {"title", text()}, {"source", text()}}))},
                   {"shards", array(object({{"shard", count()},
                                            {"stale", flag()},
                                            {"uri", or_null(text("that certificates name"))},
                                            {"path", text("at this server's public listener")},
                                            {"crl", or_null(ref("Crl"))}}))},
                   {"counts", object({{"current", count("not over yet, revoked ones too")},
                                      {"ending", count("of these, within 30 days")},
                                      {"expired", count()},
                                      {"revoked", count("serial numbers, whether over or not")},
                                      {"counted_to", count("a count that says so much may be more")}})},
                   {"allowed_actions", actions}})));
  add("CertificateLine", object(certificate_line()));
  page("CertificateLine");
  add("Certificate",
      object(with(certificate_line(),
                  {{"sentence", text()},
                   {"signature", or_null(count("of the register of keys; null: it was made elsewhere"))},
                   {"issuer", text("RFC 4514")},
                   {"key_algorithm", or_null(text())},
                   {"key_usage", or_null(text())},
                   {"purposes", texts("extendedKeyUsage")},
                   {"names", texts("subjectAltName")},
                   {"is_ca", flag()},
                   {"own_authority", or_null(text("the CA whose certificate it is"))},
                   {"extensions", array(object({{"name", text()}, {"oid", text()}, {"critical", flag()}}))},
                   {"chain", chain()},
                   {"chain_complete", flag("it ends in one that signed itself")},
                   {"findings", array(object({{"rule", text("stable")},
                                              {"severity", choice({"error", "warning", "notice"})},
                                              {"source", text()},
                                              {"message", text()}}),
                                      "of RFC 5280 and of its profile")},
                   {"pem", text()},
                   {"revocation_effects", texts("what follows of revoking it")},
                   {"allowed_actions", actions}})));
  add("ExpiringLine", object({{"ca", text()},
                              {"product", text()},
                              {"profile", text()},
                              {"certificates", count()},
                              {"first", time()},
                              {"last", time()}}));
  page("ExpiringLine");
  add("Revocation", object({{"serial", serial()},
                            {"shard", count()},
                            {"reason", reason()},
                            {"effective_at", time()},
                            {"recorded_at", time()},
                            {"not_after", time("of the certificate")},
                            {"entry", entry()}}));
  page("Revocation");
  add("NewRevocation", object({{"reason", reason()}, optional("effective_at", time("default now; never later"))}));
  add("AuthorityFreeze", object({{"reason", text("why")}}));
  add("NewCrl", object({{"grant", text("digest of a standing grant of the CA's key, or its beginning")},
                        optional("product", text("else the grant's")),
                        optional("shard", count("default 0")),
                        optional("hours", count("until the next one; default 168"))}));
  return all;
}

}  // namespace hf::pki
