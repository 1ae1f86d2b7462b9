#include "vuln/feeds/json_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace hf::vuln {
namespace {

// RFC 8259 section 4 leaves open which of two members of one name counts: two readers could then see two records.
class DuplicateKeys {
 public:
  // The first key that some object has twice; empty: none. The depth is the parser's limit.
  std::string_view find(simdjson::dom::element element) {
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (element.get(array) == simdjson::SUCCESS) {
      for (const auto item : array)
        if (const auto key = find(item); !key.empty()) return key;
    } else if (element.get(object) == simdjson::SUCCESS) {
      const auto begin = keys_.size();
      for (const auto member : object) keys_.push_back(member.key);
      const auto twice = twice_since(begin);
      keys_.resize(begin);
      if (!twice.empty()) return twice;
      for (const auto member : object)
        if (const auto key = find(member.value); !key.empty()) return key;
    }
    return {};
  }

 private:
  std::string_view twice_since(std::size_t begin) {
    constexpr std::size_t kFew = 12;  // comparing each with each is then faster than sorting
    const auto first = keys_.begin() + std::ptrdiff_t(begin);
    if (keys_.size() - begin > kFew) {
      std::sort(first, keys_.end());
      const auto twice = std::adjacent_find(first, keys_.end());
      return twice == keys_.end() ? std::string_view() : named(*twice);
    }
    for (auto one = first; one != keys_.end(); ++one)
      if (std::find(one + 1, keys_.end(), *one) != keys_.end()) return named(*one);
    return {};
  }
  static std::string_view named(std::string_view key) { return key.empty() ? std::string_view("(empty)") : key; }

  std::vector<std::string_view> keys_;  // of the object being looked at
};

}  // namespace

Result<JsonView> JsonReader::parse(std::string_view text) {
  if (text.size() > limits_.bytes_max)
    return fail(ErrorKind::limit, "HF-VULN-0002",
                "the document is larger than " + std::to_string(limits_.bytes_max) + " bytes");
  // The tape and the strings are sized from the capacity: grow it in steps, never shrink it.
  constexpr std::size_t kCapacityMin = std::size_t(1) << 16;
  if (parser_.capacity() < text.size() || parser_.max_depth() != limits_.depth_max) {
    const auto capacity = std::max({kCapacityMin, parser_.capacity(), text.size() + text.size() / 4});
    if (parser_.allocate(capacity, limits_.depth_max) != simdjson::SUCCESS)
      return fail(ErrorKind::limit, "HF-VULN-0002", "the document does not fit into memory");
  }
  simdjson::dom::element root;
  const auto error = parser_.parse(text.data(), text.size(), true).get(root);
  if (error == simdjson::DEPTH_ERROR)
    return fail(ErrorKind::limit, "HF-VULN-0002",
                "the document nests deeper than " + std::to_string(limits_.depth_max) + " levels");
  if (error != simdjson::SUCCESS)
    return fail(ErrorKind::invalid, "HF-VULN-0001", "the document is not well-formed JSON in UTF-8",
                simdjson::error_message(error));
  if (const auto key = DuplicateKeys().find(root); !key.empty())
    return fail(ErrorKind::invalid, "HF-VULN-0001",
                "an object has the key \"" + std::string(key.substr(0, 64)) + "\" twice");
  return JsonView(root);
}

}  // namespace hf::vuln
