#include "vuln/feeds/json_reader.h"

#include <algorithm>
#include <string>

namespace hf::vuln {

Result<JsonView> JsonReader::parse(std::string_view text) {
  if (text.size() > limits_.bytes_max)
    return fail(ErrorKind::limit, "HF-VULN-0002", "the document is larger than " + std::to_string(limits_.bytes_max) + " bytes");
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
    return fail(ErrorKind::limit, "HF-VULN-0002", "the document nests deeper than " + std::to_string(limits_.depth_max) + " levels");
  if (error != simdjson::SUCCESS)
    return fail(ErrorKind::invalid, "HF-VULN-0001", "the document is not well-formed JSON in UTF-8", simdjson::error_message(error));
  return JsonView(root);
}

}  // namespace hf::vuln
