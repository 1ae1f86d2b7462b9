// Tolerant access to untrusted JSON over simdjson's DOM: a member that is absent or of another type reads as empty.
// The whole text is validated first (RFC 8259, UTF-8, depth, no key twice), so a record is read in full or refused.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "vuln/feeds/limits.h"

namespace hf::vuln {

class JsonView {
 public:
  JsonView() = default;
  JsonView(simdjson::dom::element element) : element_(element), set_(!element.is_null()) {}  // NOLINT: a view of it

  explicit operator bool() const { return set_; }  // present and not null
  [[nodiscard]] JsonView operator[](std::string_view key) const {
    simdjson::dom::element value;
    if (!set_ || element_[key].get(value) != simdjson::SUCCESS) return {};
    return value;
  }
  [[nodiscard]] std::string_view text() const {
    std::string_view value;
    return set_ && element_.get(value) == simdjson::SUCCESS ? value : std::string_view();
  }
  [[nodiscard]] std::string_view text(std::string_view key) const { return (*this)[key].text(); }
  [[nodiscard]] bool is(bool expected) const {
    bool value = false;
    return set_ && element_.get(value) == simdjson::SUCCESS && value == expected;
  }
  [[nodiscard]] double number() const {
    double value = 0;
    return set_ && element_.get(value) == simdjson::SUCCESS ? value : 0;
  }
  [[nodiscard]] bool is_object() const { return set_ && element_.is_object(); }
  [[nodiscard]] bool is_array() const { return set_ && element_.is_array(); }
  [[nodiscard]] std::size_t size() const {  // of an array
    simdjson::dom::array array;
    return set_ && element_.get(array) == simdjson::SUCCESS ? array.size() : 0;
  }
  // visit(JsonView item, std::size_t index), in order; nothing unless this is an array.
  template <class F>
  void each(F&& visit) const {
    simdjson::dom::array array;
    if (!set_ || element_.get(array) != simdjson::SUCCESS) return;
    std::size_t index = 0;
    for (const auto item : array) visit(JsonView(item), index++);
  }
  template <class F>
  void each(std::string_view key, F&& visit) const {
    (*this)[key].each(std::forward<F>(visit));
  }

 private:
  simdjson::dom::element element_;
  bool set_ = false;
};

// One parser, reused from document to document; what it returned is void after the next parse.
class JsonReader {
 public:
  explicit JsonReader(const FeedLimits& limits = {}) : limits_(limits) {}
  // HF-VULN-0001 malformed or a duplicate key, 0002 over a limit.
  [[nodiscard]] Result<JsonView> parse(std::string_view text);
  [[nodiscard]] const FeedLimits& limits() const { return limits_; }

 private:
  FeedLimits limits_;
  simdjson::dom::parser parser_;
};

}  // namespace hf::vuln
