#include "archive/reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace hf::archive {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadSize = std::size_t(1) << 18;
constexpr std::size_t kNameMax = 4096;

struct FreeArchive {
  void operator()(struct ::archive* handle) const { archive_read_free(handle); }
};
using Handle = std::unique_ptr<struct ::archive, FreeArchive>;

auto damaged(std::string_view source, std::string detail) {
  return fail(ErrorKind::invalid, "HF-ARCHIVE-0001", std::string(source) + " cannot be read or is damaged",
              std::move(detail));
}
auto over(std::string_view source, const std::string& what) {
  return fail(ErrorKind::limit, "HF-ARCHIVE-0002", std::string(source) + ": " + what);
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

bool is_compressed(std::string_view head) {
  return head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd");
}
bool is_archive(std::string_view head) {
  return is_compressed(head) || head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06") ||
         (head.size() >= 262 && head.substr(257, 5) == "ustar");
}

std::string_view without_suffix(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst"})
    if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

// Counts over one source, shared by all files of a folder.
class Reading {
 public:
  Reading(const Limits& limits, const Visit& visit) : limits_(limits), visit_(visit) {}

  [[nodiscard]] const Totals& totals() const { return totals_; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  Result<void> count_entry(std::string_view source) {
    if (++entries_ > limits_.entries_max)
      return over(source, "more than " + std::to_string(limits_.entries_max) + " entries");
    return {};
  }

  Result<void> plain(const fs::path& path, std::string_view name, std::uint64_t size, std::uint64_t consumed) {
    if (size > limits_.entry_bytes_max) return too_large(name);
    if (totals_.bytes + size > limits_.total_bytes_max) return too_much(name);
    std::ifstream in(path, std::ios::binary);
    buffer_.resize(size);
    if (!in.read(buffer_.data(), std::streamsize(size)) && size != 0) return damaged(name, "short read");
    return visit(name, buffer_, consumed);
  }

  Result<void> plain(std::string_view name, std::string_view bytes) {
    if (bytes.size() > limits_.entry_bytes_max) return too_large(name);
    if (totals_.bytes + bytes.size() > limits_.total_bytes_max) return too_much(name);
    return visit(name, bytes, bytes.size());
  }

  // `name` of the archive itself, `size` its bytes, `before` the bytes of the source read before it.
  Result<void> archive(struct ::archive* in, std::string_view name, std::uint64_t size, std::uint64_t before) {
    const auto out_before = totals_.bytes;
    for (;;) {
      struct ::archive_entry* entry = nullptr;
      const int status = archive_read_next_header(in, &entry);
      if (status == ARCHIVE_EOF) return {};
      if (status < ARCHIVE_WARN) return damaged(name, text_or_empty(archive_error_string(in)));
      HF_CHECK(count_entry(name));
      HF_CHECK(read_entry(in, entry, name, size, before, out_before));
      if (stopped_) return {};
    }
  }

 private:
  Result<void> read_entry(struct ::archive* in, struct ::archive_entry* entry, std::string_view source,
                          std::uint64_t size, std::uint64_t before, std::uint64_t out_before) {
    const bool raw = archive_format(in) == ARCHIVE_FORMAT_RAW;
    // Begins as a zip, but has no directory at its end, or none that leads into it: a download that was cut off.
    if (raw && archive_filter_code(in, 0) == ARCHIVE_FILTER_NONE) return damaged(source, "the zip has no directory");
    std::string name(raw ? without_suffix(source) : pathname(entry));
    if (!raw && !is_safe_name(name))
      return fail(ErrorKind::invalid, "HF-ARCHIVE-0003",
                  std::string(source) + " holds an absolute, parent or malformed name; it is refused whole", name);
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) return {};
    if (archive_entry_hardlink(entry) != nullptr || (type != AE_IFREG && type != 0))
      return fail(ErrorKind::invalid, "HF-ARCHIVE-0004",
                  std::string(source) + " holds a link or a device; it is refused whole", name);
    if (archive_entry_is_encrypted(entry) != 0)
      return fail(ErrorKind::invalid, "HF-ARCHIVE-0006", std::string(source) + " is encrypted; give it decrypted",
                  name);

    buffer_.clear();
    for (;;) {
      // The limits hold on what comes out, not on the sizes that a header declares.
      const auto at = buffer_.size();
      buffer_.resize(at + kReadSize);
      const auto got = archive_read_data(in, buffer_.data() + at, kReadSize);
      if (got < ARCHIVE_OK) return damaged(source, name + ": " + text_or_empty(archive_error_string(in)));
      buffer_.resize(at + std::size_t(got));
      if (got == 0) break;
      if (buffer_.size() > limits_.entry_bytes_max) return too_large(name);
      const auto total = totals_.bytes + buffer_.size();
      if (total > limits_.total_bytes_max) return too_much(source);
      const auto out = total - out_before;
      if (out > limits_.ratio_from && out / limits_.ratio_max > size)
        return over(source, "expands more than " + std::to_string(limits_.ratio_max) + " times: a decompression bomb");
    }
    const auto read = archive_filter_bytes(in, -1);
    return visit(name, buffer_, before + std::min(size, std::uint64_t(std::max<la_int64_t>(read, 0))));
  }

  Result<void> visit(std::string_view name, std::string_view bytes, std::uint64_t consumed) {
    totals_.bytes += bytes.size();
    ++totals_.documents;
    HF_TRY(const bool go_on, visit_({name, bytes, consumed}));
    stopped_ = !go_on;
    return {};
  }

  Result<void> too_large(std::string_view name) const {
    return over(name, "larger than " + std::to_string(limits_.entry_bytes_max) + " bytes");
  }
  Result<void> too_much(std::string_view name) const {
    return over(name, "more than " + std::to_string(limits_.total_bytes_max) + " bytes in all");
  }

  // In the C locale the plain accessor gives nothing for a UTF-8 name.
  static std::string pathname(struct ::archive_entry* entry) {
    if (const char* name = archive_entry_pathname_utf8(entry)) return name;
    return text_or_empty(archive_entry_pathname(entry));
  }

  const Limits& limits_;
  const Visit& visit_;
  Totals totals_;
  std::uint64_t entries_ = 0;
  std::string buffer_;
  bool stopped_ = false;
};

Handle open_handle() {
  Handle in(archive_read_new());
  if (!in) return in;
  archive_read_support_filter_gzip(in.get());
  archive_read_support_filter_zstd(in.get());
  archive_read_support_format_tar(in.get());
  archive_read_support_format_zip_seekable(in.get());
  archive_read_support_format_raw(in.get());  // a compressed single file; bids lowest
  return in;
}

Result<std::string> head_of(const fs::path& path, std::string_view name) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return damaged(name, "cannot be opened");
  std::string head(262, '\0');
  in.read(head.data(), std::streamsize(head.size()));
  head.resize(std::size_t(in.gcount()));
  return head;
}

Result<void> read_file(Reading& reading, const fs::path& path, const std::string& name, std::uint64_t before) {
  HF_CHECK(reading.count_entry(name));
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return damaged(name, error.message());
  HF_TRY(const auto head, head_of(path, name));
  if (!is_archive(head)) return reading.plain(path, name, size, before + size);
  const auto in = open_handle();
  if (!in || archive_read_open_filename(in.get(), path.c_str(), kReadSize) != ARCHIVE_OK)
    return damaged(name, in ? text_or_empty(archive_error_string(in.get())) : "out of memory");
  return reading.archive(in.get(), name, size, before);
}

// Files below a folder in byte order of their names, so that a second run meets them in the same order.
Result<std::vector<std::string>> files_of(const fs::path& folder, std::uint64_t entries_max) {
  std::vector<std::string> files;
  std::error_code error;
  std::uint64_t entries = 0;
  for (auto at = fs::recursive_directory_iterator(folder, error); !error && at != fs::recursive_directory_iterator();
       at.increment(error)) {
    if (++entries > entries_max) return over(folder.string(), "more than " + std::to_string(entries_max) + " entries");
    const auto status = at->symlink_status(error);
    if (error) break;
    if (at->path().filename().native().starts_with('.')) {
      if (fs::is_directory(status)) at.disable_recursion_pending();
      continue;
    }
    if (fs::is_directory(status)) continue;
    auto name = at->path().lexically_relative(folder).generic_string();
    if (!fs::is_regular_file(status))
      return fail(ErrorKind::invalid, "HF-ARCHIVE-0004", folder.string() + " holds a link or a device: remove " + name,
                  name);
    files.push_back(std::move(name));
  }
  if (error) return damaged(folder.string(), error.message());
  std::sort(files.begin(), files.end());
  return files;
}

auto missing(const fs::path& source) {
  return fail(ErrorKind::not_found, "HF-ARCHIVE-0005", "there is no file or folder " + source.string());
}

}  // namespace

bool is_safe_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax || name.find('\0') != std::string_view::npos) return false;
  if (name.front() == '/' || name.front() == '\\' || (name.size() > 1 && name[1] == ':')) return false;
  for (std::size_t at = 0; at <= name.size();) {
    const auto end = std::min(name.find_first_of("/\\", at), name.size());
    if (name.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

Result<Totals> for_each_document(const fs::path& source, const Limits& limits, const Visit& visit) {
  std::error_code error;
  const auto status = fs::status(source, error);  // a link that the caller names is the caller's choice
  if (!fs::exists(status)) return missing(source);
  Reading reading(limits, visit);
  if (!fs::is_directory(status)) {
    HF_CHECK(read_file(reading, source, source.filename().string(), 0));
    return reading.totals();
  }
  HF_TRY(const auto files, files_of(source, limits.entries_max));
  std::uint64_t before = 0;
  for (const auto& name : files) {
    HF_CHECK(read_file(reading, source / name, name, before));
    if (reading.stopped()) break;
    before += fs::file_size(source / name, error);
  }
  return reading.totals();
}

Result<Totals> for_each_document(std::string_view name, ByteView bytes, const Limits& limits, const Visit& visit) {
  Reading reading(limits, visit);
  HF_CHECK(reading.count_entry(name));
  if (!is_archive(text_of(bytes).substr(0, 262))) {
    HF_CHECK(reading.plain(name, text_of(bytes)));
    return reading.totals();
  }
  const auto in = open_handle();
  if (!in || archive_read_open_memory(in.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    return damaged(name, in ? text_or_empty(archive_error_string(in.get())) : "out of memory");
  HF_CHECK(reading.archive(in.get(), name, bytes.size(), 0));
  return reading.totals();
}

Result<std::uint64_t> size_of(const fs::path& source) {
  std::error_code error;
  const auto status = fs::status(source, error);
  if (!fs::exists(status)) return missing(source);
  if (!fs::is_directory(status)) return fs::file_size(source, error);
  HF_TRY(const auto files, files_of(source, Limits{}.entries_max));
  std::uint64_t size = 0;
  for (const auto& name : files) size += fs::file_size(source / name, error);
  return size;
}

}  // namespace hf::archive
