#include <map>
#include <set>

#include "keys/register_json.h"
#include "trace/questions.h"
#include "trace/rekeying.h"

namespace hf::trace {
namespace {

struct Reach {  // units by what can be done for them
  std::int64_t rekeyable = 0, stuck = 0, unknown = 0;

  void add(Rekeying rekeying, std::int64_t devices) {
    (rekeying == Rekeying::possible ? rekeyable : rekeying == Rekeying::impossible ? stuck : unknown) += devices;
  }
};

Json number_or_null(const std::optional<std::int64_t>& number) { return number ? Json(*number) : Json(nullptr); }

JsonArray anchors_json(const std::vector<KeyUseStore::Anchor>& anchors) {
  JsonArray list;
  for (const auto& anchor : anchors) {
    std::int64_t devices = 0;
    for (const auto& [market, count] : anchor.devices) devices += count;
    const auto slots = slots_of(anchor);
    list.push_back(JsonObject{{"hardware_revision", anchor.hardware_revision},
                              {"version", anchor.version},
                              {"fused", anchor.fused},
                              {"platform", anchor.platform.empty() ? Json(nullptr) : Json(anchor.platform)},
                              {"slots", number_or_null(slots.total)},
                              {"slots_used", anchor.slots_used},
                              {"slots_left", number_or_null(slots.left)},
                              {"slots_from", slots.from},
                              {"rekeyable", slots.rekeying == Rekeying::possible},
                              {"rekeying", name_of(slots.rekeying)},
                              {"devices", devices}});
  }
  return list;
}

// What a leak means for the units that trust the key. A revision that trusts two versions counts once: as the better of
// the two, for one that can be replaced is enough.
JsonObject leak_json(const std::vector<KeyUseStore::Anchor>& anchors) {
  std::map<std::string, std::pair<const KeyUseStore::Anchor*, Rekeying>> of_revision;
  for (const auto& anchor : anchors) {
    const auto rekeying = slots_of(anchor).rekeying;
    auto& kept = of_revision[anchor.hardware_revision];
    if (!kept.first || rekeying == Rekeying::possible ||
        (rekeying == Rekeying::unknown && kept.second == Rekeying::impossible))
      kept = {&anchor, rekeying};
  }
  std::map<std::string, Reach> markets;
  Reach all;
  for (const auto& [revision, kept] : of_revision)
    for (const auto& [market, devices] : kept.first->devices) {
      markets[market].add(kept.second, devices);
      all.add(kept.second, devices);
    }
  JsonArray by_market;
  for (const auto& [market, reach] : markets)
    by_market.push_back(JsonObject{
        {"market", market}, {"rekeyable", reach.rekeyable}, {"stuck", reach.stuck}, {"unknown", reach.unknown}});
  const auto total = all.rekeyable + all.stuck + all.unknown;
  std::string sentence;
  if (anchors.empty()) {
    sentence = "What verifies with it is not recorded: 'holdfast key trust' says which hardware revisions do.";
  } else if (all.rekeyable == total) {
    sentence = counted(total, "unit trusts", "units trust") + " it, and can all be given another key.";
  } else {
    sentence = counted(total, "unit trusts", "units trust") +
               " it: " + counted(all.rekeyable, "can be given another key", "can be given another key");
    if (all.stuck > 0)
      sentence += ", " + counted(all.stuck, "cannot", "cannot") + ", because the key is burned in and no slot is left";
    if (all.unknown > 0)
      sentence += ", and of " + std::to_string(all.unknown) + " it is not known whether the silicon allows it";
    sentence += ".";
  }
  return {{"sentence", std::move(sentence)},
          {"rekeyable", all.rekeyable},
          {"stuck", all.stuck},
          {"unknown", all.unknown},
          {"by_market", std::move(by_market)}};
}

}  // namespace

Result<JsonObject> Questions::signing_key(std::string_view name, Time now) const {
  HF_TRY(const auto key, key_uses_.key(name));
  if (!key)
    return fail(ErrorKind::not_found, "HF-TRACE-0001",
                "nothing is known of a key '" + std::string(name.substr(0, 64)) + "'");
  constexpr std::int64_t kNewest = 100;
  HF_TRY(auto versions, key_uses_.versions(key->id));
  HF_TRY(auto signatures, key_uses_.signatures(key->id, kNewest));
  HF_TRY(auto builds, key_uses_.builds(key->id));
  HF_TRY(const auto units, key_uses_.units(key->id));
  HF_TRY(const auto anchors, key_uses_.anchors(key->id));
  constexpr std::chrono::hours kYear{24 * 365};
  const auto at = as_of_.at.value_or(now);
  HF_TRY(auto certificates, duties_.ending(name, at, at + kYear));
  HF_TRY(const auto incident, keys::IncidentStore(reader_, as_of_.at).open(key->id));
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
  Json frozen = nullptr;
  if (incident) {
    auto object = keys::to_json(*incident);
    HF_TRY(const auto suspect, key_uses_.signatures_since(key->id, incident->effective_at));
    object["suspect_signatures"] = suspect;
    frozen = std::move(object);
    sentence = "Frozen, suspect since " + format_rfc3339(incident->effective_at) + ". " + sentence;
  }
  return JsonObject{{"name", name},
                    {"sentence", std::move(sentence)},
                    {"frozen", std::move(frozen)},
                    {"certificates", std::move(certificates)},
                    {"leak", leak_json(anchors)},
                    {"anchors", anchors_json(anchors)},
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
  HF_TRY(const auto broken, keys::unratified(reader_, kShown, now, as_of_.at));
  JsonArray unratified;
  for (const auto& item : broken) unratified.push_back(keys::line_of(item));
  return JsonObject{{"waiting", std::move(waiting)},
                    {"grants", std::move(grants)},
                    {"unratified", std::move(unratified)},
                    {"more", page.next.has_value()}};
}

}  // namespace hf::trace
