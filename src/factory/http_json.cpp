#include "factory/http_json.h"

#include "keys/json_fields.h"

namespace hf::factory {
namespace {

JsonObject action(std::string_view name, std::string_view refused_because) {
  JsonObject object{{"action", name}, {"allowed", refused_because.empty()}};
  if (!refused_because.empty()) object["reason"] = refused_because;
  return object;
}
std::string_view lacks(const net::Principal& reader, std::string_view permission, std::string_view why) {
  return reader.may(permission) ? std::string_view() : why;
}

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string sentence_of(const AuthorisationSight& sight, Time now) {
  const auto& order = sight.stored.authorisation;
  auto text = plural(sight.used(), "of ", "of ") + plural(order.count, "identity is used", "identities are used") +
              ", " + std::to_string(sight.left()) + " left";
  const auto standing = standing_of(order, sight.holds, now);
  text += standing == "live" ? "." : "; " + standing + ".";
  if (sight.missing() > 0) text += " Of " + plural(sight.missing(), "use nothing was told.", "uses nothing was told.");
  if (sight.alarms > 0) text += " " + plural(sight.alarms, "alarm.", "alarms.");
  return text;
}

JsonObject station_json(const StationSight& one) {
  return {{"station", one.station},
          {"authorised", one.authorised},
          {"count", one.count},
          {"epoch", one.epoch},
          {"reserved", one.reserved},
          {"issued", one.issued},
          {"activated", one.activated},
          {"voided", one.voided},
          {"used", one.used()},
          {"left", one.left},
          {"missing", one.missing},
          {"last_use", one.last_use},
          {"closing", one.closing ? Json(JsonObject{{"used", one.closing->used},
                                                    {"returned", one.closing->returned},
                                                    {"closed_at", format_rfc3339(one.closing->closed_at)}})
                                  : Json(nullptr)},
          {"bundle", one.newest ? Json(bundle_json(*one.newest)) : Json(nullptr)}};
}

}  // namespace

JsonObject line_of(const AuthorisationSight& sight, Time now) {
  const auto& order = sight.stored.authorisation;
  return {{"id", order.id},
          {"sentence", sentence_of(sight, now)},
          {"standing", standing_of(order, sight.holds, now)},
          {"product", order.product},
          {"batch", order.batch},
          {"release", text_or_null(order.release)},
          {"factory", order.factory},
          {"sequence", order.sequence},
          {"count", order.count},
          {"used", sight.used()},
          {"left", sight.left()},
          {"missing", sight.missing()},
          {"alarms", sight.alarms},
          {"not_before", format_rfc3339(order.not_before)},
          {"not_after", format_rfc3339(order.not_after)},
          {"registered_at", format_rfc3339(sight.stored.registered_at)},
          {"entry", sight.stored.entry}};
}

JsonObject authorisation_json(const AuthorisationSight& sight, const net::Principal& reader, Time now) {
  const auto& order = sight.stored.authorisation;
  auto json = line_of(sight, now);
  json["key"] = sight.stored.key;
  json["profile"] = order.profile;
  json["ca_sha256"] = order.ca_sha256;
  json["serials"] = order.serials.text();
  json["policy"] = order.policy;
  json["facts"] = keys::facts_of(FactoryOrder(order));
  JsonArray stations, holds, reconciliations;
  for (const auto& one : sight.stations) stations.push_back(station_json(one));
  for (const auto& one : sight.holds) holds.push_back(JsonObject{{"sequence", one.sequence}, {"reason", one.reason}});
  for (const auto& one : sight.reconciliations)
    reconciliations.push_back(JsonObject{{"report_sha256", one.totals.report_sha256},
                                         {"issued", one.totals.issued},
                                         {"shipped", one.totals.shipped},
                                         {"not_shipped", one.totals.not_shipped},
                                         {"not_issued", one.totals.not_issued},
                                         {"reconciled_at", format_rfc3339(one.reconciled_at)},
                                         {"entry", one.entry}});
  json["stations"] = std::move(stations);
  json["holds"] = std::move(holds);
  json["reconciliations"] = std::move(reconciliations);
  json["allowed_actions"] = JsonArray{
      action("hold", !sight.holds.empty() ? std::string_view("it is on hold")
                                          : lacks(reader, "factory.hold", "needs the permission factory.hold")),
      action("reconcile", lacks(reader, "factory.write", "needs the permission factory.write")),
      action("authorise", "with the command line, where it is signed: holdfast factory authorise")};
  return json;
}

JsonObject identity_json(const StoredIdentity& one) {
  return {{"station", one.station},
          {"use", one.use},
          {"serial", one.serial},
          {"product", one.product},
          {"state", one.state},
          {"key_sha256", one.key_sha256},
          {"certificate_sha256", one.certificate_sha256.empty() ? Json(nullptr) : Json(one.certificate_sha256)},
          {"epoch", one.epoch},
          {"line", one.line},
          {"reserved_at", format_rfc3339(one.reserved_at)}};
}

JsonObject bundle_json(const StoredBundle& one) {
  return {{"station", one.station},
          {"factory", one.factory},
          {"epoch", one.epoch},
          {"counter", one.counter},
          {"lines", one.lines},
          {"read_lines", one.read_lines},
          {"exported_at", format_rfc3339(one.exported_at)},
          {"imported_at", format_rfc3339(one.imported_at)},
          {"entry", one.entry}};
}

JsonObject alarm_json(const ViewStore::NumberedAlarm& one) {
  const auto& alarm = one.alarm.alarm;
  return {{"kind", alarm.kind},
          {"station", alarm.station},
          {"authorisation", alarm.authorisation.empty() ? Json(nullptr) : Json(alarm.authorisation)},
          {"serial", alarm.serial},
          {"line", alarm.line},
          {"detail", alarm.detail},
          {"raised_at", format_rfc3339(one.alarm.raised_at)},
          {"entry", one.alarm.entry}};
}

JsonObject hold_json(const StoredHold& one, const net::Principal& reader) {
  const auto& hold = one.hold;
  const std::string_view no_end = hold.ends    ? "it is the end of a hold"
                                  : !one.lives ? "it has ended"
                                               : lacks(reader, "factory.hold", "needs the permission factory.hold");
  return {{"sequence", hold.sequence},
          {"ends", hold.ends ? Json(*hold.ends) : Json(nullptr)},
          {"lives", one.lives},
          {"product", hold.product},
          {"batch", text_or_null(hold.batch)},
          {"release", text_or_null(hold.release)},
          {"factory", text_or_null(hold.factory)},
          {"reason", hold.reason},
          {"issued_at", format_rfc3339(hold.issued_at)},
          {"document", keys::canonical(FactoryOrder(hold))},
          {"entry", one.entry},
          {"allowed_actions", JsonArray{action("end", no_end)}}};
}

JsonObject effect_json(const HoldEffect& effect) {
  JsonArray list;
  for (const auto& one : effect.authorisations) list.emplace_back(one.authorisation.id);
  const auto count = std::int64_t(effect.authorisations.size());
  return {{"sentence",
           "It stops " + plural(count, "live authorisation", "live authorisations") + " with " +
               plural(effect.left, "identity left", "identities left") +
               " in this register at once. Stations stop when they take the signed order; offline, they go on until "
               "then. Renewals of units in the field go on."},
          {"left", effect.left},
          {"authorisations", std::move(list)}};
}

JsonObject imported_json(const Imported& done) {
  JsonArray alarms;
  for (const auto& alarm : done.alarms)
    alarms.push_back(
        JsonObject{{"kind", alarm.kind}, {"serial", alarm.serial}, {"line", alarm.line}, {"detail", alarm.detail}});
  return {{"station", done.header.station_name()},
          {"epoch", done.header.epoch},
          {"known", done.known},
          {"lines", done.lines},
          {"reserved", done.reserved},
          {"issued", done.issued},
          {"activated", done.activated},
          {"voided", done.voided},
          {"closed", done.closed},
          {"alarms", std::move(alarms)}};
}

JsonObject reconciled_json(const Reconciled& made) {
  constexpr std::size_t kShown = 10'000;
  JsonArray differences;
  for (const auto& one : made.differences) {
    if (differences.size() == kShown) break;
    differences.push_back(JsonObject{{"serial", one.serial}, {"what", one.what}});
  }
  return {{"report_sha256", made.totals.report_sha256},
          {"issued", made.totals.issued},
          {"shipped", made.totals.shipped},
          {"not_shipped", made.totals.not_shipped},
          {"not_issued", made.totals.not_issued},
          {"differences", std::move(differences)},
          {"more", made.differences.size() > kShown}};
}

}  // namespace hf::factory
