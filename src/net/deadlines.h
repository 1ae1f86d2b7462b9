// Deadlines of many connections at constant cost. Each kind has one duration, so its list is already in order: a
// new deadline goes to the tail, the earliest is at the head. No wheel, no heap, no rounding.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <vector>

namespace hf::net {

enum class Timeout : unsigned char { handshake, header, body, idle, linger, event };

class Timed {
 public:
  virtual void on_deadline(Timeout which) = 0;

 protected:
  ~Timed() = default;

 private:
  friend class Deadlines;
  Timed* before_ = nullptr;
  Timed* after_ = nullptr;
  std::chrono::steady_clock::time_point at_;
  Timeout kind_{};
  bool set_ = false;
};

class Deadlines {
 public:
  using Instant = std::chrono::steady_clock::time_point;
  static constexpr std::size_t kKinds = 6;

  explicit Deadlines(const std::array<std::chrono::milliseconds, kKinds>& durations) : durations_(durations) {}

  // Replaces the object's deadline. `now` never goes back between calls.
  Instant set(Timed& timed, Timeout kind, Instant now);
  void clear(Timed& timed);
  [[nodiscard]] std::optional<Instant> next() const;
  [[nodiscard]] Timed* oldest(Timeout kind) const { return lists_[std::size_t(kind)].head; }
  // Calls on_deadline for what is due; the object may set a new one or clear others meanwhile.
  void expire(Instant now);

 private:
  struct List {
    Timed* head = nullptr;
    Timed* tail = nullptr;
  };
  std::array<std::chrono::milliseconds, kKinds> durations_;
  std::array<List, kKinds> lists_{};
};

}  // namespace hf::net
