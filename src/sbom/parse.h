// Bytes of an SBOM to one Document: CycloneDX JSON 1.2 to 1.6, SPDX 2.2 and 2.3 JSON, SPDX 3.0 JSON-LD.
// The format is detected from the document itself. A document is accepted whole or refused with every finding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "sbom/types.h"

namespace hf::sbom {

struct Limits {
  std::size_t bytes_max = std::size_t{512} << 20;
  std::size_t depth_max = 64;       // nesting of the JSON text
  std::size_t findings_max = 1000;  // one more finding says that there are more
};

// The text with the spare room behind it that the JSON reader needs: a large document is read without a second copy.
class Text {
 public:
  [[nodiscard]] static Text copy_of(ByteView bytes);
  explicit Text(std::string bytes);
  [[nodiscard]] std::string_view view() const { return bytes_; }
  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }

 private:
  std::string bytes_;
};

// HF-SBOM-0001 over a limit (kind limit)
// HF-SBOM-0002 not one JSON text in valid UTF-8 (RFC 8259), or cut off
// HF-SBOM-0003 JSON, but none of the formats above
// HF-SBOM-0004 one of the formats in a version that we do not read
// HF-SBOM-0005 the document breaks its format's rules: `validate` lists where
[[nodiscard]] Result<Document> parse(const Text& text, const Limits& limits = {});
[[nodiscard]] Result<Document> parse(ByteView bytes, const Limits& limits = {});

// Every finding, in document order; empty exactly when `parse` accepts the same bytes. Codes 0001 to 0004 as above and
// HF-SBOM-0101 a required member is missing        HF-SBOM-0105 the text does not have the required form
// HF-SBOM-0102 the value has the wrong type        HF-SBOM-0106 a member that the format does not have
// HF-SBOM-0103 the word is not one of the list     HF-SBOM-0107 an item twice, or one identifier for two things
// HF-SBOM-0104 the number or count is out of range HF-SBOM-0108 members that exclude or require each other
// HF-SBOM-0109 a member name twice in one object   HF-SBOM-0111 there are more than `findings_max`
// Warnings (Document::warnings): HF-SBOM-0105 a URL or e-mail address that is none, HF-SBOM-0110 a reference to
// nothing, HF-SBOM-0112 a withdrawn VEX statement.
struct Checked {
  std::vector<Finding> findings;
  std::vector<Finding> warnings;
};
[[nodiscard]] Checked check(const Text& text, const Limits& limits = {});
[[nodiscard]] std::vector<Finding> validate(const Text& text, const Limits& limits = {});
[[nodiscard]] std::vector<Finding> validate(ByteView bytes, const Limits& limits = {});

}  // namespace hf::sbom
