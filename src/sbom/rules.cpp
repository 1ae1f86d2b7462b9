#include "sbom/rules.h"

#include <array>

#include "sbom/grammar/texts.h"

namespace hf::sbom {
namespace {

using grammar::Grammar;

template <std::size_t N>
const Grammar& pick(const std::array<Grammar, N>& all, const std::array<std::string_view, N>& versions,
                    std::string_view version) {
  std::size_t at = 0;
  while (at + 1 < N && versions[at] != version) ++at;
  return all[at];
}

const Grammar& cyclonedx(std::string_view version) {
  static constexpr std::array<std::string_view, 5> kVersions{"1.2", "1.3", "1.4", "1.5", "1.6"};
  static const auto texts = grammar::texts_of("cyclonedx");
  static const std::array<Grammar, 5> all{Grammar(texts, "1.2"), Grammar(texts, "1.3"), Grammar(texts, "1.4"),
                                          Grammar(texts, "1.5"), Grammar(texts, "1.6")};
  return pick(all, kVersions, version);
}

const Grammar& spdx2(std::string_view version) {
  static const auto texts = grammar::texts_of("spdx2");
  static const std::array<Grammar, 2> all{Grammar(texts, "2.2"), Grammar(texts, "2.3")};
  return all[version == "2.2" ? 0 : 1];
}

// CycloneDX: a BOM-Link names an object of another BOM.
bool outside_cyclonedx(std::string_view reference) { return reference.starts_with("urn:cdx:"); }

// SPDX 2: the special values, and elements of a document that externalDocumentRefs lists.
bool outside_spdx2(std::string_view reference) {
  return reference == "NONE" || reference == "NOASSERTION" || reference.starts_with("DocumentRef-");
}

// SPDX 3: the licence list, and individuals of the model itself (NoAssertionElement, NoneLicense, ...).
bool outside_spdx3(std::string_view reference) {
  return reference.starts_with("https://spdx.org/licenses/") || reference.starts_with("http://spdx.org/licenses/") ||
         reference.starts_with("https://spdx.org/rdf/3.0.") || reference.find(':') == std::string_view::npos;
}

}  // namespace

const grammar::Node& grammar_of(const Claimed& claimed) {
  switch (claimed.dialect) {
    case Dialect::cyclonedx: return cyclonedx(claimed.version).root();
    case Dialect::spdx2: return spdx2(claimed.version).root();
    case Dialect::spdx3: break;
  }
  static const Grammar spdx3(grammar::texts_of("spdx3"), "3.0");
  return spdx3.root();
}

Elsewhere elsewhere_of(const Claimed& claimed) {
  switch (claimed.dialect) {
    case Dialect::cyclonedx: return &outside_cyclonedx;
    case Dialect::spdx2: return &outside_spdx2;
    case Dialect::spdx3: return &outside_spdx3;
  }
  return &outside_cyclonedx;
}

}  // namespace hf::sbom
