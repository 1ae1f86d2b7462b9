#include "instance/tar_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>

#include "crypto/private_file.h"

namespace hf::instance {
namespace {

auto cannot_write(const std::filesystem::path& path, std::string why) {
  return fail(ErrorKind::unavailable, "HF-BACKUP-0002", "cannot write the backup " + path.string(), std::move(why));
}
auto errno_text() { return std::generic_category().message(errno); }
std::string text_of(struct archive* a) { return archive_error_string(a) ? archive_error_string(a) : "no reason given"; }

}  // namespace

TarWriter::TarWriter(std::filesystem::path path) : path_(std::move(path)), draft_(path_.string() + ".partial") {}

TarWriter::TarWriter(TarWriter&& other) noexcept
    : path_(std::move(other.path_)),
      draft_(std::move(other.draft_)),
      fd_(std::exchange(other.fd_, -1)),
      archive_(std::exchange(other.archive_, nullptr)) {}

TarWriter& TarWriter::operator=(TarWriter&& other) noexcept {
  std::swap(path_, other.path_), std::swap(draft_, other.draft_), std::swap(fd_, other.fd_),
      std::swap(archive_, other.archive_);
  return *this;
}

TarWriter::~TarWriter() {
  if (archive_) archive_write_free(archive_);
  if (fd_ < 0) return;
  ::close(fd_);
  std::error_code ignored;
  std::filesystem::remove(draft_, ignored);
}

Result<TarWriter> TarWriter::create(const std::filesystem::path& path) {
  if (std::filesystem::exists(path))
    return fail(ErrorKind::conflict, "HF-BACKUP-0001",
                path.string() + " exists already; a backup never replaces another");
  TarWriter writer(path);
  writer.fd_ = ::open(writer.draft_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (writer.fd_ < 0) return cannot_write(path, errno_text());
  writer.archive_ = archive_write_new();
  auto* a = writer.archive_;
  if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK || archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
      archive_write_open_fd(a, writer.fd_) != ARCHIVE_OK)
    return cannot_write(path, text_of(a));
  return writer;
}

Result<void> TarWriter::header(const std::string& name, std::uint64_t size) {
  struct archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, name.c_str());
  archive_entry_set_size(entry, std::int64_t(size));
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0600);
  const int code = archive_write_header(archive_, entry);
  archive_entry_free(entry);
  if (code != ARCHIVE_OK) return cannot_write(path_, text_of(archive_));
  return {};
}

Result<void> TarWriter::data(ByteView bytes) {
  if (archive_write_data(archive_, bytes.data(), bytes.size()) != std::int64_t(bytes.size()))
    return cannot_write(path_, text_of(archive_));
  return {};
}

Result<Written> TarWriter::add_file(const std::string& name, const std::filesystem::path& source) {
  const int fd = ::open(source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const auto unreadable = [&] {
    return fail(ErrorKind::unavailable, "HF-BACKUP-0004", "cannot read " + source.string(), errno_text());
  };
  if (fd < 0) return unreadable();
  const std::unique_ptr<const int, void (*)(const int*)> closed(&fd, [](const int* open) { ::close(*open); });
  const auto size = ::lseek(fd, 0, SEEK_END);
  if (size < 0 || ::lseek(fd, 0, SEEK_SET) < 0) return unreadable();
  HF_CHECK(header(name, std::uint64_t(size)));
  Written written{name, std::uint64_t(size), {}};
  crypto::Sha256Stream digest;
  Bytes buffer(1U << 20);
  for (std::uint64_t left = written.size; left > 0;) {
    const auto got = ::read(fd, buffer.data(), std::size_t(std::min<std::uint64_t>(left, buffer.size())));
    if (got <= 0) return unreadable();
    const ByteView piece(buffer.data(), std::size_t(got));
    digest.update(piece);
    HF_CHECK(data(piece));
    left -= std::uint64_t(got);
  }
  written.sha256 = digest.finish();
  return written;
}

Result<Written> TarWriter::add_text(const std::string& name, std::string_view text) {
  HF_CHECK(header(name, text.size()));
  HF_CHECK(data(bytes_of(text)));
  return Written{name, text.size(), crypto::sha256({bytes_of(text)})};
}

Result<void> TarWriter::finish() {
  if (archive_write_close(archive_) != ARCHIVE_OK) return cannot_write(path_, text_of(archive_));
  if (::fsync(fd_) != 0) return cannot_write(path_, errno_text());
  std::error_code error;
  std::filesystem::rename(draft_, path_, error);
  if (error) return cannot_write(path_, error.message());
  ::close(std::exchange(fd_, -1));
  return crypto::sync_directory(std::filesystem::absolute(path_).parent_path());
}

Result<void> for_each_file(const std::filesystem::path& tar,
                           const std::function<Result<void>(const std::string&, const Piece&)>& visit) {
  const auto refuse = [&](std::string why) {
    return fail(ErrorKind::invalid, "HF-BACKUP-0003", tar.string() + " is not a whole backup of holdfast",
                std::move(why));
  };
  if (!std::filesystem::is_regular_file(tar))
    return fail(ErrorKind::not_found, "HF-BACKUP-0005", "there is no file " + tar.string());
  const std::unique_ptr<struct archive, int (*)(struct archive*)> in(archive_read_new(), &archive_read_free);
  archive_read_support_format_tar(in.get());
  archive_read_support_filter_zstd(in.get());
  if (archive_read_open_filename(in.get(), tar.c_str(), 1U << 17) != ARCHIVE_OK) return refuse(text_of(in.get()));
  Bytes buffer(1U << 20);
  for (;;) {
    struct archive_entry* entry = nullptr;
    const int code = archive_read_next_header(in.get(), &entry);
    if (code == ARCHIVE_EOF) return {};
    if (code != ARCHIVE_OK) return refuse(text_of(in.get()));
    const char* name = archive_entry_pathname(entry);
    if (!name || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
      return refuse("an entry is not a file");
    HF_CHECK(visit(name, [&]() -> Result<ByteView> {
      const auto got = archive_read_data(in.get(), buffer.data(), buffer.size());
      if (got < 0) return refuse(text_of(in.get()));
      return ByteView(buffer.data(), std::size_t(got));
    }));
  }
}

}  // namespace hf::instance
