// NVD configurations over a set of components. Names are matched as NISTIR 7696 says, the tree is evaluated as
// NISTIR 7698 says, in three values: what the set leaves open stays open. Nothing is flattened. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vuln/match/component_set.h"
#include "vuln/match/statement.h"

namespace hf::vuln {

enum class Truth : std::uint8_t { no, open, yes };

// How one criteria of the record stands to one claim of a component.
struct CpeVerdict {
  Truth truth = Truth::no;
  Why why = Why::outside;              // version, outside, no_version, incomparable, underspecified
  Identity identity = Identity::none;  // none: another product
  Scheme scheme = Scheme::generic;
};
// `criteria`: what match.criteria reads as.
[[nodiscard]] CpeVerdict judge(const CpeMatch& match, const Cpe& criteria, const Claim& claim,
                               const ProductDictionary& dictionary);

// What the configuration says about one component: it is the vulnerable part (yes, open) or its version is outside.
struct ConfigurationVerdict {
  std::uint32_t component = 0;
  std::size_t claim = 0;
  Outcome outcome = Outcome::unknown;
  Why why = Why::version;
  Identity identity = Identity::none;
  std::string where{};  // below the configuration's pointer: "/nodes/0/cpeMatch/2"
  std::string range{};  // for people
  Scheme scheme = Scheme::generic;
  std::vector<std::string> platforms{};  // what else must be true, with "present", "absent" or "not described"
};
[[nodiscard]] std::vector<ConfigurationVerdict> evaluate(const Configuration& configuration, const ComponentSet& set,
                                                         const ProductDictionary& dictionary);

}  // namespace hf::vuln
