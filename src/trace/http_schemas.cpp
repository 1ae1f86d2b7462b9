// The schemas of the answers. Words that another domain closes are taken from it, not repeated.
#include "catalog/entity.h"
#include "net/schema.h"
#include "trace/http.h"
#include "vuln/match/assess.h"

namespace hf::trace {
namespace {

using namespace net::schema;

// The words of an enumeration whose values are dense and end where name_of has no word.
template <class E>
std::vector<std::string_view> words() {
  std::vector<std::string_view> list;
  for (int i = 0; !name_of(static_cast<E>(i)).empty(); ++i) list.push_back(name_of(static_cast<E>(i)));
  return list;
}

JsonObject catalog_choice(std::string_view entity, std::string_view field) {
  for (const auto& one : catalog::find_entity(entity)->spec().fields)
    if (one.name == field) return choice(one.choices, one.help);
  return text();
}

JsonObject scheme() {
  std::vector<std::string_view> names;
  for (const auto one : vuln::schemes()) names.push_back(vuln::name_of(one));
  return choice(names, "order of versions that was used");
}

JsonObject at() { return or_null(time("the instant of the question; null: now")); }
JsonObject took() { return count("microseconds that the question took"); }
JsonObject entry(std::string_view of) { return count("id of the ledger entry that proves " + std::string(of)); }
JsonObject severity() { return text("as the record states it, lower case; empty: not stated"); }
JsonObject score() { return text("CVSS base score as the record states it; empty: not stated"); }
JsonObject state() { return ref("StateName"); }
JsonObject texts(std::string_view description = {}) { return array(text(), description); }

class Table {
 public:
  void add(std::string_view name, JsonObject schema) { schemas_.emplace(name, to_text(schema)); }
  void page(std::string_view item) { schemas_.emplace(std::string(item) + "Page", net::page_schema(item)); }
  net::Schemas take() { return std::move(schemas_); }

 private:
  net::Schemas schemas_;
};

std::vector<Member> standing() {
  return {{"exposed", count("run a build that is affected")},
          {"under_investigation", count()},
          {"unknown", count()},
          {"fixed", count()},
          {"not_affected", count()},
          {"devices", count("all of them")}};
}

std::vector<Member> sbom() {
  return {{"sha256", sha256("of the original bytes")},
          {"format", choice({"CycloneDX", "SPDX"})},
          {"spec_version", text()},
          {"components", count()},
          {"unidentified", count("components without an identity that a record could name")},
          {"received_at", time()},
          {"entry", entry("its receipt")}};
}

void shared(Table& to) {
  to.add("StateName", choice({"affected", "unknown", "under_investigation", "fixed", "not_affected"},
                             "Whether a vulnerability affects a component, a build, or what a unit runs"));
  to.add("Kev", object({{"date_added", text("date")},
                        {"due_date", text("date that the catalogue sets for its own addressees")},
                        {"name", text()},
                        {"ransomware", flag("known use in ransomware campaigns")},
                        {"received_at", time("since when these records could have told")}},
                       "An entry of CISA's catalogue of known exploited vulnerabilities"));
  to.add("Epss", object({{"score", text("probability of exploitation within 30 days, 0 to 1")},
                         {"percentile", text("0 to 1")},
                         {"date", text("of the score")}},
                        "The score of the Exploit Prediction Scoring System"));
  to.add("Cvss", object({{"version", text("of CVSS")},
                         {"score", {{"type", "number"}, {"minimum", 0}, {"maximum", 10}}},
                         {"severity", severity()},
                         {"vector", text()},
                         {"source", text("who scored")}}));
  to.add(
      "Reason",
      object({{"text", text("the whole reason in words")},
              {"why", choice(words<vuln::Why>(), "what decided")},
              optional("outcome", choice(words<vuln::Outcome>(),
                                         "what the record says; absent in a build's own VEX, whose word is the state")),
              optional("identity", choice(words<vuln::Identity>(),
                                          "how sure it is that component and record speak of one product")),
              optional("reading", choice(words<vuln::Reading>(), "how the record's versions had to be read")),
              optional("scheme", scheme()),
              optional("claim_kind", choice(words<vuln::ClaimKind>())),
              optional("claim", text("the component's identity that matched")),
              optional("claim_version", text()),
              optional("record", text("id of the record")),
              optional("feed", text()),
              optional("modified", text("of the record")),
              optional("source", text("who wrote that part of the record")),
              optional("pointer", text("JSON pointer into the record")),
              optional("container", text()),
              optional("range", text("the version range, for people")),
              optional("note", text("of the document or of the patch")),
              optional("platforms", texts("what else must be there")),
              optional("sbom", sha256("of the document that holds the build's own VEX"))},
             "Why a state is what it is; members that say nothing are absent"));
  to.add("ExposureLine",
         object({{"vulnerability", text()},
                 {"state", state()},
                 {"kev", flag("known to be exploited")},
                 {"components", texts("name and version")}},
                "A vulnerability of what runs, with its most urgent state; what is settled is not listed"));
  to.add("MarketCount", object({{"market", country()}, {"devices", count()}}));
  to.add("BatchCount", object({{"batch", text("path")}, {"devices", count()}}));
  to.add("DeviceBuild",
         object({{"path", text()}, {"module", text("path")}, {"version", text()}, {"sbom", flag("it has an SBOM")}}));
}

void today(Table& to) {
  to.add("VulnerabilityLine", object({{"vulnerability", text()},
                                      {"summary", text()},
                                      {"severity", severity()},
                                      {"score", score()},
                                      {"kev", or_null(ref("Kev"))},
                                      {"epss", or_null(ref("Epss"))},
                                      {"exposed_devices", count()},
                                      {"unknown_devices", count("and under investigation")},
                                      {"markets", count("where exposed units are")},
                                      {"builds", count("with a finding")},
                                      {"products", texts("paths of those with an affected build")},
                                      {"since_build", text("path of the oldest affected build that units run, or of "
                                                           "the oldest affected one if none does; empty: none is")},
                                      {"first_found", or_null(time())}}));
  to.page("VulnerabilityLine");
  to.add("Clock", object({{"name", text("of the duty")},
                          {"about", text("what it is about, for people")},
                          {"subject", object({{"kind", choice({"vulnerability"})}, {"id", text()}})},
                          {"starts_at", time()},
                          {"ends_at", time()},
                          {"source", text("the rule that sets the deadline")},
                          {"overdue", flag()}}));
  to.add("Feed", object({{"feed", text()},
                         {"version", text("the feed's own word")},
                         {"records", count("of the newest import")},
                         {"last_import", time()},
                         {"source", text("file or folder that it came from")},
                         {"stale", flag("more than 48 hours old")}}));
  to.add("Coverage", object({{"builds", count()},
                             {"builds_without_sbom", count()},
                             {"components", count()},
                             {"unassessed_components", count("not identified, so that no record can name them")},
                             {"devices", count()},
                             {"devices_with_unassessed_builds", count("run a build without an SBOM")}}));
  to.add("Today", object({{"now", time()},
                          {"at", at()},
                          {"sentence", text()},
                          {"clocks", array(ref("Clock"), "next deadline first")},
                          {"exploited", array(ref("VulnerabilityLine"), "of our builds, most units first")},
                          {"feeds", array(ref("Feed"))},
                          {"coverage", ref("Coverage")},
                          {"signing", or_null(ref("SigningToday", "null: it needs the permission keys.read"))},
                          {"duties", ref("DutiesToday")},
                          {"took_us", took()}}));
  to.add("SigningToday",
         object({{"waiting", array(ref("SigningRequestLine"), "for decisions, first the first to expire")},
                 {"grants", array(ref("SigningRequestLine"), "standing grants that live")},
                 {"unratified", array(ref("SigningRequestLine"), "signed by breaking glass, first due first")},
                 {"more", flag("there are more than these")}}));
  to.add("EndingCertificates", object({{"ca", text()},
                                       {"certificates", count("that are not revoked")},
                                       {"more", flag("there may be more than so many")},
                                       {"first", time("when the first ends")}}));
  to.add(
      "DutiesToday",
      object({{"certificates", or_null(array(ref("EndingCertificates"), "within 30 days"))},
              {"crls",
               or_null(array(object({{"ca", text()}, {"shard", count()}, {"next_update", time()}, {"overdue", flag()}}),
                             "that end within a day, or have ended"))},
              {"alarms", or_null(array(object({{"kind", text()},
                                               {"station", sha256("of its identity key")},
                                               {"authorisation", or_null(text("null: of a bundle as a whole"))},
                                               {"serial", text()},
                                               {"detail", text()},
                                               {"raised_at", time()},
                                               {"entry", entry("it")}}),
                                       "of factories, of the last 30 days, newest first"))},
              {"debug", or_null(array(object({{"digest", sha256("of its request")},
                                              {"key", text()},
                                              {"person", text("who has to close it")},
                                              {"device", text("empty: a whole class")},
                                              {"expires_at", time()},
                                              {"overdue", flag()}}),
                                      "open debug sessions, first the first that ends"))}},
             "What somebody has to see to, beside vulnerabilities; null: it needs the domain's read permission"));
}

void vulnerability(Table& to) {
  to.add("Standing", object(standing(), "Units by the state of what they run"));
  auto row = standing();
  row.push_back({"market", country()});
  to.add("MarketRow", object(std::move(row), "Units of one market by the state of what they run"));
  to.add("EdgeComponent",
         object({{"coordinate", count()},
                 {"name", text()},
                 {"version", text()},
                 {"state", state()},
                 {"basis", choice({"record", "vex", "set"},
                                  "a record, the build's own VEX, or records that look at all components together")}}));
  to.add("BuildRow", object({{"build", text("path")},
                             {"product", text("path")},
                             {"module", text("path")},
                             {"version", text()},
                             {"state", state()},
                             {"devices", count("that run it")},
                             {"components", array(ref("EdgeComponent"))}}));
  to.add("BatchRow", object({{"batch", text("path")},
                             {"market", country()},
                             {"exposed", count()},
                             {"factory", text()},
                             {"placed_at", or_null(time("placed on this market; null: not recorded"))},
                             {"support_end", or_null(time())}}));
  to.add("Finding", object({{"coordinate", count()},
                            {"component", text()},
                            {"version", text()},
                            {"purl", text("empty: none")},
                            {"state", state()},
                            {"since", time()},
                            {"builds", count("that contain it")},
                            {"reasons", array(ref("Reason"), "the one that decided first")},
                            {"entry", or_null(entry("the segment with the finding's event"))},
                            {"segment_position", count("of the event")}}));
  to.add(
      "Statement",
      object({{"build", or_null(text("path; null: not one of by_build"))},
              {"coordinate", count()},
              {"basis", choice({"vex", "set"}, "the build's own VEX, or records that look at all components together")},
              {"state", state()},
              {"reasons", array(ref("Reason"), "the one that decided first")},
              {"entry", entry("it")}},
             "What holds for one build only, and beats the finding"));
  to.add("AdvisoryRecord", object({{"feed", text()},
                                   {"id", text()},
                                   {"summary", text()},
                                   {"severity", severity()},
                                   {"score", score()},
                                   {"modified", or_null(time())},
                                   {"digest", sha256("of the record's bytes")},
                                   {"received_at", time()}}));
  to.add("VulnerabilityAnswer",
         object({{"vulnerability", text("the number that its records use first")},
                 {"aliases", texts()},
                 {"sentence", text("the answer in words")},
                 {"assessed", flag("false: no component of ours was ever compared with it, which is not zero exposed")},
                 {"compared_components", count()},
                 {"summary", text()},
                 {"severity", severity()},
                 {"cvss", array(ref("Cvss"), "the newest version first")},
                 {"kev", or_null(ref("Kev"))},
                 {"epss", or_null(ref("Epss"))},
                 {"totals", ref("Standing")},
                 {"by_market", array(ref("MarketRow"))},
                 {"by_build", array(ref("BuildRow"))},
                 {"by_batch", array(ref("BatchRow"), "exposed units only")},
                 {"findings", array(ref("Finding"))},
                 {"statements", array(ref("Statement"))},
                 {"records", array(ref("AdvisoryRecord"))},
                 {"at", at()},
                 {"took_us", took()}}));
  to.add("Unit", object({{"product", text("path")},
                         {"serial", text()},
                         {"market", country()},
                         {"batch", text("path")},
                         {"builds", texts("paths of what it runs")},
                         {"since", time("it runs them")}}));
  to.page("Unit");
  to.add("UnitExport", array(ref("Unit")));
}

void product(Table& to) {
  to.add("ProductLine", object({{"path", text()},
                                {"name", text()},
                                {"manufacturer", text("path")},
                                {"product_class", catalog_choice("product", "product_class")},
                                {"category", or_null(text())},
                                {"devices", count("in use")}}));
  to.page("ProductLine");
  to.add("CurrentSbom", object(sbom(), "The SBOM that holds for a build"));
  auto kept = sbom();
  kept.push_back({"replaced_at", or_null(time("null: it holds"))});
  kept.push_back({"size", count("bytes")});
  to.add("Sbom", object(std::move(kept), "An SBOM of a build; one that was replaced is kept"));
  to.add("ModuleLine",
         object({{"path", text()}, {"name", text()}, {"kind", catalog_choice("module", "kind")}, {"builds", count()}}));
  to.add("BuildLine", object({{"path", text()},
                              {"module", text("path")},
                              {"version", text()},
                              {"sbom", or_null(ref("CurrentSbom"))},
                              {"devices", count("that run it")}}));
  to.add("ReleaseLine", object({{"path", text()},
                                {"version", text()},
                                {"kind", catalog_choice("release", "kind")},
                                {"security_version", count("anti-rollback counter")},
                                {"builds", texts("paths")}}));
  to.add("Placement", object({{"market", country()}, {"placed_at", time()}}, "Units of a batch placed on a market"));
  to.add("BatchLine", object({{"path", text()},
                              {"factory", text()},
                              {"authorised_quantity", count()},
                              {"devices", count("in use")},
                              {"release", or_null(text("path of what the factory flashes"))},
                              {"placements", array(ref("Placement"))},
                              {"support_end", or_null(time("end of the support period"))}}));
  to.add("ProductAnswer", object({{"path", text()},
                                  {"name", text()},
                                  {"manufacturer", text("path")},
                                  {"product_class", catalog_choice("product", "product_class")},
                                  {"category", or_null(text())},
                                  {"sentence", text("the answer in words")},
                                  {"modules", array(ref("ModuleLine"))},
                                  {"builds", array(ref("BuildLine"))},
                                  {"releases", array(ref("ReleaseLine"))},
                                  {"batches", array(ref("BatchLine"))},
                                  {"devices", object({{"total", count()},
                                                      {"by_market", array(ref("MarketCount"))},
                                                      {"without_sbom", count("run a build without an SBOM")}})},
                                  {"exposure", array(ref("ExposureLine"))},
                                  {"at", at()},
                                  {"took_us", took()}}));
  to.add("BuildAnswer", object({{"path", text()},
                                {"sentence", text("the answer in words")},
                                {"sboms", array(ref("Sbom"), "newest first")},
                                {"components", count()},
                                {"devices", count("that run it now")},
                                {"findings", array(ref("ExposureLine"))},
                                {"at", at()},
                                {"took_us", took()}}));
  to.add("Component", object({{"coordinate", count()},
                              {"name", text()},
                              {"version", text()},
                              {"purl", text("empty: none")},
                              {"identified", flag("a record could name it")},
                              {"ref", text("in the SBOM")},
                              {"affected_by", count("vulnerabilities")}}));
  to.page("Component");
}

void device(Table& to) {
  to.add("DevicePeriod", object({{"since", time()},
                                 {"until", or_null(time("null: still"))},
                                 {"builds", texts("paths")},
                                 {"market", country()},
                                 {"state", choice({"active", "retired"})}}));
  to.add("DeviceAnswer",
         object({{"product", text("path")},
                 {"serial", text()},
                 {"sentence", text("the answer in words")},
                 {"batch", text("path")},
                 {"hardware_revision", text("path")},
                 {"market", country()},
                 {"state", choice({"active", "retired"})},
                 {"since", time("it runs these builds")},
                 {"certificate_sha256", or_null(sha256())},
                 {"key_sha256", or_null(sha256())},
                 {"builds", array(ref("DeviceBuild"))},
                 {"exposure", array(ref("ExposureLine"))},
                 {"history", array(ref("DevicePeriod"), "newest first")},
                 {"evidence", array(object({{"entry", or_null(entry("the segment with the device's newest event"))},
                                            {"segment", count()},
                                            {"position", count("of the event")}}))},
                 {"at", at()},
                 {"took_us", took()}}));
  to.add("KeyAnswer", object({{"sha256", sha256()},
                              {"kind", choice({"certificate", "key"})},
                              {"sentence", text("the answer in words")},
                              {"devices", object({{"total", count()},
                                                  {"by_market", array(ref("MarketCount"))},
                                                  {"by_batch", array(ref("BatchCount"))},
                                                  {"sample", array(object({{"product", text("path")},
                                                                           {"serial", text()},
                                                                           {"market", country()},
                                                                           {"batch", text("path")},
                                                                           {"builds", array(ref("DeviceBuild"))}}))}})},
                              {"at", at()},
                              {"took_us", took()}}));
  to.add(
      "SigningKeyAnswer",
      object({{"name", text()},
              {"sentence", text("the answer in words")},
              {"class", text()},
              {"environment", text()},
              {"owner", text()},
              {"deputy", text()},
              {"charter_sha256", sha256("in force at that instant")},
              {"versions", array(object({{"version", count()},
                                         {"algorithm", text()},
                                         {"fingerprint", sha256("of the SubjectPublicKeyInfo")},
                                         {"signatures", count()}}))},
              {"frozen", or_null(object({{"effective_at", time("since when its signatures are suspect")},
                                         {"recorded_at", time()},
                                         {"reason", text()},
                                         {"reporter", text()},
                                         {"entry", entry("it")},
                                         {"suspect_signatures", count("made since")}}))},
              {"anchors", array(object({{"hardware_revision", text("its path")},
                                        {"version", count("of the key")},
                                        {"fused", flag("burned in; else an update can replace it")},
                                        {"platform", or_null(text("of the silicon catalogue"))},
                                        {"slots", or_null(count("for burned keys; null: unknown, or not burned in"))},
                                        {"slots_used", count()},
                                        {"slots_left", or_null(count("for another key; null: as slots"))},
                                        {"slots_from", text("where the figure is from")},
                                        {"rekeyable", flag("rekeying is yes")},
                                        {"rekeying", choice({"yes", "no", "unknown"})},
                                        {"devices", count()}}),
                                "what verifies with it")},
              {"leak",
               object({{"sentence", text()},
                       {"rekeyable", count("units that can be given another key")},
                       {"stuck", count("units that cannot: burned in, and no slot left")},
                       {"unknown", count("units of silicon of which it is not known")},
                       {"by_market",
                        array(object(
                            {{"market", text()}, {"rekeyable", count()}, {"stuck", count()}, {"unknown", count()}}))}},
                      "if it leaked")},
              {"certificates", array(ref("EndingCertificates"), "of its CAs, within twelve months")},
              {"builds", texts("paths of those that it signed")},
              {"devices", object({{"total", count("that run one of them")}, {"by_market", array(ref("MarketCount"))}})},
              {"signatures", count()},
              {"newest_signatures", array(object({{"signed_at", time()},
                                                  {"version", count()},
                                                  {"product", text()},
                                                  {"format", text()},
                                                  {"artifact", text()},
                                                  {"artifact_sha256", text()},
                                                  {"requester", text()},
                                                  {"request", sha256()},
                                                  {"entry", entry("it")}}))},
              {"at", at()},
              {"took_us", took()}}));
  to.add("SearchHit", object({{"kind", choice({"device", "key", "signing_key", "product", "build", "release", "batch",
                                               "vulnerability", "component"})},
                              {"id", text("path, number, digest; of a component a build that contains it")},
                              {"title", text()},
                              {"subtitle", text("may be empty")},
                              {"url", text("of its page in the UI")}}));
  to.page("SearchHit");
}

}  // namespace

net::Schemas schemas() {
  Table table;
  shared(table);
  today(table);
  vulnerability(table);
  product(table);
  device(table);
  return table.take();
}

}  // namespace hf::trace
