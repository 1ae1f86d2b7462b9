// All text of one document in a few large blocks: a component has a dozen short strings, and a document a million.
// Views stay valid while the arena lives, also when it is moved.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace hf::sbom {

class TextArena {
 public:
  TextArena() = default;
  TextArena(TextArena&& other) noexcept { *this = std::move(other); }
  TextArena& operator=(TextArena&& other) noexcept {
    blocks_ = std::move(other.blocks_);
    free_ = std::exchange(other.free_, nullptr);
    left_ = std::exchange(other.left_, 0);
    next_ = std::exchange(other.next_, kFirst);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }

  [[nodiscard]] std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* to = reserve(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  // "a" + separator + "b", without a temporary.
  [[nodiscard]] std::string_view join(std::string_view a, std::string_view separator, std::string_view b) {
    char* const to = reserve(a.size() + separator.size() + b.size());
    char* at = std::copy(a.begin(), a.end(), to);
    at = std::copy(separator.begin(), separator.end(), at);
    at = std::copy(b.begin(), b.end(), at);
    return {to, static_cast<std::size_t>(at - to)};
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kFirst = 4096, kLargest = 1U << 20;

  char* reserve(std::size_t size) {
    if (size > left_) {
      const auto block = std::max(size, next_);
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
      free_ = blocks_.back().get();
      left_ = block;
      next_ = std::min(kLargest, next_ * 2);
    }
    char* const at = free_;
    free_ += size;
    left_ -= size;
    bytes_ += size;
    return at;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  std::size_t left_ = 0;
  std::size_t next_ = kFirst;
  std::size_t bytes_ = 0;
};

}  // namespace hf::sbom
