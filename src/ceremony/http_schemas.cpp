// The schemas of the answers. Words that are closed elsewhere are taken from there.
#include "ceremony/http.h"
#include "net/schema.h"

namespace hf::ceremony {
namespace {

using namespace net::schema;

template <class E>
std::vector<std::string_view> words(int count) {
  std::vector<std::string_view> list;
  list.reserve(std::size_t(count));
  for (int i = 0; i < count; ++i) list.push_back(keys::name_of(static_cast<E>(i)));
  return list;
}

JsonObject entry() { return count("id of the ledger entry that proves it"); }
JsonObject texts(std::string_view description = {}) { return array(text(), description); }
JsonObject environment() { return choice(words<keys::Environment>(2)); }
JsonObject classes() { return array(choice(words<keys::KeyClass>(4)), "of the keys that it is about"); }
JsonObject state() { return choice({"approved", "complete", "abandoned"}, "approved: no transcript was imported yet"); }
JsonObject outcome() {
  static const std::vector<std::string_view> list{name_of(Outcome::as_expected), name_of(Outcome::recorded),
                                                  name_of(Outcome::exception), name_of(Outcome::abandoned)};
  return choice(list);
}

}  // namespace

net::Schemas schemas() {
  net::Schemas all;
  const auto add = [&](std::string_view name, const JsonObject& schema) { all.emplace(name, to_text(schema)); };
  add("CeremonyLine", object({{"sha256", sha256("of the script: the ceremony's name")},
                              {"title", text()},
                              {"place", text()},
                              {"environment", environment()},
                              {"classes", classes()},
                              {"steps", count()},
                              {"key", text("that signed the script")},
                              {"state", state()},
                              {"registered_at", time()},
                              {"started_at", or_null(time())},
                              {"ended_at", or_null(time())},
                              {"alarms", count()},
                              {"entry", entry()}}));
  all.emplace("CeremonyLinePage", net::page_schema("CeremonyLine"));
  add("CeremonyRole", object({{"name", text()},
                              {"needed", count("different people")},
                              {"alone", flag("whoever has it has no other role")}}));
  add("CeremonyPerson", object({{"person", text("as charters and evidence name people")},
                                {"name", text()},
                                {"roles", texts()},
                                {"kind", choice({"key", "webauthn"})},
                                {"key_sha256", sha256("of the credential's SubjectPublicKeyInfo")}}));
  add("CeremonyFile", object({{"name", text()}, {"sha256", sha256()}}));
  add("CeremonyResult", object({{"actor", text("person")},
                                {"witnesses", texts("people")},
                                {"outcome", outcome()},
                                {"expected", or_null(text("known beforehand"))},
                                {"actual", or_null(text())},
                                {"reason", or_null(text("of an exception"))},
                                {"made", array(ref("CeremonyFile"))},
                                {"line", count("of the transcript")},
                                {"line_sha256", sha256("of the line, which the people signed")},
                                {"done_at", time()},
                                {"confirmed_at", time("by the last of its people")},
                                {"entry", entry()}}));
  std::vector<std::string_view> kinds;
  for (int i = 0; i <= int(StepKind::note); ++i) kinds.push_back(keys::name_of(static_cast<StepKind>(i)));
  add("CeremonyStep", object({{"position", count("from 1")},
                              {"id", text()},
                              {"kind", choice(kinds)},
                              {"actor", text("role")},
                              {"witnesses", texts("roles")},
                              {"text", text("what is to be done")},
                              {"expected", or_null(text("known beforehand; null: it is recorded and confirmed"))},
                              {"asks", or_null(text("what the actor enters"))},
                              {"file", or_null(text())},
                              {"key", or_null(text())},
                              {"algorithm", or_null(text())},
                              {"profile", or_null(text())},
                              {"profile_sha256", or_null(sha256())},
                              {"subject", or_null(text())},
                              {"days", or_null(count())},
                              {"ca_step", or_null(text())},
                              {"ca_sha256", or_null(sha256())},
                              {"request_sha256", or_null(sha256())},
                              {"out", or_null(text("file that comes of it"))},
                              {"of", texts("steps whose files are exported")},
                              {"result", or_null(ref("CeremonyResult"))}}));
  add("CeremonyRun", object({{"run", text("32 hexadecimal digits")},
                             {"outcome", choice({"complete", "abandoned"})},
                             {"token", text("label and serial number")},
                             {"started_at", time()},
                             {"ended_at", time()},
                             {"imported_at", time()},
                             {"lines", count("of the transcript")},
                             {"head", sha256("of its last line")},
                             {"transcript_sha256", sha256()},
                             {"entry", entry()}}));
  add("CeremonyAlarm",
      object({{"kind", choice({"differs", "failed", "rejected", "exception", "interrupted", "abandoned"})},
              {"position", count("of the step, from 1; 0: of the whole")},
              {"detail", text()}}));
  add("Ceremony", object({{"sha256", sha256("of the script: the ceremony's name")},
                          {"title", text()},
                          {"purpose", text()},
                          {"place", text()},
                          {"environment", environment()},
                          {"classes", classes()},
                          {"not_before", or_null(time("it may begin from then on"))},
                          {"not_after", or_null(time("and until then"))},
                          {"roles", array(ref("CeremonyRole"))},
                          {"people", array(ref("CeremonyPerson"))},
                          {"steps", array(ref("CeremonyStep"))},
                          {"key", text("that signed the script")},
                          {"state", state()},
                          {"registered_at", time()},
                          {"run", or_null(ref("CeremonyRun"))},
                          {"alarms", array(ref("CeremonyAlarm"))},
                          {"entry", entry()}}));
  return all;
}

}  // namespace hf::ceremony
