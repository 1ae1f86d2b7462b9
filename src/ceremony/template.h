// Scripts as people write them: a JSON file with places that are filled in before it is approved. Some come with
// Holdfast (scripts/*.json).
//
// "{name}" within a text stands for a value that is given. People have a public_key in PEM instead of spki; members
// that are null may be left out; a profile's digest is that of this binary.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keys/formats/ceremony_script.h"

namespace hf::ceremony {

struct Filling {
  std::map<std::string, std::string, std::less<>> values{};  // of "{name}"
  Json people{};                                             // a list, in place of the template's
};

// HF-CEREMONY-0019 for a place that nothing fills, or a value that no place has; HF-CEREMONY-0001.
[[nodiscard]] Result<keys::CeremonyScript> fill(const Json& source, const Filling& filling);
// The names of all places, in order.
[[nodiscard]] std::vector<std::string> places_of(const Json& source);

// (name, JSON text) of scripts/*.json; generated.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> embedded_scripts();
// One of these by name, or a file that was read. HF-CEREMONY-0020.
[[nodiscard]] Result<Json> template_named(std::string_view name);

}  // namespace hf::ceremony
