#include "factory/http.h"
#include "net/schema.h"

namespace hf::factory {
namespace {

using namespace net::schema;

JsonObject entry() { return count("of the ledger"); }
JsonObject station() { return sha256("of the station's identity key: its name"); }

std::vector<Member> line() {
  return {{"id", matching("^[0-9a-f]{32}$")},
          {"sentence", text()},
          {"standing", text("live, or why not")},
          {"product", text()},
          {"batch", text()},
          {"release", or_null(text("that is flashed"))},
          {"factory", text()},
          {"sequence", count("of the factory")},
          {"count", count("identities that may be issued")},
          {"used", count("that stations told of and did not void")},
          {"left", count("that stations may still use; those that closed, none")},
          {"missing", count("uses of which nothing was told: a gap")},
          {"alarms", count()},
          {"not_before", time()},
          {"not_after", time()},
          {"registered_at", time()},
          {"entry", entry()}};
}

}  // namespace

net::Schemas schemas() {
  net::Schemas all;
  const auto add = [&](std::string_view name, const JsonObject& schema) { all.emplace(name, to_text(schema)); };
  const auto page = [&](std::string_view name) { all.emplace(std::string(name) + "Page", net::page_schema(name)); };
  const auto actions = array(ref("AllowedAction"));
  add("FactoryAuthorisationLine", object(line()));
  page("FactoryAuthorisationLine");
  add("StationBundle", object({{"station", station()},
                               {"factory", text()},
                               {"epoch", count()},
                               {"counter", count()},
                               {"lines", count("as the station signed")},
                               {"read_lines", count("how far they hold together")},
                               {"exported_at", time()},
                               {"imported_at", time()},
                               {"entry", entry()}}));
  page("StationBundle");
  auto members = line();
  for (auto& more : std::vector<Member>{
           {"key", text("that signed it")},
           {"profile", text("of the certificates")},
           {"ca_sha256", sha256("of the issuing CA's certificate")},
           {"serials", text("that may be issued, in words")},
           {"policy", count()},
           {"facts", anything("every member of the order, as it was approved")},
           {"stations",
            array(
                object({{"station", station()},
                        {"authorised", flag("false: it told of units without a share")},
                        {"count", count("its share")},
                        {"epoch", count()},
                        {"reserved", count()},
                        {"issued", count()},
                        {"activated", count()},
                        {"voided", count()},
                        {"used", count()},
                        {"left", count()},
                        {"missing", count("uses of which nothing was told: a gap")},
                        {"last_use", count()},
                        {"closing", or_null(object({{"used", count()}, {"returned", count()}, {"closed_at", time()}}))},
                        {"bundle", or_null(ref("StationBundle"))}}))},
           {"holds", array(object({{"sequence", count()}, {"reason", text()}}), "that live and stop it")},
           {"reconciliations", array(object({{"report_sha256", sha256()},
                                             {"issued", count()},
                                             {"shipped", count()},
                                             {"not_shipped", count("over-build, scrap or stock")},
                                             {"not_issued", count("shipped, and never issued")},
                                             {"reconciled_at", time()},
                                             {"entry", entry()}}),
                                     "newest first")},
           {"allowed_actions", actions}})
    members.push_back(std::move(more));
  add("FactoryAuthorisation", object(std::move(members)));
  add("IssuedIdentity", object({{"station", station()},
                                {"use", count("of the authorisation at this station, from 1")},
                                {"serial", text()},
                                {"product", text("empty: the authorisation was not registered")},
                                {"state", choice({"reserved", "issued", "activated", "voided"})},
                                {"key_sha256", sha256()},
                                {"certificate_sha256", or_null(sha256())},
                                {"epoch", count()},
                                {"line", count("of the station's journal")},
                                {"reserved_at", time()}}));
  page("IssuedIdentity");
  add("FactoryAlarm", object({{"kind", text()},
                              {"station", text()},
                              {"authorisation", or_null(text("null: of the bundle as a whole"))},
                              {"serial", text()},
                              {"line", count("of the station's journal")},
                              {"detail", text()},
                              {"raised_at", time()},
                              {"entry", entry()}}));
  page("FactoryAlarm");
  add("FactoryHold", object({{"sequence", count()},
                             {"ends", or_null(count("the hold that this one ends"))},
                             {"lives", flag()},
                             {"product", text()},
                             {"batch", or_null(text("null: all"))},
                             {"release", or_null(text("null: all"))},
                             {"factory", or_null(text("null: all"))},
                             {"reason", text()},
                             {"issued_at", time()},
                             {"document", text("to be signed and taken to the stations")},
                             {"entry", entry()},
                             {"allowed_actions", actions}}));
  page("FactoryHold");
  add("FactoryHoldEffect", object({{"sentence", text()},
                                   {"left", count("identities that could still be issued")},
                                   {"authorisations", array(text(), "ids of those that it stops")}}));
  add("NewFactoryHold", object({{"product", text("path")},
                                optional("batch", text("else all")),
                                optional("release", text("else all")),
                                optional("factory", text("else all")),
                                {"reason", text()}}));
  add("FactoryHoldEnd", object({{"reason", text()}}));
  add("RegisteredOrder", object({{"name", text("an authorisation's id, or a hold's number")}}));
  add("ImportedBundle",
      object(
          {{"station", station()},
           {"epoch", count()},
           {"known", flag("nothing is new")},
           {"lines", count("that were new")},
           {"reserved", count()},
           {"issued", count()},
           {"activated", count()},
           {"voided", count()},
           {"closed", count()},
           {"alarms", array(object({{"kind", text()}, {"serial", text()}, {"line", count()}, {"detail", text()}}))}}));
  add("FactoryReconciliation",
      object({{"report_sha256", sha256()},
              {"issued", count()},
              {"shipped", count()},
              {"not_shipped", count("over-build, scrap or stock")},
              {"not_issued", count("shipped, and never issued")},
              {"differences", array(object({{"serial", text()},
                                            {"what", choice({"not_shipped", "not_issued", "not_activated", "twice"})}}),
                                    "by serial")},
              {"more", flag("more differ: holdfast factory reconcile lists them")}}));
  return all;
}

}  // namespace hf::factory
