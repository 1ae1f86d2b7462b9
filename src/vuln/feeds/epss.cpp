#include "vuln/feeds/epss.h"

#include <charconv>

#include "base/text.h"

namespace hf::vuln {
namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trim(line);
}

bool read_fraction(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 1;
}

std::string after(std::string_view line, std::string_view key) {
  const auto at = line.find(key);
  if (at == std::string_view::npos) return {};
  const auto rest = line.substr(at + key.size());
  return std::string(rest.substr(0, std::min(rest.find(','), std::size_t(64))));
}

}  // namespace

bool is_epss(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text.starts_with("#model_version:") || text.starts_with("cve,epss");
}

Result<EpssCount> read_epss(std::string_view text, const std::function<Result<void>(const EpssScore&)>& visit) {
  EpssCount count;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  auto line = next_line(text);
  if (line.starts_with('#')) {
    count.head.model_version = after(line, "model_version:");
    count.head.score_date = after(line, "score_date:");
    line = next_line(text);
  }
  if (!line.starts_with("cve,epss"))
    return fail(ErrorKind::invalid, "HF-VULN-0003", "the EPSS file has no line \"cve,epss,percentile\"");
  while (!text.empty()) {
    line = next_line(text);
    if (line.empty()) continue;
    const auto first = line.find(','), second = first == std::string_view::npos ? first : line.find(',', first + 1);
    EpssScore score;
    score.id = line.substr(0, first);
    const bool ok = second != std::string_view::npos && score.id.starts_with("CVE-") && score.id.size() <= 32 &&
                    read_fraction(line.substr(first + 1, second - first - 1), score.score) &&
                    read_fraction(line.substr(second + 1), score.percentile);
    if (!ok) {
      ++count.refused;
      continue;
    }
    ++count.scores;
    HF_CHECK(visit(score));
  }
  return count;
}

}  // namespace hf::vuln
