// All components of one product release, by look-up key: NVD's AND configurations are about the set, not about one
// of them (firmware and the hardware it runs on; a library and its platform).
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vuln/match/subject.h"
#include "vuln/match/vendor.h"

namespace hf::vuln {

class ComponentSet {
 public:
  explicit ComponentSet(std::vector<Subject> subjects);
  // Every key finds every component: slow, and the measure that the index is held to.
  static ComponentSet without_index(std::vector<Subject> subjects);

  [[nodiscard]] const std::vector<Subject>& subjects() const { return subjects_; }
  [[nodiscard]] std::span<const std::uint32_t> with_key(std::string_view key) const;  // indices, ascending
  [[nodiscard]] const std::map<std::string, std::vector<std::uint32_t>, std::less<>>& by_key() const { return by_key_; }

  // Does the set say anything about hardware ('h') or an operating system ('o')? If not, that such a part is absent
  // from it proves nothing. Applications are what an SBOM lists: there absence is absence.
  [[nodiscard]] bool describes(char part, const ProductDictionary& dictionary) const;

 private:
  std::vector<Subject> subjects_;
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> by_key_;
  std::vector<std::uint32_t> everything_;  // without_index only
};

}  // namespace hf::vuln
