// Counters, gauges and histograms with labels, shown in the Prometheus text format (version 0.0.4).
// Recording is one relaxed atomic addition; finding a series by its labels takes a lock, so keep the reference.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hf::net {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

class Histogram {
 public:
  explicit Histogram(const std::vector<double>& upper_bounds);
  void observe(double value);  // seconds, bytes, ...: the base unit, as the name says

  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  [[nodiscard]] const std::vector<double>& upper_bounds() const { return bounds_; }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;  // one more than bounds: +Inf
  std::atomic<double> sum_{0};
};

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

[[nodiscard]] const std::vector<double>& latency_buckets();  // 0.1 ms to 10 s

class Metrics {
 public:
  // A family's labels may depend on what clients send; beyond this many series all new ones are counted together
  // under the label value "other".
  explicit Metrics(std::size_t series_max = 2'000) : series_max_(series_max) {}

  // The same name and labels give the same object. Names: hf_<area>_<what>_<unit>[_total]. Ends the process if a
  // name is used for two kinds, or is not [a-zA-Z_:][a-zA-Z0-9_:]*: names are code.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels,
                       const std::vector<double>& upper_bounds);
  // A value read when asked for. `read` must stay valid as long as this object.
  void reader(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> read);

  [[nodiscard]] std::string text() const;

 private:
  enum class Kind { counter, gauge, histogram, reader };
  struct Series {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> read;
  };
  struct Family {
    Kind kind;
    std::string help;
    std::map<std::string, Series> series;  // by rendered labels: a="x",b="y"
  };
  Series& find(std::string_view name, std::string_view help, const Labels& labels, Kind kind);

  const std::size_t series_max_;
  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace hf::net
