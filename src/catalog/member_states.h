// Where "making available on the market" is that of the Regulation (Article 3(22) of (EU) 2024/2847: the Union market).
#pragma once

#include <algorithm>
#include <string_view>

namespace hf::catalog {

// The Member States by ISO 3166-1 alpha-2 code, as of 2020-02-01 (Treaty on European Union, Article 52; withdrawal
// agreement OJ L 29, 31.1.2020). The Union's own documents write EL for Greece, ISO 3166-1 and this system GR.
inline constexpr std::string_view kMemberStates[] = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES",
                                                     "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
                                                     "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"};
[[nodiscard]] constexpr bool is_member_state(std::string_view market) {
  return std::binary_search(std::begin(kMemberStates), std::end(kMemberStates), market);
}

}  // namespace hf::catalog
