// Forms that a text can be required to have: one small check each, without regular expressions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hf::sbom::grammar {

enum class Form : std::uint8_t {
  any,
  nonempty,
  urn_uuid,        // CycloneDX serialNumber: ^urn:uuid:[0-9a-f]{8}-...$
  bom_link,        // urn:cdx:UUID/VERSION[#REF]
  date_time,       // RFC 3339
  iri_reference,   // RFC 3987, as far as it can be told without a scheme's own rules: no spaces, controls, <>"
  email,           // one '@' with something on both sides
  media_type,      // ^[-+a-z0-9.]+/[-+a-z0-9.]+$
  hash,            // 32, 40, 64, 96 or 128 hexadecimal digits
  locale,          // en, en-US
  cre,             // CRE:123-456
  iri,             // with a colon in it, as the SPDX 3 schema tells an IRI; a blank node "_:x" has one too
  utc_time,        // SPDX: YYYY-MM-DDThh:mm:ssZ
  semver,          // SPDX 3 specVersion
  spdx_ref,        // SPDXRef-[A-Za-z0-9.-]+
  spdx_link,       // SPDXRef-..., DocumentRef-...:SPDXRef-..., NONE, NOASSERTION
  document_ref,    // DocumentRef-[A-Za-z0-9.+-]+
  license_ref,     // LicenseRef-[A-Za-z0-9.-]+
  agent,           // "Person: ", "Organization: " or NOASSERTION
  creator,         // "Person: ", "Organization: ", "Tool: "
  hex,             // hexadecimal digits, at least one
  decimal,         // a number as text: -1.5
  element_iri,     // SPDX 3: iri, or an individual of the model by its name in the context
  media_type_any,  // type "/" subtype in any case, with parameters
  jsf_algorithm,   // JSON Signature Format 0.82: a JWA name of RFC 7518 or RFC 8037, or an IRI
  last,
};

[[nodiscard]] bool has_form(std::string_view text, Form form);
[[nodiscard]] std::string_view describe(Form form);                   // "an RFC 3339 time"
[[nodiscard]] std::optional<Form> form_named(std::string_view name);  // as the grammars write it: "date-time"

}  // namespace hf::sbom::grammar
