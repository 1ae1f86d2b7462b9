// A set of 64-bit digests: what a document defines, in eight to sixteen bytes a name.
#pragma once

#include <cstdint>
#include <vector>

namespace hf::sbom::grammar {

class DigestSet {
 public:
  bool insert(std::uint64_t digest) {  // false when it was there
    if (digest == 0) digest = 1;
    if ((size_ + 1) * 2 > slots_.size()) grow();
    auto& slot = slots_[find(digest)];
    if (slot == digest) return false;
    slot = digest;
    ++size_;
    return true;
  }
  [[nodiscard]] bool contains(std::uint64_t digest) const {
    if (digest == 0) digest = 1;
    return !slots_.empty() && slots_[find(digest)] == digest;
  }

 private:
  [[nodiscard]] std::size_t find(std::uint64_t digest) const {
    const auto mask = slots_.size() - 1;
    auto at = digest & mask;
    while (slots_[at] != 0 && slots_[at] != digest) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    auto old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, 0);
    for (const auto digest : old)
      if (digest != 0) slots_[find(digest)] = digest;
  }

  std::vector<std::uint64_t> slots_;
  std::size_t size_ = 0;
};

}  // namespace hf::sbom::grammar
