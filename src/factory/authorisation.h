// The rules of orders to factories (keys/formats/factory_order.h), as station and register both ask them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keys/formats/factory_order.h"

namespace hf::factory {

using keys::FactoryAuthorisation, keys::FactoryHold, keys::FactoryOrder;

// What a hold is of. Absent: all.
struct Scope {
  std::string product{};
  std::optional<std::string> batch{}, release{}, factory{};
};
// A hold stops what it names and everything below it. A release that an authorisation does not name may be the one that
// is held: then it is stopped too.
[[nodiscard]] bool stops(const FactoryHold& hold, const Scope& what);
[[nodiscard]] Scope scope_of(const FactoryAuthorisation& authorisation);

// SHA-256, hex, of the canonical JSON of a profile that comes with this binary. None if there is none of that name.
[[nodiscard]] std::optional<std::string> profile_digest(std::string_view name);

// Why the window does not allow it now. Empty: it does, from not_before to before not_after.
[[nodiscard]] std::string outside_window(const FactoryAuthorisation& authorisation, Time now);

}  // namespace hf::factory
