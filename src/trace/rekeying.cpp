#include "trace/rekeying.h"

#include <algorithm>

#include "silicon/catalogue.h"

namespace hf::trace {
namespace {

// "silicon catalogue of 2026-11-23: espressif/esp-idf ... (derived mechanically ...)"
std::string catalogue_says(const silicon::RootKeys& keys) {
  const auto& all = silicon::catalogue();
  auto text = "silicon catalogue of " + all.generated();
  for (std::size_t i = 0; i < keys.sources.size(); ++i) text += (i == 0 ? ": " : ", ") + keys.sources[i].reference;
  if (const auto says = all.confidence(keys.confidence); !says.empty()) text += " (" + std::string(says) + ")";
  return text;
}

}  // namespace

std::string_view name_of(Rekeying rekeying) {
  return rekeying == Rekeying::possible ? "yes" : rekeying == Rekeying::impossible ? "no" : "unknown";
}

Slots slots_of(const KeyUseStore::Anchor& anchor) {
  if (!anchor.fused) return {Rekeying::possible, {}, {}, "an update can replace it"};
  const auto left_of = [&](std::int64_t total) { return std::max<std::int64_t>(total - anchor.slots_used, 0); };
  if (anchor.said_slots > 0) {
    const auto left = left_of(anchor.said_slots);
    return {left > 0 ? Rekeying::possible : Rekeying::impossible, anchor.said_slots, left, "said when it was recorded"};
  }
  if (anchor.platform.empty())
    return {Rekeying::impossible, 0, 0, "nobody has said how many slots there are, and no platform is named"};
  const auto* platform = silicon::catalogue().find(anchor.platform);
  if (!platform) return {Rekeying::unknown, {}, {}, "the silicon catalogue has no platform '" + anchor.platform + "'"};
  const auto& keys = platform->root_keys;
  if (!keys.slots)
    return {Rekeying::unknown, {}, {}, "unknown in the silicon catalogue of " + silicon::catalogue().generated()};
  const auto left = left_of(*keys.slots);
  auto from = catalogue_says(keys);
  if (left == 0) return {Rekeying::impossible, keys.slots, left, std::move(from)};
  if (!keys.revocable)
    return {Rekeying::unknown, keys.slots, left, std::move(from) + "; whether a key can be revoked is unknown"};
  if (!*keys.revocable) return {Rekeying::impossible, keys.slots, left, std::move(from) + "; no key can be revoked"};
  return {Rekeying::possible, keys.slots, left, std::move(from)};
}

}  // namespace hf::trace
