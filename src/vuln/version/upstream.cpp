// The order of versions that upstream projects choose freely: `generic` (documented in order.h's terms below), and
// its close relatives kernel, calver and openssl.
//
// generic. A version is numbers, then a suffix.
//   numbers   joined by '.' or '_' ("7_80_0"), compared one by one; a missing number is 0, so 3.0 = 3.0.0
//   suffix    words and numbers, with '.', '-', '_', ' ' and '^' between them, compared one by one; the end counts as
//             a release: pre-release words below it, everything else above it
//               ~  <  dev, snapshot, nightly  <  alpha, aN  <  beta, bN  <  milestone, mN  <  pre, rc
//                  <  the end, final, ga, release, stable, 0
//                  <  any other word  <  a letter (1.1.1w, 1.0.2zg), p, patch, sp, update, r  <  a number
//   '+...'    build metadata, no say: 2.38+git = 2.38. Yocto strips it too when it writes a CPE, and a snapshot
//             after 2.38 may still lack the fix of 2.39.
//   -gHEX     of `git describe` is dropped: 1.2 < 1.2-15-gabc1234 < 1.2-16-gabc1234 < 1.3
//   letters have no case; a leading 'v' is dropped
// Not a version: what does not begin with a number, wildcards (1.2.x), prose ("1.2 and earlier"), commit hashes.
#include <array>
#include <utility>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

enum Rank : int { kTilde, kDev, kAlpha, kBeta, kMilestone, kCandidate, kEnd, kWord, kPatch, kNumber };

struct Token {
  Rank rank = kEnd;
  std::string_view text;
};

constexpr std::array<std::pair<std::string_view, Token>, 40> kWords{{
    {"dev", {kDev, ""}},
    {"devel", {kDev, ""}},
    {"development", {kDev, ""}},
    {"snapshot", {kDev, ""}},
    {"nightly", {kDev, ""}},
    {"canary", {kDev, ""}},
    {"unstable", {kDev, ""}},
    {"prealpha", {kDev, "pre"}},
    {"alpha", {kAlpha, ""}},
    {"beta", {kBeta, ""}},
    {"milestone", {kMilestone, ""}},
    {"pre", {kCandidate, ""}},
    {"preview", {kCandidate, ""}},
    {"prerelease", {kCandidate, ""}},
    {"rc", {kCandidate, "rc"}},
    {"cr", {kCandidate, "rc"}},
    {"candidate", {kCandidate, "rc"}},
    {"final", {kEnd, ""}},
    {"ga", {kEnd, ""}},
    {"release", {kEnd, ""}},
    {"stable", {kEnd, ""}},
    {"lts", {kEnd, ""}},
    {"p", {kPatch, "p"}},
    {"pl", {kPatch, "p"}},
    {"patch", {kPatch, "p"}},
    {"patchlevel", {kPatch, "p"}},
    {"sp", {kPatch, "sp"}},
    {"u", {kPatch, "u"}},
    {"update", {kPatch, "u"}},
    {"r", {kPatch, "r"}},
    {"rev", {kPatch, "r"}},
    {"revision", {kPatch, "r"}},
    {"post", {kPatch, "post"}},
    {"hotfix", {kPatch, "hotfix"}},
    {"fix", {kPatch, "hotfix"}},
    {"hf", {kPatch, "hotfix"}},
    {"build", {kPatch, "build"}},
    {"b", {kBeta, ""}},
    {"a", {kAlpha, ""}},
    {"m", {kMilestone, ""}},
}};

bool is_hex(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

// A commit hash that happens to begin with a digit.
bool is_hash(std::string_view text) {
  if (text.size() < 12 || !std::all_of(text.begin(), text.end(), is_hex)) return false;
  return text.size() >= 40 || std::any_of(text.begin(), text.end(), is_alpha);
}

class Reader {
 public:
  explicit Reader(std::string_view text, std::string_view joints = "._") : rest_(without_v(text)), joints_(joints) {
    if (rest_.empty() || !is_digit(rest_.front()) || is_hash(rest_)) refuse();
  }

  [[nodiscard]] bool refused() const { return refused_; }
  [[nodiscard]] bool ended() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  // The next number of the release, "" when there are no more.
  std::string_view number() {
    if (in_suffix_) return {};
    const auto digits = take_digits(rest_);
    if (rest_.size() > 1 && joints_.find(rest_[0]) != std::string_view::npos && is_digit(rest_[1]))
      rest_.remove_prefix(1);
    else in_suffix_ = true;
    return digits;
  }

  // The next piece of the suffix; the end for ever after.
  Token token() {
    bool attached = true, spaced = false, dotted = false, dashed = false;
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      const char c = rest_.front();
      if (c != '.' && c != '-' && c != '_' && c != ' ' && c != '^') break;
      attached = false;
      spaced |= c == ' ';
      dotted = c == '.';
      dashed = c == '-';
    }
    if (rest_.empty()) return {};
    const char c = rest_.front();
    if (is_digit(c)) {
      const auto digits = take_digits(rest_);
      const bool zero = digits.find_first_not_of('0') == std::string_view::npos;
      return zero ? Token{} : Token{kNumber, digits};
    }
    if (c == '~') {
      rest_.remove_prefix(1);
      return {kTilde, ""};
    }
    if (c == '+') {  // build metadata
      const auto metadata = std::exchange(rest_, {});
      if (!std::all_of(metadata.begin(), metadata.end(), [](char x) { return x > ' ' && x < 0x7f; })) return refuse();
      return {};
    }
    if (!is_alpha(c)) return refuse();
    if (dashed && lower(c) == 'g') {
      auto after = rest_.substr(1);
      if (const auto hash = take_while(after, is_hex);
          hash.size() >= 6 && (after.empty() || !is_alnum(after.front()))) {
        rest_ = after;
        return token_after_hash();
      }
    }
    const auto word = take_alpha(rest_);
    return classify(word, attached, spaced, dotted);
  }

 private:
  // `git describe --dirty` and build tags may follow the hash; they have no say either.
  Token token_after_hash() {
    rest_ = {};
    return {};
  }

  Token classify(std::string_view word, bool attached, bool spaced, bool dotted) {
    const bool before_digit = !rest_.empty() && is_digit(rest_.front());
    const bool before_number =
        before_digit || (rest_.size() > 1 && (rest_[0] == '.' || rest_[0] == '-') && is_digit(rest_[1]));
    if (word.size() == 1 && !before_number) {
      if (lower(word[0]) == 'x' && dotted) return refuse();  // 1.2.x names many versions
      if (!spaced) return {kPatch, word};                    // 1.1.1w, 2022b
    }
    for (const auto& [known, token] : kWords)
      if (equal_folded(known, word)) return token;
    if (spaced) return refuse();                                                                        // prose
    if (word.size() == 2 && attached && lower(word[0]) == 'z' && !before_digit) return {kPatch, word};  // 1.0.2zg
    return {kWord, word};
  }

  Token refuse() {
    refused_ = true;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  std::string_view joints_;
  bool in_suffix_ = false;
  bool refused_ = false;
};

std::strong_ordering compare_tokens(const Token& a, const Token& b) {
  if (a.rank != b.rank) return static_cast<int>(a.rank) <=> static_cast<int>(b.rank);
  return a.rank == kNumber ? compare_numbers(a.text, b.text) : compare_folded(a.text, b.text);
}

// Reads both to their ends even when the order is found early: a text is a version as a whole or not at all.
Order compare_upstream(std::string_view a, std::string_view b, std::string_view joints) {
  Reader x(a, joints), y(b, joints);
  if (x.refused() || y.refused()) return std::nullopt;
  auto order = kEqual;
  for (bool more = true; more;) {
    const auto m = x.number(), n = y.number();
    more = !m.empty() || !n.empty();
    if (order == 0) order = compare_numbers(m, n);
  }
  while (!x.ended() || !y.ended()) {
    const auto m = x.token(), n = y.token();
    if (order == 0) order = compare_tokens(m, n);
  }
  if (x.refused() || y.refused()) return std::nullopt;
  return order;
}

struct Kernel {
  std::string_view release;    // "6.1.52"
  std::string_view candidate;  // "3" of -rc3
};

std::optional<Kernel> parse_kernel(std::string_view text) {
  Kernel kernel;
  text = without_v(text);
  const auto whole = text;
  do {
    if (take_digits(text).empty()) return std::nullopt;
  } while (text.size() > 1 && is_digit(text[1]) && take_if(text, '.'));
  kernel.release = whole.substr(0, whole.size() - text.size());
  if (kernel.release.find('.') == std::string_view::npos) return std::nullopt;
  if (text.starts_with("-rc")) {
    text.remove_prefix(3);
    kernel.candidate = take_digits(text);
    if (kernel.candidate.empty()) return std::nullopt;
  }
  // CONFIG_LOCALVERSION, a distribution's ABI number, "+" for local commits: not upstream's order.
  if (!text.empty() && is_alnum(text.front())) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(),
                   [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '+' || c == '~'; }))
    return std::nullopt;
  return kernel;
}

struct Openssl {
  std::string_view numbers, letters, label, count;
};

// 1.0.2zg, 1.1.0-pre3, 3.0.0-alpha17. "fips" marks another product of the same sources.
std::optional<Openssl> parse_openssl(std::string_view text) {
  Openssl version;
  const auto whole = text;
  do {
    if (take_digits(text).empty()) return std::nullopt;
  } while (take_if(text, '.'));
  version.numbers = whole.substr(0, whole.size() - text.size());
  version.letters = take_alpha(text);
  if (take_if(text, '-')) {
    version.label = take_alpha(text);
    version.count = take_digits(text);
    static constexpr std::array<std::string_view, 5> kLabels{"dev", "alpha", "beta", "pre", "rc"};
    if (std::none_of(kLabels.begin(), kLabels.end(), [&](auto label) { return equal_folded(label, version.label); }))
      return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return version;
}

}  // namespace

Order generic(std::string_view a, std::string_view b) { return compare_upstream(a, b, "._"); }

Order calver(std::string_view a, std::string_view b) { return compare_upstream(a, b, "._-"); }

Order kernel(std::string_view a, std::string_view b) {
  const auto x = parse_kernel(a), y = parse_kernel(b);
  if (!x || !y) return std::nullopt;
  if (const auto order = intdot(x->release, y->release); order && *order != 0) return order;
  if (x->candidate.empty() != y->candidate.empty()) return x->candidate.empty() ? kGreater : kLess;
  return compare_numbers(x->candidate, y->candidate);
}

Order openssl(std::string_view a, std::string_view b) {
  const auto x = parse_openssl(a), y = parse_openssl(b);
  if (!x || !y) return std::nullopt;
  if (const auto order = intdot(x->numbers, y->numbers); order && *order != 0) return order;
  if (const auto order = compare_folded(x->letters, y->letters); order != 0) return order;
  if (x->label.empty() != y->label.empty()) return x->label.empty() ? kGreater : kLess;
  // alpha < beta < dev < pre < rc: by the alphabet, but for dev, which precedes all.
  const auto rank = [](std::string_view label) { return equal_folded(label, "dev") ? std::string_view() : label; };
  if (const auto order = compare_folded(rank(x->label), rank(y->label)); order != 0) return order;
  return compare_numbers(x->count, y->count);
}

}  // namespace hf::vuln::orders
