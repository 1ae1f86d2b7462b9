#include "sbom/parse.h"

#include "sbom/cyclonedx/extract.h"
#include "sbom/detect.h"
#include "sbom/spdx2/extract.h"
#include "sbom/spdx3/extract.h"

namespace hf::sbom {
namespace {

using simdjson::SIMDJSON_PADDING;

Result<void> open(const Text& text, const Limits& limits, json::od::parser& parser, json::od::document& document) {
  const auto bytes = text.view();
  if (bytes.size() > limits.bytes_max)
    return fail(ErrorKind::limit, "HF-SBOM-0001",
                "the document has more than the limit of " + std::to_string(limits.bytes_max) + " bytes");
  if (const auto error = parser.iterate(simdjson::padded_string_view(bytes.data(), bytes.size(), text.capacity())).get(document))
    return fail(ErrorKind::invalid, "HF-SBOM-0002", "the text is not one JSON object in valid UTF-8, or it is cut off",
                simdjson::error_message(error));
  return {};
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
  json::od::parser parser;
  json::od::document source;
  HF_CHECK(open(text, limits, parser, source));
  HF_TRY(const auto claimed, detect(source));
  Document document;
  document.format = claimed.grammar == Grammar::cyclonedx ? Format::cyclonedx : Format::spdx;
  document.spec_version = claimed.version;
  json::od::value root;
  if (source.get_value().get(root)) return fail(ErrorKind::internal, "HF-SBOM-0009", "the checked document cannot be read again");
  switch (claimed.grammar) {
    case Grammar::cyclonedx: cyclonedx::extract(root, document); break;
    case Grammar::spdx2: spdx2::extract(root, document, spdx2::Refs::local); break;
    case Grammar::spdx3: spdx3::extract(root, document); break;
  }
  return document;
}

std::vector<Finding> validate(const Text& text, const Limits& limits) {
  auto document = parse(text, limits);
  if (document) return {};
  return {{"", document.error().code, document.error().message}};
}

std::vector<Finding> validate(ByteView bytes, const Limits& limits) { return validate(Text::copy_of(bytes), limits); }

Result<Document> parse(ByteView bytes, const Limits& limits) {
  if (bytes.size() > limits.bytes_max)
    return fail(ErrorKind::limit, "HF-SBOM-0001",
                "the document has more than the limit of " + std::to_string(limits.bytes_max) + " bytes");
  return parse(Text::copy_of(bytes), limits);
}

}  // namespace hf::sbom
