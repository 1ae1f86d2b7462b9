// From a vulnerability to units and markets. Computed on configurations, never on devices.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "trace/exposure_store.h"

namespace hf::trace {

// Texts that something may be kept under: PostgreSQL takes neither NUL nor what is not UTF-8.
inline constexpr std::size_t kAskedMax = 1024;
[[nodiscard]] bool is_askable(std::string_view text);

// The words of vuln::State, from least to most urgent. A unit has the most urgent state of anything it runs.
enum class Standing : std::uint8_t { not_affected, fixed, unknown, under_investigation, affected };
inline constexpr std::size_t kStandings = 5;
[[nodiscard]] Standing standing_of(std::string_view state);
[[nodiscard]] std::string_view name_of(Standing standing);

struct Units {
  std::array<std::int64_t, kStandings> by{};
  [[nodiscard]] std::int64_t of(Standing standing) const { return by[std::size_t(standing)]; }
  [[nodiscard]] std::int64_t total() const;
  void add(Standing standing, std::int64_t devices) { by[std::size_t(standing)] += devices; }
};

// Units, without the names of builds and components: one query, however many builds are affected.
struct Reach {
  std::map<std::int64_t, Standing> configurations;  // by id: those that units run
  std::vector<ReachRow> units;
  Units totals;  // of units that run an assessed build
  std::map<std::string, Units> by_market;
  std::map<std::int64_t, Units> by_batch;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> by_batch_and_market;  // affected units
  std::optional<std::int64_t> first_affected;  // the oldest affected build that units run

  [[nodiscard]] std::int64_t markets() const;  // with affected units
  [[nodiscard]] std::set<std::string> affected_markets() const;
};
[[nodiscard]] Result<Reach> reach_of(const ExposureStore& store, std::string_view vulnerability);

struct Exposure : Reach {
  struct Build {
    std::string path;  // product/module/version
    Standing standing = Standing::not_affected;
    std::int64_t devices = 0;                // units that run it
    std::vector<const EdgeRow*> components;  // by name

    [[nodiscard]] std::string_view product() const { return std::string_view(path).substr(0, path.find('/')); }
    [[nodiscard]] std::string_view module() const { return std::string_view(path).substr(0, version_at() - 1); }
    [[nodiscard]] std::string_view version() const { return std::string_view(path).substr(version_at()); }

   private:
    [[nodiscard]] std::size_t version_at() const { return path.find('/', path.find('/') + 1) + 1; }
  };

  std::vector<EdgeRow> edges;
  std::map<std::int64_t, ComponentName> components;  // by coordinate
  std::map<std::int64_t, Build> builds;              // by id
};

[[nodiscard]] Result<Exposure> exposure_of(const ExposureStore& store, std::string_view vulnerability);

// Where a list of units goes on: units are listed by configuration, market, serial, which is the order of the index.
struct UnitCursor {
  std::int64_t configuration_id = 0;
  std::string market, serial;

  [[nodiscard]] std::string to_text() const;
  static Result<UnitCursor> parse(std::string_view text);  // HF-TRACE-0002; "" is the beginning
};

struct UnitFilter {
  std::string market;                                    // empty: all
  std::optional<std::set<std::int64_t>> configurations;  // absent: all
  std::optional<std::int64_t> batch_id;
  Standing standing = Standing::affected;
};

struct ListedUnit {
  std::int64_t configuration_id;
  std::string market, serial;
  std::int64_t batch_id;
  Time since;
};

struct UnitPage {
  std::vector<ListedUnit> units;
  std::optional<UnitCursor> next;
};
[[nodiscard]] Result<UnitPage> units_of(const ExposureStore& store, const Reach& reach, const UnitFilter& filter,
                                        const UnitCursor& after, std::int64_t limit);

}  // namespace hf::trace
