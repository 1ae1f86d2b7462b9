// One document model for CycloneDX and SPDX: what a build consists of, and what its maker says about vulnerabilities.
// Values only. Every std::string_view points into the document's own arena and lives as long as the document.
// Words are the formats' own (ref, purl, cpe, pedigree, VEX); where two formats use two spellings of one thing, the
// comment says which one is kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbom/text_arena.h"

namespace hf::sbom {

enum class Format { cyclonedx, spdx };
[[nodiscard]] std::string_view name_of(Format format);  // "CycloneDX", "SPDX"

struct Hash {
  std::string_view algorithm;  // as CycloneDX spells it: "SHA-256", "SHA3-256", "BLAKE2b-256"; unknown ones as written
  std::string_view value;      // hexadecimal in lower case
};

enum class LicenseKind { id, name, expression };
struct License {
  LicenseKind kind = LicenseKind::expression;
  std::string_view value;  // never NOASSERTION or NONE: those are the absence of a licence
  bool concluded = false;  // concluded by the document's author; otherwise declared, or not stated
};

// A place in a version control system. Only `url` or only `commit` may be known.
struct Vcs {
  std::string_view url;     // without the "git+" prefix and without the commit
  std::string_view commit;  // a full or abbreviated object name; a tag where the document gives only a tag
};

// A claim that a patch in this component resolves a vulnerability: CycloneDX pedigree.patches[].resolves[],
// and "CVEs fixed:" of Yocto's SPDX 2.2 recipes.
struct Patched {
  std::string_view vulnerability;  // "CVE-2024-1234"
  std::string_view source;         // what makes the claim: "backport", "cherry-pick", "sourceInfo", ...
  std::string_view patch;          // where the patch is, when the document says
};

struct VendorPart {
  std::string_view vendor;
  std::string_view number;
};

struct File {
  std::string_view ref;
  std::string_view path;
  std::string_view purpose;  // SPDX: "source", "patch", "executable", ...; empty when not stated
  std::vector<Hash> hashes;
};

struct Component {
  std::string_view ref;  // bom-ref, SPDXID or spdxId; made up ("#/components/3") when CycloneDX gives none
  std::string_view name;
  std::string_view version;
  std::string_view group;
  std::string_view
      supplier;           // supplier, else manufacturer, else publisher (CycloneDX); supplier, else originator (SPDX)
  std::string_view type;  // CycloneDX type or SPDX primary purpose, in lower case
  std::string_view purl;  // raw text of the first; the others are in `more_purls`
  std::vector<std::string_view> more_purls;
  std::vector<std::string_view> cpes;  // raw text, 2.2 URIs and 2.3 formatted strings as written
  std::vector<Hash> hashes;            // of the component's own archive or binary
  std::vector<License> licenses;
  std::vector<Vcs> vcs;
  std::vector<VendorPart> vendor_parts;
  std::vector<std::string_view> content_ids;  // SWHID and gitoid (OmniBOR) identifiers, as written
  std::vector<Patched> patched;
  std::vector<std::uint32_t> files;   // what it contains: indices into Document::files
  std::vector<std::uint32_t> builds;  // what produced it: indices into Document::builds

  // No purl, no CPE, no commit, no vendor part number, no content identifier and no hash: nothing to look up, only a
  // name.
  [[nodiscard]] bool unidentified() const;
};

// SPDX 3 build_Build: one step that read inputs and wrote outputs. The sources that were compiled into a component are
// the files of its builds: kept once a build, because a kernel build has hundreds of packages and thousands of files.
struct Build {
  std::string_view ref;
  std::string_view name;
  std::string_view type;                    // build_buildType, an IRI
  std::vector<std::uint32_t> source_files;  // what it read: indices into Document::files
};

enum class EdgeKind {
  depends_on,        // `from` needs `to`
  contains,          // `to` is a part of `from`
  generated_from,    // `from` was built from `to`; through a build where the document has one: output, build, input
  build_depends_on,  // `from` needs `to` only while it is built, developed or tested
  other,             // SPDX relationships without a meaning for matching: see Edge::name
};
[[nodiscard]] std::string_view name_of(EdgeKind kind);
struct Edge {
  std::string_view from;  // refs, always in the direction of the kind's sentence
  std::string_view to;
  EdgeKind kind = EdgeKind::depends_on;
  std::string_view name;  // the format's own word, for `other`
};

enum class VexStatus { not_affected, affected, fixed, under_investigation, unknown };
[[nodiscard]] std::string_view name_of(VexStatus status);

struct VexProduct {
  std::string_view ref;      // of a component, the subject, or another document (BOM-Link, IRI)
  std::string_view version;  // CycloneDX affects[].versions[]: this version, or
  std::string_view range;    // this vers range; both empty: the component as it stands
  std::string_view claim;    // "affected", "unaffected" or "unknown" for that version; empty when not stated
};

// One assessment of one vulnerability. Statuses are mapped; the format's words are kept beside them.
struct VexStatement {
  std::string_view vulnerability;
  std::vector<std::string_view> aliases;
  std::string_view source;  // who numbers the vulnerability ("NVD"), or the assessor when only that is known
  VexStatus status = VexStatus::unknown;
  std::string_view state;  // as written: "resolved_with_pedigree", "VexFixed", ...; empty: listed without analysis
  std::string_view justification;  // as written: "code_not_reachable", "vulnerableCodeNotPresent", ...
  std::string_view impact;         // CycloneDX analysis.detail, SPDX security_impactStatement
  std::string_view action;         // CycloneDX responses joined by ',', SPDX security_actionStatement
  std::vector<VexProduct> products;
};

// Something about the document itself. Codes: parse.h.
struct Finding {
  std::string pointer;    // RFC 6901, "" is the whole document
  std::string_view code;  // "HF-SBOM-0101"
  std::string message;
};

struct Document {
  Format format = Format::cyclonedx;
  std::string_view spec_version;     // "1.6", "2.3", "3.0.1"
  std::string_view serial;           // CycloneDX serialNumber, SPDX namespace or document IRI
  std::string_view created;          // as written, RFC 3339
  std::optional<Component> subject;  // what the document describes; SPDX: also one of `components`
  std::vector<Component> components;
  std::vector<File> files;
  std::vector<Build> builds;
  std::vector<Edge> edges;
  std::vector<VexStatement> vex;
  std::vector<Finding> warnings;  // it was read all the same: references to nothing, withdrawn statements
  TextArena text;

  [[nodiscard]] std::vector<std::string_view> unidentified() const;  // refs of components, in document order
};

}  // namespace hf::sbom
