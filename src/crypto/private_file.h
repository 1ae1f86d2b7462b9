// Small files that only their owner may read: PINs and what stands beside them.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "crypto/secret.h"

namespace hf::crypto {

// HF-FILE-0001 if it cannot be read, HF-FILE-0002 if it is not a regular file of this user (or root) that group and
// others have no rights to (modes 0600 and 0400; systemd credentials are such), HF-FILE-0003 if larger than size_max.
[[nodiscard]] Result<Secret> read_private_file(const std::filesystem::path& path, std::size_t size_max);
// To the end of an open descriptor, whose rights are its giver's affair. Does not close it.
[[nodiscard]] Result<Secret> read_private_fd(int descriptor, std::size_t size_max);

// Mode 0600, complete or not at all, on disk when it returns. HF-FILE-0004.
[[nodiscard]] Result<void> write_private_file(const std::filesystem::path& path, ByteView content);
// Makes what the directory lists durable. HF-FILE-0004.
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& path);

// A PIN: the content without one final newline, 1 to 255 printable bytes. HF-FILE-0001 to 0003, HF-PIN-0001.
[[nodiscard]] Result<Secret> read_pin_file(const std::filesystem::path& path);
[[nodiscard]] Result<Secret> read_pin_fd(int descriptor);

// One holder among all processes, waited for. Let go of when the holder dies, so a crash leaves no stale lock.
class FileLock {
 public:
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  explicit operator bool() const { return fd_ >= 0; }  // false: errno says why

 private:
  int fd_;
};

}  // namespace hf::crypto
