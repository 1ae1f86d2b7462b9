#include "vuln/feeds/version_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace hf::vuln {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A word that can be a version: it has a digit and no blank, and is not a sentence.
bool is_version_word(std::string_view word) {
  return !word.empty() && word.size() <= 128 && word.find_first_of(" \t,;<>=|()") == std::string_view::npos &&
         std::any_of(word.begin(), word.end(), is_digit);
}

std::string_view without_v(std::string_view word) {
  if (word.size() > 1 && (word[0] == 'v' || word[0] == 'V') && is_digit(word[1])) word.remove_prefix(1);
  return word;
}

// "1.x" and "1.2.X" as the wildcard "1.*"; anything else as it is.
std::pair<std::string, bool> wildcard_of(std::string_view word) {
  if (word.size() > 2 && (word.ends_with(".x") || word.ends_with(".X")))
    return {std::string(word.substr(0, word.size() - 1)) + "*", true};
  return {std::string(word), false};
}

bool has_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text = trim(text.substr(prefix.size()));
  return true;
}
bool has_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text = trim(text.substr(0, text.size() - suffix.size()));
  return true;
}

std::optional<std::string> bound_of(std::string_view text) {
  for (const std::string_view noise : {"versions ", "version ", "v. ", "ver "}) has_prefix(text, noise);
  text = without_v(trim(text));
  if (!is_version_word(text)) return std::nullopt;
  return wildcard_of(text).first;
}

using Intervals = std::optional<std::vector<Interval>>;

Intervals one(Interval interval) { return std::vector{std::move(interval)}; }

// "1.0 to 1.5", "1.0 - 1.5", "from 1.0 through 1.5", "1.0 up to and including 1.5", "1.0 before 1.5"
Intervals two_sided(std::string_view text) {
  struct Word {
    std::string_view text;
    bool inclusive;
  };
  constexpr std::array<Word, 10> kBetween{{{" up to and including ", true},
                                           {" up to ", true},
                                           {" through ", true},
                                           {" thru ", true},
                                           {" to before ", false},
                                           {" to ", true},
                                           {" before ", false},
                                           {" prior to ", false},
                                           {" – ", true},
                                           {" - ", true}}};
  for (const auto& word : kBetween) {
    const auto at = text.find(word.text);
    if (at == std::string_view::npos) continue;
    auto low = trim(text.substr(0, at));
    auto high = trim(text.substr(at + word.text.size()));
    has_prefix(low, "from ");
    has_suffix(low, ",");
    const auto lower = bound_of(low), upper = bound_of(high);
    if (!lower || !upper) return std::nullopt;
    return one({*lower, true, *upper, word.inclusive});
  }
  return std::nullopt;
}

// OpenSSL's form of old: "fixed in openssl 1.1.1d (affected 1.1.1-1.1.1c)". What is affected is in the brackets.
Intervals affected_in_brackets(std::string_view text) {
  constexpr std::string_view kOpen = "(affected ";
  const auto at = text.find(kOpen);
  if (at == std::string_view::npos || !text.starts_with("fixed in ") || !text.ends_with(")")) return std::nullopt;
  std::vector<Interval> intervals;
  for (const auto part : split(text.substr(at + kOpen.size(), text.size() - at - kOpen.size() - 1), ',')) {
    const auto ends = split(trim(part), '-');
    const auto lower = bound_of(ends.front()), upper = bound_of(ends.back());
    if (ends.size() > 2 || !lower || !upper) return std::nullopt;
    intervals.push_back({*lower, true, *upper, true});
  }
  return intervals;
}

Intervals one_sided(std::string_view text) {
  for (const std::string_view word :
       {"all versions before ", "all versions prior to ", "versions before ", "versions prior to ", "prior to version ",
        "before version ", "prior to ", "before ", "earlier than ", "lower than "})
    if (auto rest = text; has_prefix(rest, word)) {
      if (const auto upper = bound_of(rest)) return one({"", true, *upper, false});
      return std::nullopt;
    }
  for (const std::string_view word : {"up to and including ", "versions up to ", "up to ", "through ", "until ",
                                      "all versions through ", "all versions up to "})
    if (auto rest = text; has_prefix(rest, word)) {
      if (const auto upper = bound_of(rest)) return one({"", true, *upper, true});
      return std::nullopt;
    }
  for (const std::string_view word :
       {" and prior versions", " and earlier versions", " and all prior versions", " and prior", " and earlier",
        " and below", " and older", " or earlier", " or below", " or prior", " or lower", " and lower", " and before",
        " and previous versions", " and previous", "(and earlier)", " (and prior)"})
    if (auto rest = text; has_suffix(rest, word)) {
      has_suffix(rest, ",");
      if (const auto upper = bound_of(rest)) return one({"", true, *upper, true});
      return std::nullopt;
    }
  for (const std::string_view word : {" and later versions", " and later", " and above", " and newer", " or later",
                                      " or newer", " or higher", " and up", " onwards"})
    if (auto rest = text; has_suffix(rest, word)) {
      if (const auto lower = bound_of(rest)) return one({*lower, true, "", false});
      return std::nullopt;
    }
  return std::nullopt;
}

// Comparators as GitHub and others write them: ">= 1.0, < 2.0". Comparators join into one interval until a second
// lower bound opens the next one: ">= 1.0, < 1.2, >= 2.0, < 2.3".
Intervals comparators(std::string_view text) {
  std::vector<Interval> intervals;
  bool has_lower = false, has_upper = false;
  Interval current;
  const auto close = [&] {
    if (has_lower || has_upper) intervals.push_back(std::exchange(current, {}));
    has_lower = has_upper = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto c = text[at];
    if (c == ' ' || c == ',' || c == ';' || c == '\t' || (c == '&' && text.substr(at).starts_with("&&"))) {
      at += c == '&' ? 2 : 1;
      continue;
    }
    if (text.substr(at).starts_with("and ")) {
      at += 4;
      continue;
    }
    if (text.substr(at).starts_with("||") || text.substr(at).starts_with("or ")) {
      close();
      at += c == '|' ? 2 : 3;
      continue;
    }
    std::string_view op;
    for (const std::string_view candidate : {">=", "<=", "=>", "=<", "==", ">", "<", "="})
      if (op.empty() && text.substr(at).starts_with(candidate)) op = candidate;
    if (op.empty()) return std::nullopt;
    at += op.size();
    const auto start = std::min(text.find_first_not_of(" \t", at), text.size());
    const auto end = std::min(text.find_first_of(" ,;<>=|&", start), text.size());
    const auto bound = bound_of(text.substr(start, end - start));
    if (!bound) return std::nullopt;
    at = end;
    if (op == ">" || op == ">=" || op == "=>") {
      if (has_lower || has_upper) close();
      current.lower = *bound;
      current.lower_inclusive = op != ">";
      has_lower = true;
    } else if (op == "<" || op == "<=" || op == "=<") {
      if (has_upper) close();
      current.upper = *bound;
      current.upper_inclusive = op != "<";
      has_upper = true;
    } else {
      close();
      intervals.push_back({*bound, true, *bound, true});
    }
  }
  close();
  if (intervals.empty()) return std::nullopt;
  return intervals;
}

std::optional<std::vector<std::string>> list_of(std::string_view text) {
  std::string flat(text);
  for (std::size_t at; (at = flat.find(" and ")) != std::string::npos;) flat.replace(at, 5, ",");
  for (std::size_t at; (at = flat.find(" & ")) != std::string::npos;) flat.replace(at, 3, ",");
  std::vector<std::string> versions;
  for (const auto part : split(flat, ',')) {
    const auto item = trim(part);
    if (item.empty()) continue;
    const auto version = bound_of(item);
    if (!version) return std::nullopt;
    versions.push_back(*version);
  }
  if (versions.size() < 2) return std::nullopt;
  return versions;
}

}  // namespace

bool is_absent(std::string_view raw) {
  const auto text = to_lower(trim(raw));
  constexpr std::array<std::string_view, 14> kAbsent{
      "",        "n/a",           "na",        "-",    "--",  "none",    "unspecified",
      "unknown", "not specified", "undefined", "null", "tbd", "various", "not available"};
  return std::find(kAbsent.begin(), kAbsent.end(), text) != kAbsent.end();
}

VersionText read_version_text(std::string_view raw, Scheme scheme) {
  VersionText read;
  read.range.scheme = scheme;
  if (is_absent(raw) || raw.size() > 4096) return read;
  const auto lower = to_lower(trim(raw));
  std::string_view text = lower;
  if (text == "*" || text == "all" || text == "all versions" || text == "any" || text == "all version") {
    read.reading = text == "*" ? Reading::stated : Reading::lenient;
    read.whole = true;
    return read;
  }
  // Case matters to no order that feeds use, but the text is what a finding shows: keep the original for exact ones.
  const auto original = without_v(trim(raw));
  if (is_version_word(original)) {
    const auto [word, dotted_x] = wildcard_of(original);
    read.reading = dotted_x ? Reading::lenient : Reading::stated;
    if (is_wildcard(word)) read.range.intervals.push_back({word, true, word, true});
    else read.range.exact.push_back(word);
    return read;
  }
  for (const std::string_view noise : {"all versions ", "versions ", "version "})
    if (text.starts_with(noise) && text.find_first_of("<>=") != std::string_view::npos)
      text = trim(text.substr(noise.size()));
  Intervals intervals = text.find_first_of("<>=") != std::string_view::npos ? comparators(text) : std::nullopt;
  if (!intervals) intervals = affected_in_brackets(text);
  if (!intervals) intervals = one_sided(text);
  if (!intervals) intervals = two_sided(text);
  if (intervals) {
    read.reading = Reading::lenient;
    read.range.intervals = std::move(*intervals);
    return read;
  }
  if (auto versions = list_of(text)) {
    read.reading = Reading::lenient;
    for (auto& version : *versions) {
      if (is_wildcard(version)) read.range.intervals.push_back({version, true, version, true});
      else read.range.exact.push_back(std::move(version));
    }
    return read;
  }
  if (has_prefix(text, "version ") || has_prefix(text, "ver ") || has_prefix(text, "release ")) {
    if (const auto version = bound_of(text)) {
      read.reading = Reading::lenient;
      if (is_wildcard(*version)) read.range.intervals.push_back({*version, true, *version, true});
      else read.range.exact.push_back(*version);
    }
  }
  return read;
}

Scheme scheme_of_version_type(std::string_view version_type) {
  const auto type = to_lower(trim(version_type));
  if (type == "semver" || type == "sem") return Scheme::semver;
  if (type == "python" || type == "pep440") return Scheme::pep440;
  if (type == "rpm") return Scheme::rpm;
  if (type == "maven") return Scheme::maven;
  if (type == "npm") return Scheme::npm;
  if (type == "deb" || type == "dpkg") return Scheme::deb;
  if (type == "apk") return Scheme::apk;
  if (type == "gem") return Scheme::gem;
  if (type == "nuget") return Scheme::nuget;
  if (type == "golang" || type == "go") return Scheme::golang;
  if (type == "composer") return Scheme::composer;
  return Scheme::generic;
}

}  // namespace hf::vuln
