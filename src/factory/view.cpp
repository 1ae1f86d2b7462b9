#include "factory/view.h"

#include <algorithm>

namespace hf::factory {

std::int64_t AuthorisationSight::used() const {
  std::int64_t sum = 0;
  for (const auto& one : stations) sum += one.used();
  return sum;
}
std::int64_t AuthorisationSight::left() const {
  std::int64_t sum = 0;
  for (const auto& one : stations) sum += one.left;
  return sum;
}
std::int64_t AuthorisationSight::missing() const {
  std::int64_t sum = 0;
  for (const auto& one : stations) sum += one.missing;
  return sum;
}

Result<AuthorisationSight> sight_of(const db::Reader& reader, StoredAuthorisation stored) {
  constexpr std::int64_t kReconciliationsShown = 20;
  const Store store(reader);
  const ViewStore view(reader);
  const auto order = stored.authorisation;
  AuthorisationSight sight;
  sight.stored = std::move(stored);
  for (const auto& one : order.stations)
    sight.stations.push_back({.station = one.key, .count = one.count, .epoch = one.epoch});
  const auto station = [&](const std::string& name) -> StationSight& {
    const auto found = std::ranges::find(sight.stations, name, &StationSight::station);
    if (found != sight.stations.end()) return *found;
    return sight.stations.emplace_back(StationSight{.station = name, .authorised = false});
  };
  HF_TRY(const auto counts, store.counts(order.id));
  for (const auto& one : counts) {
    auto& at = station(one.station);
    (one.state == "reserved"    ? at.reserved
     : one.state == "issued"    ? at.issued
     : one.state == "activated" ? at.activated
                                : at.voided) += one.identities;
  }
  HF_TRY(const auto closings, store.closings(order.id));
  for (const auto& one : closings) station(one.station).closing = one;
  for (auto& one : sight.stations) {
    HF_TRY(one.last_use, store.last_use(order.id, one.station));
    // A number that a station gave back for a token that signed nothing is told again: it stands twice, once void.
    one.missing = std::max<std::int64_t>(0, one.last_use - one.used() - one.voided);
    one.left = one.closing ? 0 : std::max<std::int64_t>(0, one.count - std::max(one.last_use, one.used()));
    HF_TRY(auto bundles, view.bundles_of(one.station, 1));
    if (!bundles.empty()) one.newest = std::move(bundles.front());
  }
  HF_TRY(const auto holds, store.holds(order.product));
  for (const auto& one : holds)
    if (one.lives && stops(one.hold, scope_of(order))) sight.holds.push_back(one.hold);
  HF_TRY(sight.alarms, view.count_alarms(order.id));
  HF_TRY(sight.reconciliations, view.reconciliations(order.id, kReconciliationsShown));
  return sight;
}

std::string standing_of(const FactoryAuthorisation& order, const std::vector<FactoryHold>& holds, Time now) {
  for (const auto& one : holds)
    if (stops(one, scope_of(order))) return "on hold (" + std::to_string(one.sequence) + ")";
  auto outside = outside_window(order, now);
  return outside.empty() ? "live" : outside;
}

Result<HoldEffect> effect_of(const db::Reader& reader, const Scope& scope, Time now) {
  FactoryHold hold{.product = scope.product, .batch = scope.batch, .release = scope.release, .factory = scope.factory};
  HF_TRY(auto live, Store(reader).live_of(scope.product, now));
  HoldEffect effect;
  for (auto& one : live) {
    if (!stops(hold, scope_of(one.authorisation))) continue;
    HF_TRY(auto sight, sight_of(reader, std::move(one)));
    effect.left += sight.left();
    effect.authorisations.push_back(std::move(sight.stored));
  }
  return effect;
}

}  // namespace hf::factory
