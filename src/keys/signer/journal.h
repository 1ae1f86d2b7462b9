// The signer's own memory of what was signed: an append-only file beside the token, each line naming the hash of the
// one before. A use is in it, on disk, before the token is asked for the signature; so a restored database, or a killed
// process, gives nothing back.
//
//   {"n":7,"prev":"<sha256 of line 6>","at":"...","what":"begin","key":"px-fw","version":1,"request":"<digest>",...}
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/json.h"
#include "crypto/sha256.h"

namespace hf::keys {

struct JournalHead {
  std::int64_t lines = 0;
  crypto::Sha256 hash{};  // of the last line; zeros: none

  bool operator==(const JournalHead&) const = default;
};

// The record of a line, without its end, if it follows from `head`, which then is this line's. HF-SIGNER-0002.
[[nodiscard]] Result<JsonObject> follow(std::string_view line, JournalHead& head);
inline constexpr std::size_t kJournalLineMax = 64U << 10;  // bytes

class Journal {
 public:
  // visit(n, record) for each line that is there, in order; the process that has it open is the only one. A last line
  // that was torn by a crash is cut off: it was never acknowledged. HF-SIGNER-0001 if another process has it or it
  // cannot be opened, HF-SIGNER-0002 if a line does not follow from the one before.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& path,
                                               const std::function<void(std::int64_t, const JsonObject&)>& visit);
  ~Journal();

  // Durable when it returns; threads that append at once share one flush. The line's number. HF-SIGNER-0003: it could
  // not be written, and nothing can be until the process has been started anew.
  Result<std::int64_t> append(Time at, JsonObject record);
  // Durable with the next append() or flush().
  Result<std::int64_t> append_soon(Time at, JsonObject record);
  Result<void> flush();
  [[nodiscard]] JournalHead head() const;

 private:
  explicit Journal(int file) : file_(file) {}
  Result<std::int64_t> add(Time at, JsonObject record);  // with mutex_ held
  Result<void> flush_to(std::unique_lock<std::mutex>& lock, std::int64_t line);

  Descriptor file_;
  mutable std::mutex mutex_;
  std::condition_variable flushed_;
  JournalHead head_;
  std::int64_t durable_ = 0;
  std::string pending_;
  bool flushing_ = false;
  bool failed_ = false;
};

}  // namespace hf::keys
