// The table of all signature containers.
#pragma once

#include "keys/formats/format.h"

namespace hf::keys {

[[nodiscard]] std::span<const Format* const> formats();          // in the order in which a file is tried
[[nodiscard]] const Format* find_format(std::string_view name);  // null: there is none of that name
[[nodiscard]] std::string format_names();                        // "raw, mcuboot": for messages
// Of a file, by its first bytes. HF-FORMAT-0002; HF-FORMAT-0010 if it looks like none.
[[nodiscard]] Result<const Format*> recognize_format(const std::filesystem::path& file);

}  // namespace hf::keys
