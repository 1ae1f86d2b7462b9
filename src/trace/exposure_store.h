// Which builds, configurations, units and markets a vulnerability reaches, as of an instant: the SQL.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/session.h"

namespace hf::trace {

// The instant of a question. "Now" is an instant after every period that has begun.
struct AsOf {
  std::optional<Time> at;
  [[nodiscard]] std::int64_t micros() const {
    return at ? hf::micros(*at) : std::numeric_limits<std::int64_t>::max() - 1;
  }
};

// A component of a build and what is said of it: the build's own word if it has one, else the edge's.
struct EdgeRow {
  std::int64_t build_id;
  std::string build;  // path
  std::int64_t coordinate_id;
  std::string state, basis;  // basis: "record", "vex", "set"
  Time since;
};

struct ComponentName {
  std::string name, version;
};

struct PairRow {  // a configuration that contains an assessed build
  std::int64_t configuration_id, build_id;
};

struct UnitsRow {  // units of a configuration, by market and batch
  std::int64_t configuration_id;
  std::string market;
  std::int64_t batch_id;
  std::int64_t devices;
};

struct ReachRow : UnitsRow {
  std::int64_t standing;                       // of the configuration, as trace::Standing counts
  std::optional<std::int64_t> first_affected;  // of its builds, by id: ids rise with time
};

struct UnitRow {
  std::string serial;
  std::int64_t batch_id;
  Time since;
};

class ExposureStore {
 public:
  ExposureStore(const db::Reader& reader, AsOf as_of) : db_(reader), as_of_(as_of) {}

  [[nodiscard]] Result<std::vector<EdgeRow>> edges(std::string_view vulnerability) const;
  // Of the components of the edges, by coordinate.
  [[nodiscard]] Result<std::map<std::int64_t, ComponentName>> names(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::vector<PairRow>> configurations(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::vector<ReachRow>> reach(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::string> build_path(std::int64_t build_id) const;
  [[nodiscard]] Result<bool> any_edge(std::string_view vulnerability) const;  // something is found or said
  // Active units of a configuration in a market with a serial above `after`, by serial.
  [[nodiscard]] Result<std::vector<UnitRow>> devices(std::int64_t configuration_id, std::string_view market,
                                                     std::string_view after, std::int64_t limit) const;
  // Why: reasons of the edge, or of the build's statement.
  struct ReasonRow {
    std::int64_t coordinate_id;
    std::string component, version, purl, state, reasons;
    Time since;
    std::int64_t segment_id, position;
  };
  [[nodiscard]] Result<std::vector<ReasonRow>> reasons(std::string_view vulnerability) const;
  struct StatementRow {
    std::int64_t build_id, coordinate_id;
    std::string basis, state, reason;
    std::int64_t entry;
  };
  [[nodiscard]] Result<std::vector<StatementRow>> statements(std::string_view vulnerability) const;

 private:
  const db::Reader& db_;
  AsOf as_of_;
};

}  // namespace hf::trace
