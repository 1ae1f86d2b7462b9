// A request body that stays in memory while it is small and moves to an unnamed file when it grows, so that a
// 256 MB document costs page cache and not heap. The reader sees one contiguous text either way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::net {

class Body {
 public:
  Body() = default;
  explicit Body(std::string text) : memory_(std::move(text)) {}
  Body(Body&& other) noexcept;
  Body& operator=(Body&& other) noexcept;
  ~Body();

  // Writer's side. Past `memory_max` bytes the content goes to a file in `directory` (O_TMPFILE, no name).
  // HF-HTTP-0021 if the disk refuses.
  [[nodiscard]] Result<void> append(std::string_view bytes, std::size_t memory_max, const std::string& directory);
  [[nodiscard]] Result<void> finish();  // maps the file

  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] std::uint64_t size() const { return descriptor_ < 0 ? memory_.size() : size_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] bool in_file() const { return descriptor_ >= 0; }

 private:
  [[nodiscard]] Result<void> spill(const std::string& directory);
  [[nodiscard]] Result<void> write(std::string_view bytes);

  std::string memory_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  const char* map_ = nullptr;
};

}  // namespace hf::net
