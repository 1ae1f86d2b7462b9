// (What a component claims) x (what records say) = findings. Pure: the same inputs give the same findings, for ever.
//
// Several records, and several statements of one record, may speak about one component and one vulnerability. They
// are weighed in this order:
//   1. the document's own word: embedded VEX, then patch claims. It was written by whoever built this component.
//   2. "affected" by a record that is about this product for certain.
//   3. "unaffected" by such a record.
//   4. what such a record leaves open: unknown.
//   5. a candidate: the same product name from a maker who may be another one. Never more than unknown.
// Every other ground is kept beside the one that decided, so that a contradiction between sources is visible.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vuln/match/component_set.h"
#include "vuln/match/configuration.h"
#include "vuln/match/statement.h"
#include "vuln/match/vendor.h"

namespace hf::vuln {

enum class State : std::uint8_t { affected, not_affected, fixed, under_investigation, unknown };
[[nodiscard]] std::string_view name_of(State state);

struct Ground {
  Outcome outcome = Outcome::unknown;
  Why why = Why::version;
  Identity identity = Identity::exact;
  std::uint32_t component = 0;
  std::size_t claim = 0;   // index into Subject::claims; npos for vex and patch
  std::size_t record = 0;  // index into the records given; npos for vex and patch
  std::string pointer{};   // into the record
  std::string container{};
  std::string range{};
  Scheme scheme = Scheme::generic;
  Reading reading = Reading::stated;
  std::vector<std::string> platforms{};
  std::string note{};  // vex: state and justification as written; patch: where the patch is

  static constexpr std::size_t npos = std::size_t(-1);
};

struct VexClaim {
  std::string vulnerability{};
  std::vector<std::string> aliases{};
  State state = State::unknown;
  std::string note{};  // the format's own words: state, justification, impact
  std::vector<std::uint32_t> components{};
};

struct Finding {
  std::uint32_t component = 0;
  std::string vulnerability{};         // a CVE id where one is known
  std::vector<std::string> aliases{};  // the other ids, sorted
  State state = State::unknown;
  Ground ground{};                     // the one that decided
  std::vector<Ground> others{};        // the rest, strongest first
  std::vector<std::size_t> records{};  // all that speak about it, indices into the records given
};

// 5 (the document's own word) to 0 (an alike name that is not covered: says nothing), in the order above.
[[nodiscard]] int weight_of(Outcome outcome, Why why, Identity identity);
// Of two grounds about one vulnerability and one component, the one that decides.
[[nodiscard]] bool heavier(const Ground& a, const Ground& b);
// What an assessment is that rests on this ground.
[[nodiscard]] State state_of(const Ground& ground);

// What one record says about the components of a set that share a key with it.
[[nodiscard]] std::vector<Ground> grounds_of(const Advisory& record, std::size_t index, const ComponentSet& set,
                                             const ProductDictionary& dictionary);

struct EvaluateOptions {
  bool all = false;  // also what is not affected only because its version is outside every range
};

// Ordered by component, then vulnerability.
[[nodiscard]] std::vector<Finding> evaluate(const std::vector<Advisory>& records, const ComponentSet& set,
                                            const std::vector<VexClaim>& vex, const ProductDictionary& dictionary,
                                            const EvaluateOptions& options = {});

}  // namespace hf::vuln
