#include "trace/duty_store.h"

#include <algorithm>

namespace hf::trace {
namespace {

const db::Query kAuthorities{"trace.authorities", R"sql(
    SELECT ca_id, crl_shards, name, key_name FROM certificate_authority WHERE created_at <= $1 ORDER BY name)sql"};
// A count and not EXISTS, of which PostgreSQL would make a walk through all revocations.
const db::Query kEnding{"trace.certificates_ending", R"sql(
    SELECT COUNT(*), MIN(found.not_after)
      FROM (SELECT c.not_after FROM certificate AS c
             WHERE c.ca_id = $1 AND c.not_after >= $2 AND c.not_after < $3 AND c.issued_at <= $4
               AND (SELECT COUNT(*) FROM revocation AS r WHERE r.ca_id = c.ca_id AND r.serial = c.serial AND r.recorded_at <= $4) = 0
             ORDER BY c.not_after LIMIT $5) AS found)sql"};
const db::Query kNewestCrl{"trace.newest_crl", R"sql(
    SELECT next_update FROM crl WHERE ca_id = $1 AND shard = $2 AND this_update <= $3 ORDER BY number DESC LIMIT 1)sql"};
const db::Query kAlarms{"trace.factory_alarms", R"sql(
    SELECT kind, station, authorisation, serial, detail, raised_at, entry_id FROM factory_alarm
     WHERE raised_at > $1 AND raised_at <= $2 ORDER BY raised_at DESC, alarm_id DESC LIMIT $3)sql"};
const db::Query kDebugSessions{"trace.open_debug_sessions", R"sql(
    SELECT r.digest, k.name, r.body, r.expires_at
      FROM signing_key AS k JOIN signing_request AS r ON r.key_id = k.key_id
     WHERE k.class = 'debug' AND r.kind = 'sign'
       AND (SELECT COUNT(*) FROM signature AS s WHERE s.request_id = r.request_id AND s.signed_at <= $1) > 0
       AND (SELECT COUNT(*) FROM debug_closing AS c WHERE c.request_id = r.request_id AND c.closed_at <= $1) = 0
     ORDER BY r.expires_at, r.request_id LIMIT $2)sql"};

constexpr std::int64_t kCountMax = 10'000, kSessionsMax = 100;

std::string text_in(const Json& json, std::initializer_list<std::string_view> path) {
  const auto* at = &json;
  for (const auto name : path) {
    const auto* object = at->if_object();
    at = object ? object->if_contains(name) : nullptr;
    if (!at) return {};
  }
  const auto* text = at->if_string();
  return text ? std::string(*text) : std::string();
}

}  // namespace

Result<std::vector<DutyStore::Ca>> DutyStore::authorities() const {
  return db_.select(
      kAuthorities,
      [](const db::Row& row) {
        return Ca{row.int64(0), row.int64(1), row.string(2), row.string(3)};
      },
      as_of_.micros());
}

Result<JsonArray> DutyStore::ending(std::string_view key, Time from, Time until) const {
  HF_TRY(const auto all, authorities());
  JsonArray list;
  for (const auto& ca : all) {
    if (!key.empty() && ca.key != key) continue;
    HF_TRY(auto found, db_.find(
                           kEnding,
                           [&](const db::Row& row) {
                             const auto count = row.int64(0);
                             return JsonObject{
                                 {"ca", ca.name},
                                 {"certificates", count},
                                 {"more", count == kCountMax},
                                 {"first", count > 0 ? Json(format_rfc3339(row.time(1))) : Json(nullptr)}};
                           },
                           ca.id, from, until, as_of_.micros(), kCountMax));
    if (found && found->at("certificates").get_int64() > 0) list.push_back(*std::move(found));
  }
  return list;
}

Result<JsonArray> DutyStore::crls(Time now, Time until) const {
  struct Due {
    std::string ca;
    std::int64_t shard;
    Time next_update;
  };
  HF_TRY(const auto all, authorities());
  std::vector<Due> due;
  for (const auto& ca : all)
    for (std::int64_t shard = 0; shard < ca.shards; ++shard) {
      HF_TRY(const auto next,
             db_.find(
                 kNewestCrl, [](const db::Row& row) { return row.time(0); }, ca.id, shard, as_of_.micros()));
      if (next && *next < until) due.push_back({ca.name, shard, *next});
    }
  std::ranges::stable_sort(due, {}, &Due::next_update);
  JsonArray list;
  for (const auto& one : due)
    list.push_back(JsonObject{{"ca", one.ca},
                              {"shard", one.shard},
                              {"next_update", format_rfc3339(one.next_update)},
                              {"overdue", one.next_update <= now}});
  return list;
}

Result<JsonArray> DutyStore::alarms(Time since, std::int64_t limit) const {
  JsonArray list;
  HF_CHECK(db_.each(
      kAlarms,
      [&](const db::Row& row) {
        list.push_back(JsonObject{{"kind", row.text(0)},
                                  {"station", row.text(1)},
                                  {"authorisation", row.text(2).empty() ? Json(nullptr) : Json(row.text(2))},
                                  {"serial", row.text(3)},
                                  {"detail", row.text(4)},
                                  {"raised_at", format_rfc3339(row.time(5))},
                                  {"entry", row.int64(6)}});
        return true;
      },
      since, as_of_.micros(), limit));
  return list;
}

Result<JsonArray> DutyStore::debug_sessions(Time now) const {
  JsonArray list;
  HF_CHECK(db_.each(
      kDebugSessions,
      [&](const db::Row& row) {
        const auto body = parse_json(row.text(2));
        const auto request = body ? *body : Json(nullptr);
        const auto person = text_in(request, {"person"});
        list.push_back(JsonObject{{"digest", row.text(0)},
                                  {"key", row.text(1)},
                                  {"person", person.empty() ? text_in(request, {"requester"}) : person},
                                  {"device", text_in(request, {"view", "facts", "device"})},
                                  {"expires_at", format_rfc3339(row.time(3))},
                                  {"overdue", row.time(3) <= now}});
        return true;
      },
      as_of_.micros(), kSessionsMax));
  return list;
}

}  // namespace hf::trace
