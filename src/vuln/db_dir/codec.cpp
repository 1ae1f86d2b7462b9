#include "vuln/db_dir/codec.h"

#include <bit>
#include <cmath>
#include <type_traits>
#include <utility>

namespace hf::vuln {
namespace {

constexpr std::uint64_t kLayout = 1;
constexpr std::size_t kDepthMax = 32;

class Writer {
 public:
  static constexpr bool kReads = false;
  void integer(std::uint64_t& value) {
    auto rest = value;
    for (; rest >= 0x80; rest >>= 7) out_ += char(rest | 0x80);
    out_ += char(rest);
  }
  void text(std::string& value) {
    std::uint64_t size = value.size();
    integer(size);
    out_ += value;
  }
  [[nodiscard]] bool ok() const { return true; }
  bool enter() { return true; }
  void leave() {}
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  static constexpr bool kReads = true;
  explicit Reader(std::string_view in) : in_(in) {}
  void integer(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) break;
      const auto byte = static_cast<unsigned char>(in_.front());
      in_.remove_prefix(1);
      value |= std::uint64_t(byte & 0x7f) << shift;
      if (byte < 0x80) return;
    }
    value = 0;
    ok_ = false;
  }
  void text(std::string& value) {
    std::uint64_t size = 0;
    integer(size);
    if (size > in_.size()) ok_ = false;
    if (!ok_) return;
    value.assign(in_.substr(0, size));
    in_.remove_prefix(size);
  }
  void refuse() { ok_ = false; }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return in_.size(); }
  bool enter() {
    if (++depth_ > kDepthMax) ok_ = false;
    return ok_;
  }
  void leave() { --depth_; }

 private:
  std::string_view in_;
  std::size_t depth_ = 0;
  bool ok_ = true;
};

// One list of fields per type serves both directions, so that they cannot drift apart.
template <class A>
void field(A& a, std::string& value) {
  a.text(value);
}
template <class A>
void field(A& a, bool& value) {
  std::uint64_t number = value ? 1 : 0;
  a.integer(number);
  value = number != 0;
}
template <class A, class E>
requires std::is_enum_v<E>
void field(A& a, E& value) {
  auto number = std::uint64_t(value);
  a.integer(number);
  constexpr std::uint64_t kEnumMax = 63;  // no enum here has more values; a wild one falls to a default branch
  value = E(number > kEnumMax ? 0 : number);
}
template <class A>
void field(A& a, double& value) {  // scores have one decimal
  auto number = std::uint64_t(std::llround(value * 1000));
  a.integer(number);
  value = double(number) / 1000;
}
template <class A>
void field(A& a, std::optional<Time>& value) {
  auto number = value ? std::uint64_t(micros(*value)) : 0;
  a.integer(number);
  value = number == 0 ? std::nullopt : std::optional(time_of(std::int64_t(number)));
}
template <class A>
void field(A& a, VersionChange& v);
template <class A>
void field(A& a, Interval& v);
template <class A>
void field(A& a, Range& v);
template <class A>
void field(A& a, VersionEntry& v);
template <class A>
void field(A& a, Statement& v);
template <class A>
void field(A& a, CpeMatch& v);
template <class A>
void field(A& a, CpeNode& v);
template <class A>
void field(A& a, Configuration& v);
template <class A>
void field(A& a, Cvss& v);
template <class A>
void field(A& a, Ssvc& v);
template <class A, class T>
void field(A& a, std::vector<T>& items) {
  std::uint64_t size = items.size();
  a.integer(size);
  if constexpr (A::kReads) {
    if (size > a.left()) a.refuse();  // every item takes a byte at least
    for (std::uint64_t i = 0; i < size && a.ok(); ++i) field(a, items.emplace_back());
  } else {
    for (auto& item : items) field(a, item);
  }
}
template <class A, class... T>
void fields(A& a, T&... values) {
  (field(a, values), ...);
}

template <class A>
void field(A& a, VersionChange& v) {
  fields(a, v.at, v.status);
}
template <class A>
void field(A& a, Interval& v) {
  fields(a, v.lower, v.lower_inclusive, v.upper, v.upper_inclusive);
}
template <class A>
void field(A& a, Range& v) {
  fields(a, v.scheme, v.intervals, v.exact);
}
template <class A>
void field(A& a, VersionEntry& v) {
  fields(a, v.where, v.status, v.reading, v.git, v.whole, v.range, v.changes, v.text);
}
template <class A>
void field(A& a, Statement& v) {
  fields(a, v.pointer, v.container, v.rule, v.vendor, v.product, v.package, v.purl, v.cpes, v.repo, v.default_status,
         v.versions, v.program_files, v.platforms, v.modules);
}
template <class A>
void field(A& a, CpeMatch& v) {
  fields(a, v.criteria, v.vulnerable, v.interval);
}
template <class A>
void field(A& a, CpeNode& v) {
  if (!a.enter()) return;
  fields(a, v.all, v.negate, v.matches, v.children, v.where);
  a.leave();
}
template <class A>
void field(A& a, Configuration& v) {
  fields(a, v.pointer, v.container, v.root);
}
template <class A>
void field(A& a, Cvss& v) {
  fields(a, v.version, v.vector, v.severity, v.source, v.score);
}
template <class A>
void field(A& a, Ssvc& v) {
  fields(a, v.exploitation, v.automatable, v.technical_impact);
}
template <class A>
void field(A& a, Advisory& v) {
  fields(a, v.id, v.feed, v.aliases, v.upstream, v.summary, v.assigner, v.published, v.modified, v.withdrawn,
         v.disputed, v.unanalyzed, v.nvd_status, v.cvss, v.ssvc, v.statements, v.configurations, v.warnings);
}

}  // namespace

std::string encode(const Advisory& advisory) {
  Writer out;
  auto layout = kLayout;
  out.integer(layout);
  auto copy = advisory;  // the field list takes references; a record is a few kilobytes
  field(out, copy);
  return out.take();
}

Result<Advisory> decode(std::string_view bytes) {
  Reader in(bytes);
  std::uint64_t layout = 0;
  in.integer(layout);
  Advisory advisory;
  if (layout == kLayout) field(in, advisory);
  if (layout != kLayout || !in.ok() || in.left() != 0)
    return fail(ErrorKind::invalid, "HF-VULN-0010",
                "the advisory database is damaged or of another version: build it again");
  return advisory;
}

}  // namespace hf::vuln
