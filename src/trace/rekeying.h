// Whether units that trust a key can be given another. Pure.
//
// A key that an update can replace always can. Of burned keys the silicon has so many slots: as somebody said when the
// anchor was recorded, else as the catalogue of platforms has it. A free slot helps only if the key that leaked can be
// revoked; what the catalogue does not know of either is unknown, and not no.
#pragma once

#include <optional>
#include <string>

#include "trace/key_use_store.h"

namespace hf::trace {

enum class Rekeying { possible, impossible, unknown };
[[nodiscard]] std::string_view name_of(Rekeying rekeying);  // "yes", "no", "unknown"

struct Slots {
  Rekeying rekeying = Rekeying::impossible;
  std::optional<std::int64_t> total, left;  // absent: unknown, or the key is not burned in
  std::string from;                         // where the figure is from, in words
};
[[nodiscard]] Slots slots_of(const KeyUseStore::Anchor& anchor);

}  // namespace hf::trace
