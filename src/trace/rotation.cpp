#include <algorithm>
#include <map>
#include <set>

#include "keys/register_json.h"
#include "keys/rotation.h"
#include "trace/questions.h"

namespace hf::trace {
namespace {

// Units of hardware revisions that verify with the old version and not with the new one, by market: what the new one
// signs, they refuse.
std::map<std::string, std::int64_t> trust_only(const std::vector<KeyUseStore::Anchor>& anchors, std::int64_t from,
                                               std::int64_t to) {
  std::set<std::string> new_too;
  for (const auto& anchor : anchors)
    if (anchor.version == to) new_too.insert(anchor.hardware_revision);
  std::map<std::string, std::int64_t> markets;
  for (const auto& anchor : anchors)
    if (anchor.version == from && !new_too.contains(anchor.hardware_revision))
      for (const auto& [market, devices] : anchor.devices) markets[market] += devices;
  return markets;
}

}  // namespace

Result<JsonObject> Questions::rotation(std::string_view name, Time now) const {
  constexpr std::int64_t kShown = 100;
  HF_TRY(const auto key, keys::Store(reader_).key(name));
  if (!key) return fail(keys::no_key(name));
  const auto& versions = key->charter.versions;
  const auto active = std::ranges::find(versions, keys::VersionState::active, &keys::KeyVersion::state);
  if (active == versions.end())
    return fail(ErrorKind::conflict, "HF-KEYS-0034", "no version of the key signs: there is nothing to rotate from");
  HF_TRY(const auto prepared, keys::prepared_version(reader_, *key));
  const std::int64_t to =
      prepared ? prepared->version : std::ranges::max_element(versions, {}, &keys::KeyVersion::version)->version + 1;
  using keys::RequestState;
  HF_TRY(const auto open,
         keys::judged_requests(reader_, {{RequestState::waiting, RequestState::approved}, std::string(name)}, {},
                               kShown, now));
  JsonArray grants, requests;
  for (const auto& item : open.items)
    (item.stored.request.kind == keys::RequestKind::grant ? grants : requests).push_back(keys::line_of(item));
  HF_TRY(auto builds, key_uses_.builds(key->id, active->version));
  HF_TRY(const auto anchors, key_uses_.anchors(key->id));
  JsonArray markets;
  std::set<std::string> where;
  std::int64_t units = 0;
  for (const auto& [market, devices] : trust_only(anchors, active->version, to)) {
    markets.push_back(JsonObject{{"market", market}, {"devices", devices}});
    where.insert(market);
    units += devices;
  }
  std::string sentence = "Version " + std::to_string(to) + (prepared ? " is prepared and" : " would be made and");
  sentence += " would sign instead of version " + std::to_string(active->version) + ". " +
              counted(std::int64_t(grants.size()), "grant", "grants") + " and " +
              counted(std::int64_t(requests.size()), "request", "requests") + " would end. ";
  sentence += anchors.empty() ? "What verifies with it is not recorded: 'holdfast key trust' says which revisions do."
              : units == 0
                  ? std::string("No unit is known that trusts the old version alone.")
                  : counted(units, "unit", "units") + " in " + places(where) + (units == 1 ? " trusts" : " trust") +
                        " the old version alone, and would refuse what the new "
                        "one signs.";
  return JsonObject{{"name", name},
                    {"from", active->version},
                    {"to", to},
                    {"prepared", prepared.has_value()},
                    {"sentence", std::move(sentence)},
                    {"grants", std::move(grants)},
                    {"requests", std::move(requests)},
                    {"more", open.next.has_value()},
                    {"builds", std::move(builds)},
                    {"trust_only_old", JsonObject{{"devices", units}, {"by_market", std::move(markets)}}}};
}

}  // namespace hf::trace
