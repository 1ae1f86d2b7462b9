// Reads device records from NDJSON or CSV (RFC 4180), a line at a time, in bounded memory.
#pragma once

#include <functional>
#include <istream>
#include <optional>

#include "base/error.h"
#include "fleet/types.h"

namespace hf::fleet {

struct ImportLimits {
  std::size_t line_max = 64U << 10;
  std::size_t builds_max = 64;
};

struct ReadRecord {
  std::uint64_t line = 0;  // where it starts, from 1
  Result<DeviceRecord> record;
};

// The format is taken from the first byte: '{' is NDJSON, anything else a CSV header naming
// batch,serial,hardware_revision,builds,market,certificate_sha256,key_sha256 in any order; builds are separated by ';'.
class ImportReader {
 public:
  explicit ImportReader(std::istream& in, const ImportLimits& limits = {}) : in_(in), limits_(limits) {}

  // The next record or what is wrong with its line (HF-FLEET-0001, HF-FLEET-0002); nothing at the end.
  std::optional<ReadRecord> next();
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  bool read_line(std::string& line);
  Result<DeviceRecord> json_record(const std::string& line) const;
  Result<DeviceRecord> csv_record(const std::string& line);
  Result<void> csv_header(const std::string& line);
  Result<std::vector<std::string>> csv_cells(std::string line);

  std::istream& in_;
  ImportLimits limits_;
  std::uint64_t line_ = 0, bytes_ = 0;
  bool started_ = false, csv_ = false, broken_ = false, too_long_ = false;
  std::vector<std::string> header_;
};

}  // namespace hf::fleet
