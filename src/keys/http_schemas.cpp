// The schemas of the answers. Words that this domain closes are taken from their enumerations, not repeated.
#include "crypto/token.h"
#include "keys/http.h"
#include "keys/signer/wire.h"
#include "net/schema.h"

namespace hf::keys {
namespace {

using namespace net::schema;

// The words of an enumeration whose values are dense and begin at 0, `count` of them.
template <class E>
std::vector<std::string_view> words(int count) {
  std::vector<std::string_view> list;
  list.reserve(std::size_t(count));
  for (int i = 0; i < count; ++i) list.push_back(name_of(static_cast<E>(i)));
  return list;
}

JsonObject texts(std::string_view description = {}) { return array(text(), description); }
JsonObject texts_or_null() { return or_null(texts()); }
JsonObject person(std::string_view description = {}) {
  return text(description.empty() ? "as charters and evidence name people" : description);
}
JsonObject entry() { return count("id of the ledger entry that proves it"); }
JsonObject key_class() { return choice(words<KeyClass>(4)); }
JsonObject environment() { return choice(words<Environment>(2)); }
JsonObject version_state() { return choice(words<VersionState>(6)); }
JsonObject state() { return choice(words<RequestState>(7)); }
JsonObject credential() { return choice({"key", "webauthn"}, "a signature over the statement, or an assertion"); }
JsonObject decision() { return choice({"approve", "reject"}); }
JsonObject hex(std::string_view description) { return matching("^([0-9a-f]{2})*$", description); }

JsonObject custody() {
  static const auto names = to_json(crypto::Custody{});
  std::vector<Member> members;
  for (const auto& member : names) members.push_back({member.key(), or_null(flag())});
  return object(std::move(members), "What the token says of the private key; null: it does not say");
}

class Table {
 public:
  void add(std::string_view name, const JsonObject& schema) { schemas_.emplace(name, to_text(schema)); }
  void page(std::string_view item) { schemas_.emplace(std::string(item) + "Page", net::page_schema(item)); }
  net::Schemas take() { return std::move(schemas_); }

 private:
  net::Schemas schemas_;
};

void charter(Table& to) {
  to.add("CharterRule", object({{"about", text("the member of the document that says so")}, {"text", text()}},
                               "A rule of a charter or grant in words"));
  to.add("CharterStep",
         object({{"name", text()}, {"roles", texts("any of these")}, {"needed", count("different people")}}));
  to.add("CharterApprover", object({{"person", person()},
                                    {"name", text()},
                                    {"roles", texts()},
                                    {"kind", credential()},
                                    {"spki", hex("SubjectPublicKeyInfo")},
                                    optional("rp_id", text("WebAuthn")),
                                    optional("origin", text("WebAuthn")),
                                    optional("credential_id", text("WebAuthn, base64url"))}));
  to.add("CharterPolicy",
         object({{"products", texts_or_null()},
                 {"formats", texts()},
                 {"kinds", texts_or_null()},
                 {"schemes", texts()},
                 {"requesters", texts_or_null()},
                 {"branches", texts_or_null()},
                 {"compatible", texts_or_null()},
                 {"min_security_version", or_null(count())},
                 {"not_before", or_null(time())},
                 {"not_after", or_null(time())},
                 {"max_uses", or_null(count("of a version, ever"))},
                 {"max_per_hour", or_null(count())},
                 {"digest_only", flag("a bare digest may be signed")},
                 optional("debug",
                          object({{"lifecycles", array(object({{"state", text()}, {"permissions", hex("at most")}}))},
                                  {"class_wide", flag("certificates of a whole class may be signed")}},
                                 "what a key of class debug may allow"))},
                "What a key may sign; null allows anything of its kind"));
  to.add("Charter",
         object({{"type", choice({"holdfast-charter-1"})},
                 {"key", text()},
                 {"class", key_class()},
                 {"environment", environment()},
                 {"sequence", count()},
                 {"previous", or_null(sha256("of the charter before"))},
                 {"owner", person()},
                 {"deputy", person()},
                 {"versions", array(object({{"version", count()},
                                            {"algorithm", text()},
                                            {"id", hex("CKA_ID")},
                                            {"fingerprint", sha256("of the SubjectPublicKeyInfo")},
                                            {"state", version_state()}}))},
                 {"policy", ref("CharterPolicy")},
                 {"approval", object({{"steps", array(ref("CharterStep"))}, {"ordered", flag()}, {"hours", count()}})},
                 {"grants", object({{"signatures", count("at most; 0: no standing grants")}, {"days", count()}})},
                 {"break_glass", or_null(ref("CharterStep"))},
                 {"break_glass_hours", count()},
                 {"approvers", array(ref("CharterApprover"))}},
                "What a key may sign and who must agree; the register's copy of what the signer decides by"));
}

std::vector<Member> key_line() {
  return {{"name", text()},
          {"class", key_class()},
          {"environment", environment()},
          {"algorithm", text("of the active version, else of the newest")},
          {"state", version_state()},
          {"versions", count()},
          {"owner", person()},
          {"deputy", person()},
          {"charter_sequence", count("of this key's charters")},
          {"created_at", time()},
          {"entry", entry()}};
}

void key(Table& to) {
  to.add("SigningKeyLine", object(key_line()));
  to.page("SigningKeyLine");
  to.add("SigningKeyVersion", object({{"version", count()},
                                      {"algorithm", text()},
                                      {"state", or_null(version_state())},
                                      {"fingerprint", sha256("of the SubjectPublicKeyInfo")},
                                      {"public_key", text("PEM")},
                                      {"custody", custody()},
                                      {"signatures", count()},
                                      {"created_at", time()}}));
  auto members = key_line();
  for (auto& member : members)
    if (member.name == "versions") member.schema = array(ref("SigningKeyVersion"), "oldest first");
  for (auto& more : std::vector<Member>{{"sentence", text("who can use it, in words")},
                                        {"charter_sha256", sha256()},
                                        {"charter", ref("Charter")},
                                        {"rules", array(ref("CharterRule"), "the charter in words")},
                                        {"signatures", count("of all versions")},
                                        {"waiting", count("requests for decisions")},
                                        {"grants", count("standing grants that live")},
                                        {"frozen", or_null(ref("KeyIncident"))},
                                        {"allowed_actions", array(ref("AllowedAction"))}})
    members.push_back(std::move(more));
  to.add("KeyIncident", object({{"effective_at", time("since when its signatures are suspect")},
                                {"recorded_at", time()},
                                {"reason", text()},
                                {"reporter", person()},
                                {"entry", entry()}},
                               "Why a key is frozen"));
  to.add("SigningKey", object(std::move(members)));
  to.add("SignatureLine", object({{"request", sha256("digest of the request that allowed it")},
                                  {"version", count("of the key")},
                                  {"product", text()},
                                  {"format", text()},
                                  {"scheme", text()},
                                  {"artifact", text("its name")},
                                  {"artifact_sha256", text("of the unsigned file")},
                                  {"signed_files", array(sha256(), "what the signature went into")},
                                  {"signature", hex("")},
                                  {"requester", person()},
                                  {"journal_line", count("of the signer's journal")},
                                  {"signed_at", time()},
                                  {"entry", entry()}}));
  to.page("SignatureLine");
}

std::vector<Member> request_line() {
  return {{"digest", sha256("its name")},
          {"kind", choice(words<RequestKind>(3))},
          {"key", text()},
          {"key_version", count()},
          {"state", state()},
          {"sentence", text("the state in words")},
          {"requester", person("who asked: a user or a token")},
          {"reason", text()},
          {"product", or_null(text("of a request for one artifact"))},
          {"artifact", or_null(object({{"name", text()}, {"size", count("bytes")}, {"sha256", text("unsigned")}}))},
          {"break_glass", flag()},
          {"ratification", or_null(ref("Ratification"))},
          {"created_at", time()},
          {"expires_at", time()},
          {"used", count()},
          {"uses", count("how often it may be used")},
          {"entry", entry()}};
}

void request(Table& to) {
  to.add("Ratification", object({{"state", choice({"open", "ratified", "overdue", "rejected"})},
                                 {"signed_at", time()},
                                 {"due_at", time("by when the full profile has to meet it")},
                                 {"ratified_at", or_null(time())}},
                                "Of a request that was signed by breaking glass"));
  to.add("SigningRequestLine", object(request_line()));
  to.page("SigningRequestLine");
  to.add("SigningView",
         object({{"format", text()},
                 {"kind", text()},
                 {"version", or_null(text())},
                 {"security_version", or_null(count("anti-rollback counter"))},
                 {"compatible", texts("what it says it is for")},
                 {"digests", texts("SHA-256 of the payloads that the signature binds")},
                 {"digest_only", flag("nothing is known but a digest")},
                 {"claimed", flag("bound through a digest of the whole artifact: only its holder can check")},
                 {"facts", anything("the rest, as the format names it")}},
                "What will be signed, parsed from the bytes that the signature covers"));
  const auto statement =
      object({{"text", text("sign exactly these bytes")}, {"sha256", sha256("a WebAuthn challenge")}});
  auto members = request_line();
  for (auto& more : std::vector<Member>{
           {"person", person("whose account asked; decides nothing here")},
           {"branch", text("empty: none was told")},
           {"charter_sha256", sha256("that it was made under")},
           {"request", anything("the document that people approve: its canonical text has the digest")},
           {"view", or_null(ref("SigningView"))},
           {"evidence_problem", or_null(text("why what is kept is not what the request names"))},
           {"grant", or_null(array(ref("CharterRule")))},
           {"next_charter",
            or_null(object({{"sha256", sha256()}, {"charter", ref("Charter")}, {"rules", array(ref("CharterRule"))}}))},
           {"rules", array(ref("CharterRule"), "the charter in force, in words")},
           {"steps", array(object({{"name", text()}, {"needed", count()}, {"people", texts("who approved it")}}))},
           {"ordered", flag("the steps follow each other")},
           {"approvers", array(object({{"person", person()},
                                       {"name", text()},
                                       {"roles", texts()},
                                       {"kind", credential()},
                                       {"rp_id", or_null(text())},
                                       {"origin", or_null(text())},
                                       {"credential_id", or_null(text("base64url"))},
                                       {"decided", flag()}}),
                               "one for each credential that the charter names")},
           {"decisions",
            array(object({{"person", person()}, {"decision", decision()}, {"kind", credential()}, {"at", time()}}))},
           {"lacking", array(object({{"rule", text("stable")}, {"why", text()}}))},
           {"statement", object({{"person", person()}, {"at", time()}, {"approve", statement}, {"reject", statement}})},
           {"allowed_actions", array(ref("AllowedAction"), "of that person")}})
    members.push_back(std::move(more));
  to.add("SigningRequest", object(std::move(members)));
  to.add("Approval", object({{"request", sha256("its digest")},
                             {"decision", decision()},
                             {"person", person()},
                             {"at", time("as the statement says it")},
                             {"kind", credential()},
                             {"signature", hex("over the statement; of an assertion as the authenticator made it")},
                             optional("authenticator_data", hex("WebAuthn")),
                             optional("client_data", hex("WebAuthn"))}));
}

void asking(Table& to) {
  const auto base64 = [](std::string_view what) { return text(what); };
  to.add("NewSigningRequest",
         object({{"key", text()},
                 {"product", text("the product that the artifact is for")},
                 {"format", text()},
                 optional("scheme", text("else the first that charter, format and key have in common")),
                 {"evidence", base64("what the format reads from the artifact, base64")},
                 {"artifact", object({{"name", text()}, {"size", count("bytes")}, {"sha256", sha256("unsigned")}})},
                 optional("reason", text()),
                 optional("branch", text("that it was built from")),
                 optional("uses", count("default 1")),
                 optional("hours", count("for which it can be used; at most the charter's")),
                 optional("certificate", base64("the signer's, DER in base64, for containers that carry one")),
                 optional("intermediates", array(base64("DER in base64"))),
                 optional("break_glass", flag())}));
  to.add("NewSigningGrant", object({{"key", text()},
                                    {"signatures", count("at most so many")},
                                    {"products", texts()},
                                    {"formats", texts()},
                                    optional("requesters", texts("who may use it; default: who asks")),
                                    optional("branches", texts_or_null()),
                                    optional("reason", text()),
                                    {"hours", count()}}));
  to.add("MadeSignature", object({{"signature_id", count()},
                                  {"format", text()},
                                  {"scheme", text()},
                                  {"public_key", hex("SubjectPublicKeyInfo")},
                                  {"signature", hex("r || s for ECDSA; the last, of a format that takes several")},
                                  {"earlier", array(base64("base64"), "those before it")},
                                  {"evidence", base64("base64")},
                                  {"certificate", base64("DER in base64")},
                                  {"intermediates", array(base64("DER in base64"))},
                                  {"signing_time", time()}}));
  to.add("KeyFreeze", object({{"reason", text("what happened")},
                              optional("effective_at", time("since when signatures are suspect; default now"))}));
  to.add("SignedFile", object({{"sha256", sha256()}}));
  to.add("SignedFileRecord", object({{"signature_id", count()}, {"sha256", sha256()}}));
}

void people(Table& to) {
  to.add("CharterApproverLine",
         object({{"key", text()},
                 {"environment", environment()},
                 {"charter_sequence", count()},
                 {"roles", texts("of the charter's steps: those that somebody who decides must have")},
                 {"named", array(object({{"kind", credential()},
                                         {"name", text()},
                                         {"roles", texts()},
                                         {"fingerprint", sha256("of the SubjectPublicKeyInfo")},
                                         {"origin", or_null(text())},
                                         {"credential_id", or_null(text("base64url"))}}),
                                 "the person's credentials in the charter; none: it does not name them")}}));
  to.page("CharterApproverLine");
}

void debug(Table& to) {
  to.add(
      "DebugSession",
      object({{"digest", sha256("of its request: its name")},
              {"state", choice({"open", "overdue", "closed", "waiting", "approved", "used", "rejected", "expired",
                                "superseded", "refused"},
                               "before its signature that of the request")},
              {"sentence", text()},
              {"key", text()},
              {"format", text()},
              {"kind", text()},
              {"requester", person("who asked: a user or a token")},
              {"person", person("who has to close it")},
              {"reason", text()},
              {"created_at", time()},
              {"expires_at", time()},
              {"break_glass", flag()},
              {"facts", anything("device, permissions, lifecycle, challenge and root key, as the format names them")},
              {"month", text("of when it was asked for")},
              {"of_requester_in_month", count("sessions with a signature")},
              {"closing", or_null(object({{"person", person()},
                                          {"locked", flag("the device was locked again")},
                                          {"attestation_sha256", text("empty: none was read")},
                                          {"note", text()},
                                          {"closed_at", time()},
                                          {"entry", entry()}}))},
              {"allowed_actions", array(ref("AllowedAction"))}}));
  to.add("DebugSessionList", object({{"sentence", text()},
                                     {"open", count("open or overdue")},
                                     {"overdue", count()},
                                     {"items", array(ref("DebugSession"))}}));
  to.add("DebugClosing", object({{"locked", flag("the device was locked again")},
                                 optional("note", text()),
                                 optional("attestation_sha256", sha256("of what the device says of its state now"))}));
}

}  // namespace

net::Schemas schemas() {
  Table table;
  charter(table);
  key(table);
  request(table);
  asking(table);
  people(table);
  debug(table);
  return table.take();
}

}  // namespace hf::keys
