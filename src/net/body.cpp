#include "net/body.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hf::net {
namespace {

auto refuse(const char* call) {
  return fail(ErrorKind::unavailable, "HF-HTTP-0021", "the server has no room for this request body; try again later",
              std::string(call) + ": " + std::strerror(errno));
}

}  // namespace

Body::Body(Body&& other) noexcept { *this = std::move(other); }

Body& Body::operator=(Body&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(map_, other.map_);
  return *this;
}

Body::~Body() {
  if (map_ != nullptr) ::munmap(const_cast<char*>(map_), size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> Body::append(std::string_view bytes, std::size_t memory_max, const std::string& directory) {
  if (descriptor_ >= 0) return write(bytes);
  if (memory_.size() + bytes.size() <= memory_max) {
    memory_.append(bytes);
    return {};
  }
  HF_CHECK(spill(directory));
  return write(bytes);
}

Result<void> Body::finish() {
  if (descriptor_ < 0 || size_ == 0) return {};
  void* map = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (map == MAP_FAILED) return refuse("mmap");
  map_ = static_cast<const char*>(map);
  return {};
}

std::string_view Body::text() const {
  if (descriptor_ < 0) return memory_;
  return map_ == nullptr ? std::string_view() : std::string_view(map_, size_);
}

Result<void> Body::spill(const std::string& directory) {
  descriptor_ = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return refuse("open O_TMPFILE");
  const auto memory = std::exchange(memory_, {});
  return write(memory);
}

Result<void> Body::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return refuse("write");
    bytes.remove_prefix(std::size_t(n));
    size_ += std::uint64_t(n);
  }
  return {};
}

}  // namespace hf::net
