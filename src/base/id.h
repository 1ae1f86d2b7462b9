// One id type per kind of thing: a ProductId cannot be passed where a BuildId is meant.
#pragma once

#include <compare>
#include <cstdint>

namespace hf {

template <class Kind>
struct Id {
  std::int64_t value = 0;
  friend auto operator<=>(const Id&, const Id&) = default;
};

}  // namespace hf
