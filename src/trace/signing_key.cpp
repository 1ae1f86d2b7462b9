#include <set>

#include "keys/register_json.h"
#include "trace/questions.h"

namespace hf::trace {

Result<JsonObject> Questions::signing_key(std::string_view name) const {
  HF_TRY(const auto key, key_uses_.key(name));
  if (!key)
    return fail(ErrorKind::not_found, "HF-TRACE-0001",
                "nothing is known of a key '" + std::string(name.substr(0, 64)) + "'");
  constexpr std::int64_t kNewest = 100;
  HF_TRY(auto versions, key_uses_.versions(key->id));
  HF_TRY(auto signatures, key_uses_.signatures(key->id, kNewest));
  HF_TRY(auto builds, key_uses_.builds(key->id));
  HF_TRY(const auto units, key_uses_.units(key->id));
  std::int64_t made = 0, total = 0;
  for (const auto& version : versions) made += version.at("signatures").get_int64();
  JsonArray markets;
  std::set<std::string> where;
  for (const auto& [market, devices] : units) {
    if (devices == 0) continue;
    markets.push_back(JsonObject{{"market", market}, {"devices", devices}});
    where.insert(market);
    total += devices;
  }
  // "If it leaks: 412,331 units in 14 Member States run one of the 3 builds that it signed."
  std::string sentence = counted(made, "signature", "signatures") + " made. ";
  sentence += builds.empty() ? "No build is known to hold one: register builds with their artifacts' digests."
                             : "If it leaks: " + counted(total, "unit", "units") + " in " + places(where) +
                                   (total == 1 ? " runs" : " run") + " one of the " +
                                   counted(std::int64_t(builds.size()), "build", "builds") + " that it signed.";
  return JsonObject{{"name", name},
                    {"sentence", std::move(sentence)},
                    {"class", key->key_class},
                    {"environment", key->environment},
                    {"owner", key->owner},
                    {"deputy", key->deputy},
                    {"charter_sha256", key->charter},
                    {"versions", std::move(versions)},
                    {"builds", std::move(builds)},
                    {"devices", JsonObject{{"total", total}, {"by_market", std::move(markets)}}},
                    {"signatures", made},
                    {"newest_signatures", std::move(signatures)},
                    {"at", as_of_.at ? Json(format_rfc3339(*as_of_.at)) : Json(nullptr)}};
}

Result<JsonObject> Questions::signing(Time now) const {
  using keys::RequestState;
  constexpr std::int64_t kShown = 100;
  HF_TRY(const auto page, keys::judged_requests(reader_, {{RequestState::waiting, RequestState::approved}, {}}, {},
                                                kShown, now, as_of_.at));
  JsonArray waiting, grants;
  for (const auto& item : page.items) {
    if (item.judgement.state == RequestState::waiting) waiting.push_back(keys::line_of(item));
    else if (item.stored.request.kind == keys::RequestKind::grant) grants.push_back(keys::line_of(item));
  }
  return JsonObject{{"waiting", std::move(waiting)}, {"grants", std::move(grants)}, {"more", page.next.has_value()}};
}

}  // namespace hf::trace
