#include "trace/sentence.h"

#include <algorithm>

#include "catalog/member_states.h"

namespace hf::trace {

std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  for (auto at = std::int64_t(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    text.insert(std::size_t(at), 1, ',');
  return text;
}

std::string counted(std::int64_t number, std::string_view noun, std::string_view plural) {
  return grouped(number) + " " + std::string(number == 1 ? noun : plural);
}

std::string places(const std::set<std::string>& markets) {
  const auto members = std::count_if(markets.begin(), markets.end(), catalog::is_member_state);
  const auto others = std::int64_t(markets.size()) - members;
  if (others > 0 && members == 0) return counted(others, "market outside the Union", "markets outside the Union");
  auto text = counted(members, "Member State", "Member States");
  if (others > 0) text += " and " + counted(others, "other market", "other markets");
  return text;
}

}  // namespace hf::trace
