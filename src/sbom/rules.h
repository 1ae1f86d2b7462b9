// The grammar of a format and version, and what its references may name outside the document.
#pragma once

#include "sbom/detect.h"
#include "sbom/grammar/grammar.h"

namespace hf::sbom {

[[nodiscard]] const grammar::Node& grammar_of(const Claimed& claimed);  // compiled on first use, kept
using Elsewhere = bool (*)(std::string_view reference);
[[nodiscard]] Elsewhere elsewhere_of(const Claimed& claimed);

}  // namespace hf::sbom
