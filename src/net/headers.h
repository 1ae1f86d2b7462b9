// Header fields (RFC 9110 section 5) in one buffer: two allocations however many fields there are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hf::net {

[[nodiscard]] bool iequals(std::string_view a, std::string_view b);  // ASCII case only
// Is `token` a member of a comma-separated list (RFC 9110 section 5.6.1)?
[[nodiscard]] bool list_contains(std::string_view list, std::string_view token);
[[nodiscard]] bool is_field_name(std::string_view name);    // token, RFC 9110 section 5.6.2
[[nodiscard]] bool is_field_value(std::string_view value);  // no control character: no response splitting

class Headers {
 public:
  struct Field {
    std::string_view name, value;
  };

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces every field of that name
  void set_if_absent(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  void clear();
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;  // the first
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] Field operator[](std::size_t i) const;

 private:
  struct Entry {
    std::uint32_t at, name_size, value_size;
  };
  std::string text_;
  std::vector<Entry> entries_;
};

}  // namespace hf::net
