#include "sbom/detect.h"

#include <array>
#include <string>

namespace hf::sbom {
namespace {

constexpr std::string_view kContextHead = "https://spdx.org/rdf/3.0.", kContextTail = "/spdx-context.jsonld";
constexpr std::array<std::string_view, 5> kCycloneDx{"1.2", "1.3", "1.4", "1.5", "1.6"};
constexpr std::array<std::string_view, 2> kSpdx3{"3.0.0", "3.0.1"};

auto malformed(std::string detail) {
  return fail(ErrorKind::invalid, "HF-SBOM-0002", "the text is not one JSON object in valid UTF-8, or it is cut off",
              std::move(detail));
}

auto unsupported(std::string_view format, std::string_view version, std::string_view supported) {
  return fail(ErrorKind::invalid, "HF-SBOM-0004",
              std::string(format) + " version '" + std::string(version.substr(0, 40)) +
                  "' is not read; supported are " + std::string(supported));
}

struct Heads {
  std::string_view bom_format, spec_version, spdx_version;
  std::string_view context;  // the one string, or the last of an array
  std::size_t contexts = 0;  // 2 for an array or an object: not the fixed context
  bool has_context = false, has_bom_format = false, has_spdx_version = false;
};

void read_context(json::od::value value, Heads& heads) {
  heads.has_context = true;
  json::RawString raw;
  if (json::raw_string(value, raw)) {
    heads.context = json::text_of(value);
    heads.contexts = 1;
    return;
  }
  heads.contexts = 2;
}

Result<Claimed> judge(const Heads& heads) {
  if (heads.has_bom_format || (heads.context.empty() && !heads.spec_version.empty())) {
    for (const auto version : kCycloneDx)
      if (heads.spec_version == version) return Claimed{Dialect::cyclonedx, version};
    return unsupported("CycloneDX", heads.spec_version, "1.2 to 1.6");
  }
  if (heads.has_spdx_version) {
    if (heads.spdx_version == "SPDX-2.2") return Claimed{Dialect::spdx2, "2.2"};
    if (heads.spdx_version == "SPDX-2.3") return Claimed{Dialect::spdx2, "2.3"};
    return unsupported("SPDX", heads.spdx_version, "SPDX-2.2, SPDX-2.3 and 3.0.1");
  }
  if (heads.has_context) {
    for (const auto version : kSpdx3)
      if (heads.contexts == 1 &&
          heads.context == std::string(kContextHead) + std::string(version.substr(4)) + std::string(kContextTail))
        return Claimed{Dialect::spdx3, version};
    return unsupported("SPDX JSON-LD @context", heads.context,
                       std::string(kContextHead) + "1" + std::string(kContextTail) + " alone");
  }
  return fail(
      ErrorKind::invalid, "HF-SBOM-0003",
      "this is neither CycloneDX JSON (bomFormat), nor SPDX 2 JSON (spdxVersion), nor SPDX 3 JSON-LD (@context)");
}

}  // namespace

Result<Claimed> detect(json::od::document& document) {
  Heads heads;
  json::od::object root;
  if (const auto error = document.get_object().get(root)) return malformed(simdjson::error_message(error));
  for (auto item : root) {
    json::od::field field;
    if (const auto error = std::move(item).get(field)) return malformed(simdjson::error_message(error));
    const auto key = json::key_of(field);
    if (key == "bomFormat") heads.bom_format = json::text_of(field.value()), heads.has_bom_format = true;
    else if (key == "specVersion") heads.spec_version = json::text_of(field.value());
    else if (key == "spdxVersion") heads.spdx_version = json::text_of(field.value()), heads.has_spdx_version = true;
    else if (key == "@context") read_context(field.value(), heads);
    if ((heads.has_bom_format && !heads.spec_version.empty()) || heads.has_spdx_version || heads.has_context) break;
  }
  auto claimed = judge(heads);
  document.rewind();
  return claimed;
}

}  // namespace hf::sbom
