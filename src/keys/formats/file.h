// Files of artifacts: read by place, in pieces; written beside and put in place whole.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace hf::keys {

// One open descriptor: what is read twice is of one file, whatever happens to its name. HF-FORMAT-0002 if it is not a
// readable regular file, or shorter than was asked for.
class SourceFile {
 public:
  [[nodiscard]] static Result<SourceFile> open(const std::filesystem::path& path);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Result<Bytes> read(std::uint64_t offset, std::size_t size) const;
  // The whole file. HF-FORMAT-0005 if larger.
  [[nodiscard]] Result<Bytes> read_all(std::size_t size_max) const;
  // In pieces of at most 1 MiB, in order.
  [[nodiscard]] Result<void> each(std::uint64_t offset, std::uint64_t size,
                                  const std::function<Result<void>(ByteView)>& visit) const;
  [[nodiscard]] Result<Bytes> digest(crypto::Digest digest, std::uint64_t offset, std::uint64_t size) const;

 private:
  SourceFile(std::shared_ptr<Descriptor> descriptor, std::uint64_t size)
      : descriptor_(std::move(descriptor)), size_(size) {}
  std::shared_ptr<Descriptor> descriptor_;
  std::uint64_t size_;
};

// Written under another name in the same folder; gone unless it is kept. HF-FORMAT-0003.
class TargetFile {
 public:
  [[nodiscard]] static Result<TargetFile> create(const std::filesystem::path& path);
  ~TargetFile();
  TargetFile(TargetFile&&) noexcept = default;
  TargetFile& operator=(TargetFile&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return part_; }  // where it is now
  [[nodiscard]] Result<void> write(ByteView bytes);
  [[nodiscard]] Result<void> fill(std::uint64_t count, std::uint8_t byte);
  [[nodiscard]] Result<void> copy(const SourceFile& source, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] Result<void> keep();  // on disk, under its name, when it returns

 private:
  TargetFile(std::filesystem::path path, std::filesystem::path part, int fd)
      : path_(std::move(path)), part_(std::move(part)), descriptor_(std::make_unique<Descriptor>(fd)) {}
  std::filesystem::path path_, part_;
  std::unique_ptr<Descriptor> descriptor_;
};

}  // namespace hf::keys
