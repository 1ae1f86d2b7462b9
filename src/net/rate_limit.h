// Token buckets by name: so many requests a second, and a burst of so many. Memory is bounded: the names that were
// quiet the longest are forgotten, which can only give them a full bucket again.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace hf::net {

struct Rate {
  double per_second = 50;
  double burst = 200;
  std::size_t names_max = 10'000;
};

class RateLimiter {
 public:
  RateLimiter(const Clock& clock, Rate rate) : clock_(clock), rate_(rate) {}
  // One request of `name`; false if its bucket is empty.
  [[nodiscard]] bool take(std::string_view name);

 private:
  struct Bucket {
    std::string name;
    double tokens;
    Time filled;
  };
  const Clock& clock_;
  const Rate rate_;
  std::mutex mutex_;
  std::list<Bucket> recent_;                                                   // the last used is first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> by_name_;  // views into the list's own texts
};

}  // namespace hf::net
