// The *.grammar files of one format, compiled into the program.
#pragma once

#include <string_view>
#include <vector>

namespace hf::sbom::grammar {

[[nodiscard]] std::vector<std::string_view> texts_of(std::string_view format);  // "cyclonedx", "spdx2", "spdx3"

}  // namespace hf::sbom::grammar
