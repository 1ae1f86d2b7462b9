// One tar.zst, written and read in order, with the SHA-256 of each file on the way (POSIX pax, RFC 8878).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "crypto/sha256.h"

struct archive;

namespace hf::instance {

struct Written {
  std::string name;
  std::uint64_t size = 0;
  crypto::Sha256 sha256{};
};

class TarWriter {
 public:
  // Mode 0600. HF-BACKUP-0001 the file exists, HF-BACKUP-0002 it cannot be written.
  static Result<TarWriter> create(const std::filesystem::path& path);
  TarWriter(TarWriter&&) noexcept;
  TarWriter& operator=(TarWriter&&) noexcept;
  ~TarWriter();  // what was not finished is removed

  Result<Written> add_file(const std::string& name, const std::filesystem::path& source);
  Result<Written> add_text(const std::string& name, std::string_view text);
  Result<void> finish();  // whole and on disk when it returns

 private:
  explicit TarWriter(std::filesystem::path path);
  Result<void> header(const std::string& name, std::uint64_t size);
  Result<void> data(ByteView bytes);

  std::filesystem::path path_, draft_;
  int fd_ = -1;
  struct archive* archive_ = nullptr;
};

// Reads the file's bytes in pieces; empty at its end.
using Piece = std::function<Result<ByteView>()>;
// Each file in order. HF-BACKUP-0003: not such an archive, cut off, or with anything but files.
Result<void> for_each_file(const std::filesystem::path& tar,
                           const std::function<Result<void>(const std::string& name, const Piece& next)>& visit);

}  // namespace hf::instance
