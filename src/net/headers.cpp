#include "net/headers.h"

#include <algorithm>

#include "base/text.h"

namespace hf::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; }

bool is_tchar(char c) {
  if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool list_contains(std::string_view list, std::string_view token) {
  for (const auto part : split(list, ','))
    if (iequals(trim(part), token)) return true;
  return false;
}

bool is_field_name(std::string_view name) { return !name.empty() && std::all_of(name.begin(), name.end(), is_tchar); }

bool is_field_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

void Headers::add(std::string_view name, std::string_view value) {
  entries_.push_back({std::uint32_t(text_.size()), std::uint32_t(name.size()), std::uint32_t(value.size())});
  text_.append(name).append(value);
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::set_if_absent(std::string_view name, std::string_view value) {
  if (!find(name)) add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(entries_, [&](const Entry& e) { return iequals({text_.data() + e.at, e.name_size}, name); });
}

void Headers::clear() {
  text_.clear();
  entries_.clear();
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].name_size == name.size() && iequals((*this)[i].name, name)) return (*this)[i].value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) count += iequals((*this)[i].name, name);
  return count;
}

Headers::Field Headers::operator[](std::size_t i) const {
  const auto& e = entries_[i];
  const std::string_view text(text_);
  return {text.substr(e.at, e.name_size), text.substr(e.at + e.name_size, e.value_size)};
}

}  // namespace hf::net
