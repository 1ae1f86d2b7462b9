#include "keys/formats/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace hf::keys {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

auto unreadable(const std::string& what) { return fail(ErrorKind::not_found, "HF-FORMAT-0002", "no file: " + what); }
auto unwritten(const std::filesystem::path& path) {
  return fail(ErrorKind::unavailable, "HF-FORMAT-0003", "the file '" + path.string() + "' could not be written",
              std::strerror(errno));
}

}  // namespace

Result<SourceFile> SourceFile::open(const std::filesystem::path& path) {
  auto descriptor = std::make_shared<Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!*descriptor || ::fstat(descriptor->get(), &status) != 0 || !S_ISREG(status.st_mode))
    return unreadable("'" + path.string() + "' is not a regular file that can be read");
  return SourceFile(std::move(descriptor), std::uint64_t(status.st_size));
}

Result<Bytes> SourceFile::read(std::uint64_t offset, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) return unreadable("it ends before what it should hold");
  Bytes bytes(size);
  for (std::size_t at = 0; at < size;) {
    const auto count = ::pread(descriptor_->get(), bytes.data() + at, size - at, off_t(offset + at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return unreadable("it could not be read to its end");
    at += std::size_t(count);
  }
  return bytes;
}

Result<Bytes> SourceFile::read_all(std::size_t size_max) const {
  if (size_ > size_max)
    return fail(ErrorKind::limit, "HF-FORMAT-0005",
                "the file is larger than the " + std::to_string(size_max) + " bytes that are read of it");
  return read(0, std::size_t(size_));
}

Result<void> SourceFile::each(std::uint64_t offset, std::uint64_t size,
                              const std::function<Result<void>(ByteView)>& visit) const {
  if (offset > size_ || size > size_ - offset) return unreadable("it ends before what it should hold");
  while (size > 0) {
    const auto piece = std::size_t(std::min<std::uint64_t>(size, kPiece));
    HF_TRY(const auto bytes, read(offset, piece));
    HF_CHECK(visit(bytes));
    offset += piece, size -= piece;
  }
  return {};
}

Result<Bytes> SourceFile::digest(crypto::Digest digest, std::uint64_t offset, std::uint64_t size) const {
  crypto::DigestStream stream(digest);
  HF_CHECK(each(offset, size, [&](ByteView piece) -> Result<void> {
    stream.update(piece);
    return {};
  }));
  return stream.finish();
}

Result<TargetFile> TargetFile::create(const std::filesystem::path& path) {
  auto part = path.string() + ".XXXXXX";
  const int fd = ::mkostemp(part.data(), O_CLOEXEC);
  if (fd < 0) return unwritten(path);
  constexpr mode_t kReadable = 0644;
  TargetFile target(path, part, fd);
  if (::fchmod(fd, kReadable) != 0) return unwritten(path);
  return target;
}

TargetFile::~TargetFile() {
  if (descriptor_ && !part_.empty()) ::unlink(part_.c_str());
}

Result<void> TargetFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor_->get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return unwritten(path_);
    bytes = bytes.subspan(std::size_t(count));
  }
  return {};
}

Result<void> TargetFile::fill(std::uint64_t count, std::uint8_t byte) {
  const Bytes piece(std::size_t(std::min<std::uint64_t>(count, kPiece)), byte);
  for (; count > 0; count -= std::min<std::uint64_t>(count, piece.size()))
    HF_CHECK(write(ByteView(piece).first(std::size_t(std::min<std::uint64_t>(count, piece.size())))));
  return {};
}

Result<void> TargetFile::copy(const SourceFile& source, std::uint64_t offset, std::uint64_t size) {
  return source.each(offset, size, [&](ByteView piece) { return write(piece); });
}

Result<void> TargetFile::keep() {
  if (::fsync(descriptor_->get()) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) return unwritten(path_);
  part_.clear();
  return {};
}

}  // namespace hf::keys
