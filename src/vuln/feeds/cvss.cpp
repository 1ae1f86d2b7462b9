#include "vuln/feeds/cvss.h"

#include "base/text.h"

namespace hf::vuln {

Cvss read_cvss(JsonView cvss, std::string_view member, std::string_view source) {
  Cvss read;
  read.source = utf8_prefix(source, 256);
  read.version = utf8_prefix(cvss.text("version"), 8);
  if (read.version.empty()) {
    for (const char c : member) {
      if (c < '0' || c > '9') continue;
      if (!read.version.empty()) read.version += '.';
      read.version += c;
    }
  }
  read.vector = utf8_prefix(cvss.text("vectorString"), 512);
  read.severity = to_lower(cvss.text("baseSeverity").substr(0, 16));
  read.score = cvss["baseScore"].number();
  return read;
}

std::optional<Time> time_or_none(std::string_view text) {
  if (text.empty() || text.size() > 40 || text.starts_with("0001-01-01")) return std::nullopt;
  if (const auto time = parse_rfc3339(text)) return *time;
  if (const auto time = parse_rfc3339(std::string(text) + "Z")) return *time;
  return std::nullopt;
}

std::string utf8_prefix(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  auto end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

}  // namespace hf::vuln
