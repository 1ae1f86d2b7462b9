// One walk over a whole JSON text that holds it to a grammar. Everything is looked at: well-formedness, duplicate
// members, types, forms, required members, unique items, names and references.
#pragma once

#include <vector>

#include "sbom/grammar/grammar.h"
#include "sbom/ondemand.h"
#include "sbom/parse.h"

namespace hf::sbom::grammar {

struct Outcome {
  bool stopped = false;           // not JSON, or over a limit: the one finding says why, and nothing else is known
  std::vector<Finding> findings;  // empty: the document is accepted
  std::vector<Finding> warnings;  // references to names that the document does not define
  std::size_t longest_list = 0;   // items in the longest array of objects
};

// `elsewhere` tells for a reference whether it names something outside the document.
[[nodiscard]] Outcome check(json::od::document& document, std::string_view text, const Node& root, const Limits& limits,
                            bool (*elsewhere)(std::string_view reference));

}  // namespace hf::sbom::grammar
