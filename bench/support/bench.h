// What every bench needs: time, percentiles, both engines, and one JSON line a figure, which bench/report.py reads.
//
//   {"bench": "ledger_append", "engine": "sqlite", "figure": "...", "value": 1.5, "unit": "ms", "aim": 10, "sense":
//   "max"}
//
// `sense` says whether `aim` is the most ("max") or the least ("min") that is wanted. A figure without an aim explains
// others.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "db/database.h"
#include "db/migrate.h"
#include "support/test_database.h"

namespace hf::bench {

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] double milliseconds() const { return seconds() * 1e3; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What this process itself has worked, in all its threads: the time to trust on a machine that does other work, but for
// what PostgreSQL and the disk do.
class ProcessorTime {
 public:
  [[nodiscard]] double milliseconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return double(time.tv_sec) * 1e3 + double(time.tv_nsec) / 1e6;
  }
  double start_ = now();
};

// The most memory that this process has had since `forget_peak`, in MiB; without the server's, on PostgreSQL.
inline double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}
inline void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

// `share` from 0 to 1, of at least one value.
inline double percentile(std::vector<double> values, double share) {
  const auto rank = std::min(values.size() - 1, static_cast<std::size_t>(share * double(values.size())));
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(rank), values.end());
  return values[rank];
}

struct Aim {
  double value;
  bool at_most;
};
inline Aim at_most(double value) { return {value, true}; }
inline Aim at_least(double value) { return {value, false}; }

class Report {
 public:
  explicit Report(std::string bench) : bench_(std::move(bench)) {}
  std::string engine{};  // of the figures that follow; empty for none

  void figure(std::string_view name, double value, std::string_view unit, std::optional<Aim> aim = {}) const {
    JsonObject object;
    if (aim) object = {{"aim", aim->value}, {"sense", aim->at_most ? "max" : "min"}};
    print(name, value, unit, std::move(object));
  }

 private:
  void print(std::string_view name, double value, std::string_view unit, JsonObject object) const {
    object["bench"] = bench_;
    if (!engine.empty()) object["engine"] = engine;
    object["figure"] = name;
    object["value"] = value;
    object["unit"] = unit;
    std::cout << to_text(object) << std::endl;
  }
  std::string bench_;
};

template <class T>
T must(Result<T> result) {
  if (result) {
    if constexpr (std::is_void_v<T>) return;
    else return *std::move(result);
  }
  std::fprintf(stderr, "%s %s: %s\n", std::string(result.error().code).c_str(), result.error().message.c_str(),
               result.error().detail.c_str());
  std::exit(1);
}

// Runs `measure(database, directory)` on a fresh database of each engine. PostgreSQL where with_postgres started it.
template <class Measure>
void on_both_engines(Report& report, Measure measure) {
  for (const auto engine : {db::Engine::sqlite, db::Engine::postgresql}) {
    if (engine == db::Engine::postgresql && !std::getenv("HF_TEST_POSTGRESQL")) continue;
    report.engine = engine == db::Engine::sqlite ? "sqlite" : "postgresql";
    const test::TestLocation where(engine);
    const test::TemporaryDirectory directory;
    const auto database = must(db::Database::open_unchecked(where.location()));
    must(db::migrate(*database, Time{}));
    measure(*database, directory.path());
  }
  report.engine.clear();
}

}  // namespace hf::bench
