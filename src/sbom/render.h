// A document as the CLI and the API show it.
#pragma once

#include <iosfwd>
#include <string>

#include "base/json.h"
#include "sbom/types.h"

namespace hf::sbom {

[[nodiscard]] Json to_json(const Component& component, const Document& document);
[[nodiscard]] Json to_json(const Edge& edge);
[[nodiscard]] Json to_json(const VexStatement& statement);

// {format, spec_version, components, dependencies, vex, unidentified}: one line an item, so that a large document is
// written without a second copy of it in memory.
void write_json(const Document& document, std::ostream& out);
void write_table(const Document& document, std::ostream& out);  // for people

}  // namespace hf::sbom
