// Reading a closed JSON object: each member once, of the type that is asked for, and nothing that nobody asked for. And
// members of what this domain itself wrote, and lists of texts.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

namespace hf::keys {

struct Fault {
  std::string pointer, what;  // RFC 6901
};

// UTF-8 without control characters, line separators and characters that change the direction of text: what an approver
// reads is then what is there (Unicode Technical Report 36, section 2.6).
[[nodiscard]] bool is_plain(std::string_view text);

class Fields {  // a view: the JSON outlives it
 public:
  Fields(const Json& json, std::string pointer, std::vector<Fault>& faults);

  [[nodiscard]] const Json* find(std::string_view name);  // null: absent or null
  std::string text(std::string_view name, std::size_t max = 256);
  std::optional<std::string> text_or_none(std::string_view name, std::size_t max = 256);
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<std::int64_t> integer_or_none(std::string_view name, std::int64_t min, std::int64_t max);
  bool flag(std::string_view name);  // absent: false
  std::optional<Time> time_or_none(std::string_view name);
  std::vector<std::string> texts(std::string_view name, std::size_t count_max = 256);
  std::optional<std::vector<std::string>> texts_or_none(std::string_view name, std::size_t count_max = 256);
  Bytes hex(std::string_view name, std::size_t size_max);
  // visit(Fields&) for each object of a list.
  template <class F>
  void each(std::string_view name, std::size_t count_max, F&& visit) {
    const auto* list = array(name, count_max);
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      Fields item((*list)[i], pointer_of(name) + "/" + std::to_string(i), faults_);
      visit(item);
      item.close();
    }
  }
  // visit(Fields&) for a member object that must be there.
  template <class F>
  void object(std::string_view name, F&& visit) {
    static const Json nothing;
    const auto* member = find(name);
    Fields item(member ? *member : nothing, pointer_of(name), faults_);
    visit(item);
    item.close();
  }

  void fault(std::string_view name, std::string what) { faults_.push_back({pointer_of(name), std::move(what)}); }
  // After the last: whatever else the object has is a fault.
  void close();

 private:
  [[nodiscard]] std::string pointer_of(std::string_view name) const { return pointer_ + "/" + std::string(name); }
  [[nodiscard]] const JsonArray* array(std::string_view name, std::size_t count_max);

  const JsonObject* object_;
  std::string pointer_;
  std::vector<Fault>& faults_;
  std::set<std::string, std::less<>> asked_;
};

// A member of an object that we wrote: empty, 0 or null if it is absent or of another type.
[[nodiscard]] std::string_view text_at(const JsonObject& json, std::string_view name);
[[nodiscard]] std::int64_t number_at(const JsonObject& json, std::string_view name);
[[nodiscard]] const JsonObject* object_at(const JsonObject& json, std::string_view name);
[[nodiscard]] const JsonArray* array_at(const JsonObject& json, std::string_view name);

[[nodiscard]] JsonArray list_of(const std::vector<std::string>& texts);
[[nodiscard]] std::string joined(const std::vector<std::string>& texts);  // ", " between them

}  // namespace hf::keys
