// Where the walk is, as a JSON pointer (RFC 6901) that is only written out when a finding needs it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hf::sbom::grammar {

class Path {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void enter() { steps_.emplace_back(); }
  void leave() { steps_.pop_back(); }
  void at(std::string_view key) { steps_.back() = {key, kNone, kNone}; }
  void at(std::uint32_t index) { steps_.back() = {{}, index, kNone}; }
  [[nodiscard]] std::size_t depth() const { return steps_.size(); }

  [[nodiscard]] std::string pointer() const {
    std::string text;
    for (const auto& step : steps_) append(text, step.key, step.index);
    return text;
  }
  // The place as a number that stays valid while the walk goes on; places share their parents.
  [[nodiscard]] std::uint32_t mark() {
    std::uint32_t parent = kNone;
    for (auto& step : steps_) {
      if (step.node == kNone) {
        step.node = static_cast<std::uint32_t>(nodes_.size());
        nodes_.push_back({step.key, step.index, parent});
      }
      parent = step.node;
    }
    return parent;
  }
  [[nodiscard]] std::string pointer(std::uint32_t mark) const {
    std::vector<std::uint32_t> chain;
    for (auto at = mark; at != kNone; at = nodes_[at].parent) chain.push_back(at);
    std::string text;
    for (auto at = chain.rbegin(); at != chain.rend(); ++at) append(text, nodes_[*at].key, nodes_[*at].index);
    return text;
  }

 private:
  struct Step {
    std::string_view key;
    std::uint32_t index = kNone;
    std::uint32_t node = kNone;
  };
  struct Place {
    std::string_view key;
    std::uint32_t index;
    std::uint32_t parent;
  };

  static void append(std::string& text, std::string_view key, std::uint32_t index) {
    text += '/';
    if (index != kNone) {
      text += std::to_string(index);
      return;
    }
    for (const char c : key) {
      if (c == '~') text += "~0";
      else if (c == '/') text += "~1";
      else text += c;
    }
  }

  std::vector<Step> steps_;
  std::vector<Place> nodes_;
};

}  // namespace hf::sbom::grammar
