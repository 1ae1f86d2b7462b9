// Time is UTC microseconds. It enters through Clock; SystemClock is the only reader of the wall clock.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  [[nodiscard]] Time now() const override { return now_; }
  void advance(std::chrono::microseconds by) { now_ += by; }
  void set(Time to) { now_ = to; }

 private:
  Time now_;
};

[[nodiscard]] inline std::int64_t micros(Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline Time time_of(std::int64_t micros) { return Time(std::chrono::microseconds(micros)); }

// RFC 3339 in UTC: "2026-11-23T09:30:00Z", with fraction only when there is one.
[[nodiscard]] std::string format_rfc3339(Time time);
// Any RFC 3339 date-time; a bare date means its midnight UTC. 23:59:60 is read as the next second (RFC 3339 5.7).
// HF-TIME-0001 otherwise.
[[nodiscard]] Result<Time> parse_rfc3339(std::string_view text);

}  // namespace hf
