// One SBOM against one advisory database: which known vulnerabilities its components have, and why we say so.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "sbom/types.h"
#include "vuln/db_dir/database.h"
#include "vuln/match/assess.h"
#include "vuln/match/sbom_subjects.h"

namespace hf::vuln {

struct ScanFinding {
  std::uint32_t component = 0;  // index into Scan::subjects
  std::string vulnerability{};  // a CVE id where one is known
  std::vector<std::string> aliases{};
  State state = State::unknown;
  Reason reason{};               // what decided
  std::vector<Reason> others{};  // the rest, strongest first
  std::string summary{};
  double score = 0;  // highest CVSS base score of the records, 0: none
  std::string severity{};
  std::optional<KevEntry> kev{};
  std::optional<EpssStored> epss{};
};

struct Unassessed {
  std::uint32_t component = 0;
  std::string why{};
  std::vector<std::string> assessed_as{};  // refs of assessed components that were built from it
};

struct Scan {
  std::vector<Subject> subjects{};
  std::vector<Unassessed> unassessed{};  // nothing about them can be looked up: not the same as clean
  std::vector<ScanFinding> findings{};   // by component, then vulnerability
  std::vector<std::string> refused{};    // identities of the document that cannot be read
  std::size_t vex_elsewhere = 0;         // assessments of products that are not in the document
  std::size_t records = 0;               // that share a key with a component
  std::size_t unnamed = 0;               // assessed components that no record of the database names
};

// HF-VULN-0010 and 0020 when the database is damaged.
[[nodiscard]] Result<Scan> scan(const sbom::Document& document, AdvisoryDatabase& database,
                                const EvaluateOptions& options = {});

// {sbom, database, components, unassessed, counts, findings: [{component, vulnerability, aliases, state, reason}]}
void write_json(const Scan& scan, const sbom::Document& document, const Manifest& manifest, std::ostream& out);
// What needs attention, gravest first: listed as exploited, affected, in work, unknown. The rest is counted.
void write_table(const Scan& scan, const Manifest& manifest, std::ostream& out);

}  // namespace hf::vuln
