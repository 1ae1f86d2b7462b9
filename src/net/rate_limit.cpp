#include "net/rate_limit.h"

#include <algorithm>

namespace hf::net {

bool RateLimiter::take(std::string_view name) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    if (recent_.size() >= std::max<std::size_t>(rate_.names_max, 1)) {
      by_name_.erase(recent_.back().name);
      recent_.pop_back();
    }
    recent_.push_front({std::string(name), rate_.burst, now});
    found = by_name_.emplace(recent_.front().name, recent_.begin()).first;
  } else {
    recent_.splice(recent_.begin(), recent_, found->second);
  }
  auto& bucket = *found->second;
  // A clock that went back adds nothing, and counts from where it is now.
  const std::chrono::duration<double> passed = std::max(now - bucket.filled, std::chrono::microseconds(0));
  bucket.tokens = std::min(rate_.burst, bucket.tokens + passed.count() * rate_.per_second);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace hf::net
