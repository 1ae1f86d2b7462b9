// holdfast station ..., at a factory; holdfast factory ..., at the manufacturer.
#pragma once

#include <span>

#include "base/text.h"
#include "cli/command.h"

namespace hf::factory {

[[nodiscard]] std::span<const cli::Command> station_commands();
[[nodiscard]] std::span<const cli::Command> factory_commands();

[[nodiscard]] Result<Bytes> read_file(std::string_view name, std::size_t max);
[[nodiscard]] Result<void> write_file(std::string_view name, ByteView bytes);  // whole or not at all
// The first block of a PEM file with this label, or the file itself if it has none and is DER.
[[nodiscard]] Result<Bytes> der_of_file(std::string_view name, std::string_view label);

}  // namespace hf::factory
