// Parts of the sentences that answer first.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace hf::trace {

// "412,331": digits in groups.
[[nodiscard]] std::string grouped(std::int64_t number);
// "1 unit", "412,331 units".
[[nodiscard]] std::string counted(std::int64_t number, std::string_view noun, std::string_view plural);
// "14 Member States", "14 Member States and 2 other markets", "1 market outside the Union": Article 14 asks for the
// Member States, and what is sold elsewhere is not one.
[[nodiscard]] std::string places(const std::set<std::string>& markets);

}  // namespace hf::trace
