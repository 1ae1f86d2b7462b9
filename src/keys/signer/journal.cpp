#include "keys/signer/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace hf::keys {
namespace {

auto refuse(const std::filesystem::path& path, std::string_view what) {
  return fail(ErrorKind::unavailable, "HF-SIGNER-0001",
              "the signer's journal " + path.string() + " " + std::string(what), std::strerror(errno));
}
auto broken(std::int64_t line, std::string why) {
  return fail(ErrorKind::conflict, "HF-SIGNER-0002",
              "the signer's journal was altered: line " + std::to_string(line) +
                  " does not follow from the one before; nothing is signed until that is explained",
              std::move(why));
}
auto unwritten() {
  return fail(ErrorKind::unavailable, "HF-SIGNER-0003",
              "the signer's journal cannot be written, so nothing was signed; is the disk full?");
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(std::size_t(n));
  }
  return true;
}

// Reads lines of a file, one after the other; what is left is an unended line.
class Lines {
 public:
  explicit Lines(int file) : file_(file) {}
  // False at the end, or for a line above the limit.
  bool next(std::string& line) {
    for (;;) {
      if (const auto end = buffer_.find('\n', at_); end != std::string::npos) {
        line.assign(buffer_, at_, end - at_);
        at_ = end + 1;
        whole_ += line.size() + 1;
        return true;
      }
      buffer_.erase(0, std::exchange(at_, 0));
      if (buffer_.size() > kJournalLineMax) return false;
      const auto held = buffer_.size();
      buffer_.resize(held + kJournalLineMax);
      const auto n = ::read(file_, buffer_.data() + held, kJournalLineMax);
      buffer_.resize(held + std::size_t(std::max<ssize_t>(n, 0)));
      if (n <= 0) return false;
    }
  }
  [[nodiscard]] std::uint64_t whole() const { return whole_; }  // bytes of complete lines
  [[nodiscard]] std::size_t rest() const { return buffer_.size() - at_; }

 private:
  int file_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t whole_ = 0;
};

}  // namespace

Result<JsonObject> follow(std::string_view line, JournalHead& head) {
  constexpr std::size_t kDepth = 8;
  const auto n = head.lines + 1;
  auto json = parse_json(line, {.bytes_max = kJournalLineMax, .depth_max = kDepth});
  auto* const record = json ? json->if_object() : nullptr;
  if (!record) return broken(n, "not an object");
  const auto* number = record->if_contains("n");
  const auto* previous = record->if_contains("prev");
  if (!number || *number != n || !previous || *previous != Json(to_hex(head.hash)))
    return broken(n, std::string(line.substr(0, 200)));
  head = {n, crypto::sha256({bytes_of(line)})};
  return std::move(*record);
}

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& path,
                                               const std::function<void(std::int64_t, const JsonObject&)>& visit) {
  std::unique_ptr<Journal> journal(
      new Journal(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600)));
  if (!journal->file_) return refuse(path, "cannot be opened");
  if (::flock(journal->file_.get(), LOCK_EX | LOCK_NB) != 0) return refuse(path, "is in use by another signer");
  Lines lines(journal->file_.get());
  std::string line;
  while (lines.next(line)) {
    HF_TRY(const auto record, follow(line, journal->head_));
    visit(journal->head_.lines, record);
  }
  if (lines.rest() > kJournalLineMax) return broken(journal->head_.lines + 1, "longer than any line");
  if (lines.rest() > 0 && ::ftruncate(journal->file_.get(), off_t(lines.whole())) != 0)
    return refuse(path, "cannot be mended");
  journal->durable_ = journal->head_.lines;
  return journal;
}

Journal::~Journal() {
  std::unique_lock lock(mutex_);
  static_cast<void>(flush_to(lock, head_.lines));
}

Result<std::int64_t> Journal::add(Time at, JsonObject record) {
  if (failed_) return unwritten();
  record["n"] = head_.lines + 1;
  record["prev"] = to_hex(head_.hash);
  record["at"] = format_rfc3339(at);
  HF_TRY(const auto line, canonical_json(record));
  ++head_.lines;
  head_.hash = crypto::sha256({bytes_of(line)});
  pending_ += line;
  pending_ += '\n';
  return head_.lines;
}

// One thread flushes what all have added since the last flush; those that come meanwhile make up the next.
Result<void> Journal::flush_to(std::unique_lock<std::mutex>& lock, std::int64_t line) {
  while (!failed_ && durable_ < line) {
    if (flushing_) {
      flushed_.wait(lock);
      continue;
    }
    flushing_ = true;
    const auto text = std::exchange(pending_, {});
    const auto upto = head_.lines;
    lock.unlock();
    const bool written = write_all(file_.get(), text) && ::fdatasync(file_.get()) == 0;
    lock.lock();
    flushing_ = false;
    if (written) durable_ = upto;
    else failed_ = true;  // what part of it is on disk is not known: the next start reads it
    flushed_.notify_all();
  }
  if (durable_ < line) return unwritten();
  return {};
}

Result<std::int64_t> Journal::append(Time at, JsonObject record) {
  std::unique_lock lock(mutex_);
  HF_TRY(const auto line, add(at, std::move(record)));
  HF_CHECK(flush_to(lock, line));
  return line;
}

Result<std::int64_t> Journal::append_soon(Time at, JsonObject record) {
  const std::lock_guard lock(mutex_);
  return add(at, std::move(record));
}

Result<void> Journal::flush() {
  std::unique_lock lock(mutex_);
  return flush_to(lock, head_.lines);
}

JournalHead Journal::head() const {
  const std::lock_guard lock(mutex_);
  return head_;
}

}  // namespace hf::keys
