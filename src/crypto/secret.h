// Bytes that must not outlive their use: PINs, passwords, keys. Kept in OpenSSL's locked heap (mlock, left out of core
// dumps) while it has room, wiped when they go. No copies, no printing.
#pragma once

#include <string_view>
#include <utility>

#include "base/text.h"

namespace hf::crypto {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::size_t size);  // zeroes
  explicit Secret(ByteView bytes);
  ~Secret() { wipe(); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    std::swap(data_, other.data_), std::swap(size_, other.size_);
    return *this;
  }

  [[nodiscard]] std::uint8_t* data() { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] ByteView bytes() const { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const { return text_of(bytes()); }

 private:
  void wipe();

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// Wipes memory that is not a Secret, in a way that the compiler may not leave out.
void cleanse(std::span<std::uint8_t> bytes);
void cleanse(std::string& text);

}  // namespace hf::crypto
