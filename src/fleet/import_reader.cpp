#include "fleet/import_reader.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"

namespace hf::fleet {
namespace {

constexpr std::array<std::string_view, 7> kColumns{
    "batch", "serial", "hardware_revision", "builds", "market", "certificate_sha256", "key_sha256"};

auto refuse(std::string message) { return fail(ErrorKind::invalid, "HF-FLEET-0001", std::move(message)); }

Result<void> set(DeviceRecord& record, std::string_view name, std::string value) {
  if (name == "batch") record.batch = std::move(value);
  else if (name == "serial") record.serial = std::move(value);
  else if (name == "hardware_revision") record.hardware_revision = std::move(value);
  else if (name == "market") record.market = std::move(value);
  else if (name == "certificate_sha256") record.certificate_sha256 = to_lower(value);
  else if (name == "key_sha256") record.key_sha256 = to_lower(value);
  else
    return refuse((is_path(name) ? "'" + std::string(name) + "'" : std::string("one of its names")) +
                  " is not a field of a device record");
  return {};
}

Result<DeviceRecord> checked(DeviceRecord record, const ImportLimits& limits) {
  if (record.batch.empty()) return refuse("batch is missing");
  if (!is_serial(record.serial))
    return refuse("serial takes 1 to 64 letters, digits and . _ : / -, the first a letter or digit");
  if (record.market.size() != 2 ||
      !std::all_of(record.market.begin(), record.market.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return refuse("market takes two capital letters (ISO 3166-1), such as DE");
  for (const auto& [name, digest] :
       {std::pair("certificate_sha256", &record.certificate_sha256), {"key_sha256", &record.key_sha256}})
    if (!digest->empty() && (digest->size() != 64 || !from_hex(*digest)))
      return refuse(std::string(name) + " takes 64 hex digits");
  if (record.builds.size() > limits.builds_max)
    return refuse("a device has at most " + std::to_string(limits.builds_max) + " builds");
  const auto refuse_path = [](std::string_view name) {
    return refuse(std::string(name) + " takes a path: at most 256 bytes of UTF-8 without control characters");
  };
  if (!is_path(record.batch)) return refuse_path("batch");
  if (!record.hardware_revision.empty() && !is_path(record.hardware_revision)) return refuse_path("hardware_revision");
  if (!std::all_of(record.builds.begin(), record.builds.end(), &is_path)) return refuse_path("each of builds");
  return record;
}

}  // namespace

bool ImportReader::read_line(std::string& line) {
  line.clear();
  too_long_ = false;
  int c = 0;
  bool any = false;
  auto* buffer = in_.rdbuf();
  while ((c = buffer->sbumpc()) != std::char_traits<char>::eof()) {
    any = true;
    ++bytes_;
    if (c == '\n') break;
    if (line.size() < limits_.line_max) line += char(c);
    else too_long_ = true;
  }
  if (!any) return false;
  if (line.ends_with('\r')) line.pop_back();
  ++line_;
  return true;
}

std::optional<ReadRecord> ImportReader::next() {
  std::string line;
  while (!broken_ && read_line(line)) {
    const auto at = line_;
    if (!started_) {
      started_ = true;
      if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);  // a byte order mark, as spreadsheets write it
      csv_ = !line.starts_with('{');
      if (csv_) {
        if (auto header = csv_header(line); !header) {
          broken_ = true;
          return ReadRecord{at, fail(header.error())};
        }
        continue;
      }
    }
    if (too_long_)
      return ReadRecord{at, refuse("the line is longer than " + std::to_string(limits_.line_max) + " bytes")};
    if (line.empty()) continue;
    return ReadRecord{at, csv_ ? csv_record(line) : json_record(line)};
  }
  return std::nullopt;
}

Result<DeviceRecord> ImportReader::json_record(const std::string& line) const {
  HF_TRY(const auto json, parse_json(line, {.bytes_max = limits_.line_max, .depth_max = 4}));
  const auto* object = json.if_object();
  if (!object) return refuse("a line takes one JSON object");
  DeviceRecord record;
  for (const auto& [name, value] : *object) {
    if (value.is_null()) continue;
    if (name == "builds") {
      if (!value.is_array()) return refuse("builds takes a list of build paths");
      for (const auto& build : value.get_array()) {
        if (!build.is_string()) return refuse("builds takes a list of build paths");
        record.builds.emplace_back(build.get_string());
      }
    } else if (value.is_string()) {
      HF_CHECK(set(record, name, std::string(value.get_string())));
    } else {
      return refuse(std::string(name) + " takes text");
    }
  }
  return checked(std::move(record), limits_);
}

Result<std::vector<std::string>> ImportReader::csv_cells(std::string line) {
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false, closed = false;
  for (std::size_t i = 0;; ++i) {
    if (i == line.size()) {
      if (!quoted) break;
      // A quoted cell may hold line ends (RFC 4180 section 2, rule 6).
      std::string more;
      if (!read_line(more)) return refuse("a quoted cell has no end");
      if (too_long_ || line.size() + more.size() > limits_.line_max)
        return refuse("the record is longer than " + std::to_string(limits_.line_max) + " bytes");
      line += "\n" + more;
    }
    const char c = line[i];
    if (quoted) {
      if (c != '"') cell += c;
      else if (i + 1 < line.size() && line[i + 1] == '"') cell += '"', ++i;
      else quoted = false, closed = true;
    } else if (c == ',') {
      cells.push_back(std::exchange(cell, {}));
      closed = false;
    } else if (c == '"' && cell.empty() && !closed) {
      quoted = true;
    } else if (closed) {
      return refuse("there is text after a closing quote");
    } else {
      cell += c;
    }
  }
  cells.push_back(std::move(cell));
  return cells;
}

Result<void> ImportReader::csv_header(const std::string& line) {
  HF_TRY(header_, csv_cells(line));
  for (auto& name : header_) name = std::string(trim(name));
  for (const auto& name : header_) {
    if (std::find(kColumns.begin(), kColumns.end(), name) == kColumns.end() ||
        std::count(header_.begin(), header_.end(), name) > 1)
      return fail(ErrorKind::invalid, "HF-FLEET-0002",
                  "the CSV header takes each of batch, serial, hardware_revision, builds, market, certificate_sha256, "
                  "key_sha256 at most once; it has '" +
                      (is_path(name) ? name : "?") + "'");
  }
  for (const auto* required : {"batch", "serial", "market"})
    if (std::find(header_.begin(), header_.end(), required) == header_.end())
      return fail(ErrorKind::invalid, "HF-FLEET-0002", "the CSV header lacks the column " + std::string(required));
  return {};
}

Result<DeviceRecord> ImportReader::csv_record(const std::string& line) {
  HF_TRY(auto cells, csv_cells(line));
  if (cells.size() != header_.size())
    return refuse("the line has " + std::to_string(cells.size()) + " cells, the header " +
                  std::to_string(header_.size()));
  DeviceRecord record;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (header_[i] == "builds") {
      if (!cells[i].empty())
        for (const auto build : split(cells[i], ';')) record.builds.emplace_back(trim(build));
    } else {
      HF_CHECK(set(record, header_[i], std::move(cells[i])));
    }
  }
  return checked(std::move(record), limits_);
}

}  // namespace hf::fleet
