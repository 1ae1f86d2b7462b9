#include "factory/authorisation.h"

#include "pki/profile_digest.h"

namespace hf::factory {

bool stops(const FactoryHold& hold, const Scope& what) {
  const auto meets = [](const std::optional<std::string>& held, const std::optional<std::string>& asked) {
    return !held || !asked || *held == *asked;
  };
  return hold.product == what.product && meets(hold.batch, what.batch) && meets(hold.release, what.release) &&
         meets(hold.factory, what.factory);
}

Scope scope_of(const FactoryAuthorisation& authorisation) {
  return {authorisation.product, authorisation.batch, authorisation.release, authorisation.factory};
}

std::optional<std::string> profile_digest(std::string_view name) { return pki::profile_digest(name); }

std::string outside_window(const FactoryAuthorisation& authorisation, Time now) {
  if (now < authorisation.not_before) return "it begins at " + format_rfc3339(authorisation.not_before);
  if (now >= authorisation.not_after) return "it ended at " + format_rfc3339(authorisation.not_after);
  return {};
}

}  // namespace hf::factory
