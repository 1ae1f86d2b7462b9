#include "net/metrics.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

namespace hf::net {
namespace {

bool is_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_line(std::string& out, std::string_view name, std::string_view suffix, const std::string& labels,
                 std::string_view extra, std::string_view value) {
  out.append(name).append(suffix);
  if (!labels.empty() || !extra.empty()) {
    out += '{';
    out += labels;
    if (!labels.empty() && !extra.empty()) out += ',';
    out.append(extra).append("}");
  }
  out.append(" ").append(value).append("\n");
}

void append_histogram(std::string& out, std::string_view name, const std::string& labels, const Histogram& h) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < h.upper_bounds().size(); ++i) {
    sum += h.bucket(i);
    append_line(out, name, "_bucket", labels, fmt::format("le=\"{}\"", h.upper_bounds()[i]), std::to_string(sum));
  }
  sum += h.bucket(h.upper_bounds().size());
  append_line(out, name, "_bucket", labels, "le=\"+Inf\"", std::to_string(sum));
  append_line(out, name, "_sum", labels, {}, fmt::format("{}", h.sum()));
  append_line(out, name, "_count", labels, {}, std::to_string(sum));  // equals +Inf in every scrape
}

}  // namespace

Histogram::Histogram(const std::vector<double>& upper_bounds)
    : bounds_(upper_bounds), buckets_(new std::atomic<std::uint64_t>[upper_bounds.size() + 1]()) {}

void Histogram::observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[std::size_t(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) sum += bucket(i);
  return sum;
}

const std::vector<double>& latency_buckets() {
  static const std::vector<double> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                          0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  return bounds;
}

Metrics::Series& Metrics::find(std::string_view name, std::string_view help, const Labels& labels, Kind kind) {
  if (!is_name(name)) {
    fmt::print(stderr, "metric name {} is not valid\n", name);
    std::abort();
  }
  auto it = families_.find(name);
  if (it == families_.end()) it = families_.emplace(std::string(name), Family{kind, std::string(help), {}}).first;
  if (it->second.kind != kind) {
    fmt::print(stderr, "metric {} is used for two kinds\n", name);
    std::abort();
  }
  auto& series = it->second.series;
  std::string key;
  for (const auto& [label, value] : labels) append_label(key, label, value);
  if (const auto found = series.find(key); found != series.end()) return found->second;
  if (series.size() >= series_max_) {
    key.clear();
    for (const auto& [label, value] : labels) append_label(key, label, "other");
  }
  return series[key];
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = find(name, help, labels, Kind::counter);
  if (!series.counter) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  auto& series = find(name, help, labels, Kind::gauge);
  if (!series.gauge) series.gauge = std::make_unique<Gauge>();
  return *series.gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const Labels& labels,
                              const std::vector<double>& upper_bounds) {
  const std::lock_guard lock(mutex_);
  auto& series = find(name, help, labels, Kind::histogram);
  if (!series.histogram) series.histogram = std::make_unique<Histogram>(upper_bounds);
  return *series.histogram;
}

void Metrics::reader(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  find(name, help, labels, Kind::reader).read = std::move(read);
}

std::string Metrics::text() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    std::string help;
    for (const char c : family.help) help += c == '\n' ? std::string("\\n") : c == '\\' ? "\\\\" : std::string(1, c);
    constexpr std::array<std::string_view, 4> kinds{"counter", "gauge", "histogram", "gauge"};
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   kinds[std::size_t(family.kind)]);
    for (const auto& [labels, series] : family.series) {
      if (series.counter) append_line(out, name, {}, labels, {}, std::to_string(series.counter->value()));
      if (series.gauge) append_line(out, name, {}, labels, {}, std::to_string(series.gauge->value()));
      if (series.read) append_line(out, name, {}, labels, {}, fmt::format("{}", series.read()));
      if (series.histogram) append_histogram(out, name, labels, *series.histogram);
    }
  }
  return out;
}

}  // namespace hf::net
