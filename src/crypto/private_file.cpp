#include "crypto/private_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"

namespace hf::crypto {
namespace {

constexpr std::size_t kPinMax = 255;

auto failed(std::string_view code, const std::string& message) {
  return fail(ErrorKind::unavailable, code, message, std::strerror(errno));
}

Result<Secret> to_pin(Result<Secret> content) {
  if (!content) return content;
  auto text = content->text();
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.empty() || text.size() > kPinMax || !std::ranges::all_of(text, [](char c) { return c > ' ' && c != 0x7f; }))
    return fail(ErrorKind::invalid, "HF-PIN-0001", "a PIN is 1 to 255 printable characters on one line");
  return Secret(bytes_of(text));
}

}  // namespace

Result<Secret> read_private_fd(int descriptor, std::size_t size_max) {
  Secret buffer(size_max + 1);
  std::size_t size = 0;
  while (size < buffer.size()) {
    const auto count = ::read(descriptor, buffer.data() + size, buffer.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("HF-FILE-0001", "the private file cannot be read");
    if (count == 0) return Secret(buffer.bytes().first(size));
    size += static_cast<std::size_t>(count);
  }
  return fail(ErrorKind::limit, "HF-FILE-0003", "the private file is too large");
}

Result<Secret> read_private_file(const std::filesystem::path& path, std::size_t size_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return failed("HF-FILE-0001", "cannot read " + path.string());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return failed("HF-FILE-0001", "cannot read " + path.string());
  // The descriptor is what is checked, so nobody can change the file in between.
  if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 || (status.st_uid != ::geteuid() && status.st_uid != 0))
    return fail(ErrorKind::forbidden, "HF-FILE-0002", path.string() + " must be a file of this user with mode 0600");
  return read_private_fd(file.get(), size_max);
}

Result<void> sync_directory(const std::filesystem::path& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!directory || ::fsync(directory.get()) != 0) return failed("HF-FILE-0004", "cannot write in " + path.string());
  return {};
}

Result<void> write_private_file(const std::filesystem::path& path, ByteView content) {
  const auto draft = path.string() + ".new";
  // Left by an interrupted write, perhaps with wider rights: O_EXCL below makes it ours.
  if (::unlink(draft.c_str()) != 0 && errno != ENOENT) return failed("HF-FILE-0004", "cannot write " + path.string());
  const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return failed("HF-FILE-0004", "cannot write " + path.string());
  for (auto rest = content; !rest.empty();) {
    const auto count = ::write(file.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed("HF-FILE-0004", "cannot write " + path.string());
    rest = rest.subspan(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0 || ::rename(draft.c_str(), path.c_str()) != 0)
    return failed("HF-FILE-0004", "cannot write " + path.string());
  return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

Result<Secret> read_pin_file(const std::filesystem::path& path) { return to_pin(read_private_file(path, kPinMax + 1)); }

Result<Secret> read_pin_fd(int descriptor) { return to_pin(read_private_fd(descriptor, kPinMax + 1)); }

FileLock::FileLock(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
  while (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    const int why = errno;
    ::close(std::exchange(fd_, -1));
    errno = why;
  }
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace hf::crypto
