// A coordinate: all that matching needs to know of a component, without the document it came from. Components of
// equal claims are one coordinate, so a finding is stored once however many builds contain it.
//
//   {"claims": [{"kind": "cpe", "text": "cpe:2.3:a:...", "version": "3.0.11"},
//               {"kind": "git", "text": "...", "repo": "github.com/a/b", "version": "9c1f...", "commit": true},
//               {"kind": "product", "text": "pkg:yocto/core/zlib@1.3", "product": "zlib", "version": "1.3"},
//               {"kind": "purl", "text": "pkg:npm/a@1.2", "version": "1.2"}],
//    "patched": [{"vulnerability": "CVE-2024-1", "source": "backport", "patch": "https://..."}]}
//
// Canonical: texts in their canonical form, members sorted and unique, empty ones left out. Name, version text and
// ref of the component are not part of it; patch claims are, because they change what a version range means.
#pragma once

#include <string>

#include "base/json.h"
#include "vuln/match/subject.h"

namespace hf::vuln {

[[nodiscard]] JsonObject claims_json(const Subject& subject);

// claims_json(*subject_of(json)) == json for every json that claims_json wrote.
// HF-VULN-0011 for JSON that it did not write.
[[nodiscard]] Result<Subject> subject_of(const JsonObject& claims);

// SHA-256 in hexadecimal over the canonical JSON (RFC 8785) of claims_json.
[[nodiscard]] std::string coordinate_digest(const Subject& subject);

}  // namespace hf::vuln
