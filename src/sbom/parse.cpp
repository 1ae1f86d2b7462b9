#include "sbom/parse.h"

#include "sbom/cyclonedx/extract.h"
#include "sbom/detect.h"
#include "sbom/grammar/check.h"
#include "sbom/rules.h"
#include "sbom/spdx2/extract.h"
#include "sbom/spdx3/extract.h"

namespace hf::sbom {
namespace {

using simdjson::SIMDJSON_PADDING;

auto too_large(const Limits& limits) {
  return fail(ErrorKind::limit, "HF-SBOM-0001",
              "the document has more than the limit of " + std::to_string(limits.bytes_max) + " bytes");
}

// One text, opened once: the first stage of simdjson runs over it here, and both walks use its result.
class Reading {
 public:
  Result<void> open(const Text& text, const Limits& limits) {
    bytes_ = text.view();
    if (bytes_.size() > limits.bytes_max) return too_large(limits);
    // RFC 8259 8.1 lets a reader ignore a byte order mark; some writers put one.
    auto capacity = text.capacity();
    if (bytes_.starts_with("\xEF\xBB\xBF")) bytes_.remove_prefix(3), capacity -= 3;
    if (const auto error =
            parser_.iterate(simdjson::padded_string_view(bytes_.data(), bytes_.size(), capacity)).get(document_))
      return fail(ErrorKind::invalid, "HF-SBOM-0002",
                  "the text is not one JSON text in valid UTF-8, or it is cut off: " +
                      std::string(simdjson::error_message(error)));
    HF_TRY(claimed_, detect(document_));
    return {};
  }

  grammar::Outcome check(const Limits& limits) {
    return grammar::check(document_, bytes_, grammar_of(claimed_), limits, elsewhere_of(claimed_));
  }

  Result<Document> extract(
      std::size_t longest_list) {  // only after a check without findings: simdjson cannot rewind after an error
    document_.rewind();
    Document document;
    document.format = claimed_.dialect == Dialect::cyclonedx ? Format::cyclonedx : Format::spdx;
    document.spec_version = claimed_.version;
    if (claimed_.dialect == Dialect::cyclonedx) {
      // Nearly always the longest list is that of the components or of their dependencies. Growing step by step would
      // move a large document's components several times; no component takes less than some bytes of text.
      const auto likely = std::min(longest_list, bytes_.size() / 100);
      document.components.reserve(likely);
      document.edges.reserve(likely);
    }
    json::od::value root;
    if (document_.get_value().get(root))
      return fail(ErrorKind::internal, "HF-SBOM-0009", "the checked document cannot be read again");
    switch (claimed_.dialect) {
      case Dialect::cyclonedx: cyclonedx::extract(root, document); break;
      case Dialect::spdx2: spdx2::extract(root, document, spdx2::Refs::local); break;
      case Dialect::spdx3: spdx3::extract(root, document); break;
    }
    return document;
  }

 private:
  std::string_view bytes_;
  json::od::parser parser_;
  json::od::document document_;
  Claimed claimed_;
};

Error refusal(const grammar::Outcome& outcome) {
  const auto& first = outcome.findings.front();
  if (outcome.stopped)
    return {first.code == "HF-SBOM-0001" ? ErrorKind::limit : ErrorKind::invalid, first.code, first.message,
            "at " + first.pointer};
  const auto count = outcome.findings.size();
  return {ErrorKind::invalid, "HF-SBOM-0005",
          "the document breaks its format's rules in " + std::to_string(count) + (count == 1 ? " place" : " places"),
          (first.pointer.empty() ? "(document)" : first.pointer) + ": " + first.message};
}

}  // namespace

Text Text::copy_of(ByteView bytes) {
  std::string padded;
  padded.reserve(bytes.size() + SIMDJSON_PADDING);
  padded = text_of(bytes);
  return Text(std::move(padded));
}

Text::Text(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.capacity() < bytes_.size() + SIMDJSON_PADDING) bytes_.reserve(bytes_.size() + SIMDJSON_PADDING);
}

Result<Document> parse(const Text& text, const Limits& limits) {
  Reading reading;
  HF_CHECK(reading.open(text, limits));
  auto outcome = reading.check(limits);
  if (!outcome.findings.empty()) return fail(refusal(outcome));
  HF_TRY(auto document, reading.extract(outcome.longest_list));
  document.warnings.insert(document.warnings.begin(), std::make_move_iterator(outcome.warnings.begin()),
                           std::make_move_iterator(outcome.warnings.end()));
  return document;
}

Checked check(const Text& text, const Limits& limits) {
  Reading reading;
  if (auto opened = reading.open(text, limits); !opened)
    return {{{"", opened.error().code, std::move(opened.error().message)}}, {}};
  auto outcome = reading.check(limits);
  return {std::move(outcome.findings), std::move(outcome.warnings)};
}

std::vector<Finding> validate(const Text& text, const Limits& limits) { return check(text, limits).findings; }

Result<Document> parse(ByteView bytes, const Limits& limits) {
  if (bytes.size() > limits.bytes_max) return too_large(limits);
  return parse(Text::copy_of(bytes), limits);
}

std::vector<Finding> validate(ByteView bytes, const Limits& limits) {
  if (bytes.size() > limits.bytes_max) return {{"", "HF-SBOM-0001", too_large(limits).value().message}};
  return validate(Text::copy_of(bytes), limits);
}

}  // namespace hf::sbom
