// Ranges in an ecosystem's own words, as the tests of vers-spec convert them. Comparators side by side are kept side
// by side (">=4.2.1 >=5.0.3" stays both): a VERS is a union, so the result is never narrower than the text.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "vuln/version/orders.h"
#include "vuln/version/vers.h"

namespace hf::vuln {
namespace {

using orders::all_digits;
using orders::is_digit;

auto unreadable(std::string_view scheme, std::string_view native) {
  return fail(ErrorKind::invalid, "HF-VERS-0005",
              "not a range in the notation of " + std::string(scheme) + ": " + std::string(native));
}

struct Collector {
  std::vector<VersConstraint> list{};

  void add(Comparator comparator, std::string version) { list.push_back({comparator, std::move(version)}); }
  void between(std::string from, std::string to) {
    add(Comparator::greater_or_equal, std::move(from));
    add(Comparator::less, std::move(to));
  }
};

std::optional<Comparator> take_comparator(std::string_view& text) {
  static constexpr std::array<std::pair<std::string_view, Comparator>, 7> kComparators{
      {{">=", Comparator::greater_or_equal},
       {"<=", Comparator::less_or_equal},
       {"!=", Comparator::not_equal},
       {"==", Comparator::equal},
       {">", Comparator::greater},
       {"<", Comparator::less},
       {"=", Comparator::equal}}};
  for (const auto& [word, comparator] : kComparators) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    return comparator;
  }
  return std::nullopt;
}

// Splits at a separator of any length; parts are trimmed.
std::vector<std::string_view> split_at(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

// White space ends a term, but not between an operator and its version.
std::vector<std::string> terms_of(std::string_view text, std::string_view operators) {
  std::vector<std::string> terms;
  std::string term;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == ',') {
      if (!term.empty() && operators.find(term.back()) == std::string_view::npos)
        terms.push_back(std::exchange(term, {}));
    } else {
      term += c;
    }
  }
  if (!term.empty()) terms.push_back(term);
  return terms;
}

std::string plus_one(std::string_view digits) {
  std::string number(digits);
  for (auto i = number.size(); i-- > 0;) {
    if (number[i] != '9') {
      ++number[i];
      return number;
    }
    number[i] = '0';
  }
  return "1" + number;
}

// The release numbers that begin a version: "1.2.3-rc1" gives 1, 2, 3.
std::vector<std::string> numbers_of(std::string_view text) {
  std::vector<std::string> numbers;
  while (!text.empty() && is_digit(text.front())) {
    numbers.emplace_back(orders::take_digits(text));
    if (!orders::take_if(text, '.')) break;
  }
  return numbers;
}

std::string join(const std::vector<std::string>& numbers, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : ".") + (i < numbers.size() ? numbers[i] : std::string("0"));
  return text;
}

// The first `keep` numbers with the last of them one higher.
std::string next_after(std::vector<std::string> numbers, std::size_t keep) {
  numbers.resize(keep, "0");
  numbers.back() = plus_one(numbers.back());
  return join(numbers, keep);
}

std::size_t first_nonzero(const std::vector<std::string>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i].find_first_not_of('0') != std::string::npos) return i;
  return numbers.empty() ? 0 : numbers.size() - 1;
}

bool is_x(std::string_view part) { return part == "x" || part == "X" || part == "*"; }

// --- npm: node-semver's ranges ---

struct NpmVersion {
  std::vector<std::string> numbers;
  std::string tail;  // "-beta.7"
  bool wildcard = false;
};

std::optional<NpmVersion> npm_version(std::string_view text) {
  NpmVersion version;
  while (!text.empty() && (text.front() == 'v' || text.front() == '=')) text.remove_prefix(1);
  const auto end = std::min(text.find_first_of("-+"), text.size());
  for (const auto part : split(text.substr(0, end), '.')) {
    if (is_x(part) || part.empty()) {
      version.wildcard = true;
      continue;
    }
    auto rest = part;
    const auto digits = orders::take_digits(rest);
    if (digits.empty() || version.wildcard || version.numbers.size() == 3) return std::nullopt;
    version.numbers.emplace_back(digits);
    if (!rest.empty()) {  // loose: "1.2.3beta1"
      version.tail = "-" + std::string(rest) + std::string(text.substr(end));
      return version;
    }
  }
  version.tail = std::string(text.substr(end));
  return version;
}

std::string full(const NpmVersion& version) { return join(version.numbers, 3) + version.tail; }
std::string next3(const NpmVersion& version, std::size_t keep) {
  auto numbers = numbers_of(next_after(version.numbers, keep));
  return join(numbers, 3);
}

bool npm_term(std::string_view term, Collector& out) {
  const char op = term.empty() ? ' ' : term.front();
  if (op == '^' || op == '~') {
    term.remove_prefix(1);
    if (op == '~' && term.starts_with('>')) term.remove_prefix(1);
    const auto version = npm_version(term);
    if (!version || version->numbers.empty()) return false;
    const auto keep = op == '^'                     ? std::min(first_nonzero(version->numbers), std::size_t{2}) + 1
                      : version->numbers.size() > 1 ? std::size_t{2}
                                                    : std::size_t{1};
    out.between(full(*version), next3(*version, keep));
    return true;
  }
  const auto comparator = take_comparator(term);
  const auto version = npm_version(term);
  if (!version) return false;
  if (version->numbers.empty()) {
    if (!version->wildcard || (comparator && *comparator != Comparator::equal)) return false;
    out.add(Comparator::any, "");
    return true;
  }
  if (version->wildcard && (!comparator || *comparator == Comparator::equal)) {
    out.between(full(*version), next3(*version, version->numbers.size()));
    return true;
  }
  out.add(comparator.value_or(Comparator::equal), full(*version));
  return true;
}

bool npm(std::string_view native, Collector& out) {
  for (const auto alternative : split_at(native, "||")) {
    if (alternative.empty()) return false;
    if (const auto hyphen = alternative.find(" - "); hyphen != std::string_view::npos) {
      const auto from = npm_version(trim(alternative.substr(0, hyphen))),
                 to = npm_version(trim(alternative.substr(hyphen + 3)));
      if (!from || !to || from->numbers.empty() || to->numbers.empty()) return false;
      out.add(Comparator::greater_or_equal, full(*from));
      if (to->numbers.size() < 3) out.add(Comparator::less, next3(*to, to->numbers.size()));
      else out.add(Comparator::less_or_equal, full(*to));
      continue;
    }
    for (const auto& term : terms_of(alternative, "<>=^~"))
      if (!npm_term(term, out)) return false;
  }
  return true;
}

// --- Conan 2: "[>=1 <2 || ^3.2, include_prerelease]" ---

bool conan(std::string_view native, Collector& out) {
  for (auto alternative : split_at(native, "||")) {
    alternative = trim(alternative.substr(0, alternative.find(", include_prerelease")));
    if (alternative.empty()) return false;
    for (const auto& word : terms_of(alternative, "<>=^~!")) {
      std::string_view term = word;
      const bool any = term == "*" || term == "*-";
      if (any) {
        out.add(Comparator::greater_or_equal, "0.0.0");
        continue;
      }
      if (term.ends_with('-')) term.remove_suffix(1);  // "include pre-releases", which a VERS does anyway
      if (term.starts_with('^') || term.starts_with('~')) {
        const bool caret = term.front() == '^';
        term.remove_prefix(1);
        const auto numbers = numbers_of(term);
        if (numbers.empty()) return false;
        const auto keep = caret ? first_nonzero(numbers) + 1 : std::min(numbers.size(), std::size_t{2});
        out.between(std::string(term), next_after(numbers, keep) + "-");
        continue;
      }
      const auto comparator = take_comparator(term);
      if (term.empty()) return false;
      out.add(comparator.value_or(Comparator::equal), std::string(term));
    }
  }
  return true;
}

// --- "~> 2.0.8", ">= 1.0, < 2" ---

bool gem(std::string_view native, Collector& out) {
  for (const auto& word : terms_of(native, "<>=~!")) {
    std::string_view term = word;
    if (term.starts_with("~>")) {
      term.remove_prefix(2);
      auto numbers = numbers_of(term);
      if (numbers.empty()) return false;
      out.between(std::string(term), next_after(numbers, std::max(numbers.size(), std::size_t{2}) - 1));
      continue;
    }
    const auto comparator = take_comparator(term);
    if (term.empty()) return false;
    out.add(comparator.value_or(Comparator::equal), std::string(term));
  }
  return true;
}

// --- PEP 440 specifiers ---

bool pypi(std::string_view native, Collector& out) {
  for (const auto& word : terms_of(native, "<>=~!")) {
    std::string_view term = word;
    if (term.starts_with("~=")) {
      term.remove_prefix(2);
      const auto numbers = numbers_of(term);
      if (numbers.size() < 2) return false;
      out.between(std::string(term), next_after(numbers, numbers.size() - 1));
      continue;
    }
    const auto comparator = take_comparator(term);
    if (!comparator || term.empty()) return false;
    if (term.ends_with(".*")) {
      const auto numbers = numbers_of(term.substr(0, term.size() - 2));
      if (numbers.empty() || *comparator != Comparator::equal) return false;
      out.between(join(numbers, numbers.size()), next_after(numbers, numbers.size()));
      continue;
    }
    out.add(*comparator, std::string(term));
  }
  return true;
}

// --- "[1.0,2.0)", "(,1.0]", "[1.2]": Maven and NuGet; a bare version is a minimum in NuGet, a wish in Maven ---

bool brackets(std::string_view native, bool bare_is_minimum, Collector& out) {
  native = trim(native);
  if (native.empty()) return false;
  if (native.front() != '[' && native.front() != '(') {
    out.add(bare_is_minimum ? Comparator::greater_or_equal : Comparator::equal, std::string(native));
    return true;
  }
  while (!native.empty()) {
    const char open = native.front();
    const auto close = native.find_first_of("])");
    if ((open != '[' && open != '(') || close == std::string_view::npos) return false;
    const auto parts = split(native.substr(1, close - 1), ',');
    const bool inclusive = native[close] == ']';
    const auto from = trim(parts[0]), to = parts.size() > 1 ? trim(parts[1]) : std::string_view();
    if (parts.size() > 2 || (from.empty() && to.empty())) return false;
    if (parts.size() == 1) {
      out.add(Comparator::equal, std::string(from));
    } else {
      if (!from.empty()) out.add(open == '[' ? Comparator::greater_or_equal : Comparator::greater, std::string(from));
      if (!to.empty()) out.add(inclusive ? Comparator::less_or_equal : Comparator::less, std::string(to));
    }
    native = trim(native.substr(close + 1));
    if (native.starts_with(',')) native = trim(native.substr(1));
  }
  return true;
}

// --- nginx advisories: "1.5.0+, 1.4.1+", "0.7.52-0.8.39"; openssl advisories: a list ---

bool nginx(std::string_view native, Collector& out) {
  for (const auto part : split_at(native, ",")) {
    if (part.empty()) return false;
    if (part.ends_with('+')) {
      const auto from = part.substr(0, part.size() - 1);
      const auto numbers = numbers_of(from);
      if (numbers.size() < 2) return false;
      // An even minor number is a stable branch: the fix holds until the branch ends. Mainline goes on for ever.
      const char last = numbers[1].back();
      const bool stable = (last - '0') % 2 == 0;
      out.add(Comparator::greater_or_equal, std::string(from));
      if (stable) out.add(Comparator::less, next_after(numbers, 2) + ".0");
      continue;
    }
    if (const auto dash = part.find('-'); dash != std::string_view::npos) {
      out.add(Comparator::greater_or_equal, std::string(trim(part.substr(0, dash))));
      out.add(Comparator::less_or_equal, std::string(trim(part.substr(dash + 1))));
      continue;
    }
    out.add(Comparator::equal, std::string(part));
  }
  return true;
}

bool list(std::string_view native, Collector& out) {
  for (const auto part : split_at(native, ",")) {
    if (part.empty()) return false;
    out.add(Comparator::equal, std::string(part));
  }
  return true;
}

}  // namespace

Result<Vers> vers_of_native(std::string_view scheme, std::string_view native) {
  constexpr std::size_t kBytesMax = 65536;
  if (native.size() > kBytesMax) return fail(ErrorKind::limit, "HF-VERS-0003", "a range has at most 65536 bytes");
  Collector out;
  bool read = false;
  switch (scheme_of_name(scheme).value_or(Scheme::opaque)) {
    case Scheme::npm:
    case Scheme::semver:
    case Scheme::cargo: read = npm(native, out); break;
    case Scheme::conan: read = conan(native, out); break;
    case Scheme::gem: read = gem(native, out); break;
    case Scheme::pep440: read = pypi(native, out); break;
    case Scheme::maven: read = brackets(native, false, out); break;
    case Scheme::nuget: read = brackets(native, true, out); break;
    case Scheme::nginx: read = nginx(native, out); break;
    case Scheme::openssl: read = list(native, out); break;
    default: break;
  }
  if (!read || out.list.empty()) return unreadable(scheme, native);
  Vers vers{.scheme = to_lower(scheme), .constraints = std::move(out.list)};
  if (std::any_of(vers.constraints.begin(), vers.constraints.end(),
                  [](const auto& c) { return c.comparator == Comparator::any; }))
    vers.constraints = {{Comparator::any, ""}};  // the union with everything
  return vers.canonical();
}

}  // namespace hf::vuln
