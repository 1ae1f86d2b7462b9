// What goes into a statement and comes out of a row: NULL, 64-bit integers, UTF-8 text, bytes. Nothing else, so that
// one SQL text means the same on both engines: times are integer microseconds, booleans 0 and 1, ids are ours.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"

namespace hf::db {

// Views: a parameter outlives its call, a cell lives until the row callback returns.
using Value = std::variant<std::monostate, std::int64_t, std::string_view, ByteView>;

inline Value to_value(std::int64_t v) { return v; }
inline Value to_value(int v) { return std::int64_t{v}; }
inline Value to_value(bool v) { return std::int64_t{v}; }
inline Value to_value(std::string_view v) { return v; }
inline Value to_value(const std::string& v) { return std::string_view(v); }
inline Value to_value(const char* v) { return std::string_view(v); }
inline Value to_value(ByteView v) { return v; }
inline Value to_value(const Bytes& v) { return ByteView(v); }
inline Value to_value(const std::array<std::uint8_t, 32>& v) { return ByteView(v); }
inline Value to_value(Time v) { return micros(v); }
inline Value to_value(std::nullopt_t) { return std::monostate{}; }
template <class Kind>
Value to_value(Id<Kind> v) {
  return v.value;
}
template <class T>
Value to_value(const std::optional<T>& v) {
  return v ? to_value(*v) : Value(std::monostate{});
}

// One row of a result. Reading a cell as another type than it has ends the process: the SQL and the reader of a
// query stand side by side in one file.
class Row {
 public:
  explicit Row(std::span<const Value> cells) : cells_(cells) {}
  [[nodiscard]] std::size_t size() const { return cells_.size(); }
  [[nodiscard]] bool is_null(std::size_t i) const { return std::holds_alternative<std::monostate>(cells_[i]); }
  [[nodiscard]] std::int64_t int64(std::size_t i) const { return std::get<std::int64_t>(cells_[i]); }
  [[nodiscard]] std::string_view text(std::size_t i) const { return std::get<std::string_view>(cells_[i]); }
  [[nodiscard]] ByteView blob(std::size_t i) const { return std::get<ByteView>(cells_[i]); }
  [[nodiscard]] std::string string(std::size_t i) const { return std::string(text(i)); }
  [[nodiscard]] Time time(std::size_t i) const { return time_of(int64(i)); }
  [[nodiscard]] std::optional<std::int64_t> int64_or_none(std::size_t i) const {
    return is_null(i) ? std::nullopt : std::optional(int64(i));
  }
  [[nodiscard]] std::optional<std::string> string_or_none(std::size_t i) const {
    return is_null(i) ? std::nullopt : std::optional(string(i));
  }
  [[nodiscard]] std::optional<Time> time_or_none(std::size_t i) const {
    return is_null(i) ? std::nullopt : std::optional(time(i));
  }
  [[nodiscard]] const Value& operator[](std::size_t i) const { return cells_[i]; }

 private:
  std::span<const Value> cells_;
};

}  // namespace hf::db
