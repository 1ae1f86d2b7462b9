#include "blob/store.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/descriptor.h"

namespace hf::blob {
namespace {

constexpr int kLevel = 3;
constexpr unsigned long long kContentMax = 1ULL << 32;  // bytes that a stored frame may claim

auto storage_fails(const std::string& what) {
  return fail(ErrorKind::unavailable, "HF-BLOB-0003",
              "the blob directory cannot be written or read; check its disk and rights",
              what + ": " + std::strerror(errno));
}

Result<void> flush_directory(const std::string& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || fsync(directory.get()) != 0) return storage_fails(path);
  return {};
}

}  // namespace

std::string FileStore::path_of(const crypto::Sha256& name) const {
  const auto hex = to_hex(name);
  return directory_ + "/" + hex.substr(0, 2) + "/" + hex.substr(2);
}

Result<crypto::Sha256> FileStore::put(ByteView content) {
  static std::atomic<unsigned> serial{0};
  const auto name = crypto::sha256({content});
  const auto path = path_of(name);
  std::error_code error;
  if (std::filesystem::exists(path, error)) return name;
  const auto folder = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(folder, error);

  Bytes frame(ZSTD_compressBound(content.size()));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), kLevel));
  const auto beside = path + "." + std::to_string(getpid()) + "." + std::to_string(serial++) + ".new";
  {
    const Descriptor file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (file.get() < 0) return storage_fails(beside);
    const auto give_up = [&] {
      auto failed = storage_fails(beside);
      unlink(beside.c_str());
      return failed;
    };
    for (std::size_t at = 0; at < frame.size();) {
      const auto wrote = write(file.get(), frame.data() + at, frame.size() - at);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return give_up();
      at += std::size_t(wrote);
    }
    if (fsync(file.get()) != 0) return give_up();  // where space is given late, a full disk shows here
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return storage_fails(path);
  HF_CHECK(flush_directory(folder.string()));
  HF_CHECK(flush_directory(directory_));
  return name;
}

Result<Bytes> FileStore::get(const crypto::Sha256& name) {
  std::ifstream file(path_of(name), std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-BLOB-0001", "there is no content with the digest " + to_hex(name));
  const Bytes frame((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  const auto altered = [&] {
    return fail(ErrorKind::internal, "HF-BLOB-0002",
                "the content " + to_hex(name) + " was altered on disk; restore it from a backup");
  };
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kContentMax) return altered();
  Bytes content(std::size_t(size), 0);
  const auto got = ZSTD_decompress(content.data(), content.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) || got != size || crypto::sha256({content}) != name) return altered();
  return content;
}

}  // namespace hf::blob
