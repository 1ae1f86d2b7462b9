// What each package type demands of its parts (the 42 type definitions of package-url/purl-spec v1.0.1).
#pragma once

#include <string_view>

#include "vuln/identity/purl.h"

namespace hf::vuln {

// Letter case, separators: two spellings of one package become one.
void normalize_for_type(Purl& purl);
// Mistakes seen in the field that still name a package: a type written as a host, a scope encoded into the name.
void read_kindly(Purl& purl);
// The rule that the purl breaks, as a sentence; empty if none. Types without a definition have no rules.
[[nodiscard]] std::string_view broken_type_rule(const Purl& purl);

}  // namespace hf::vuln
