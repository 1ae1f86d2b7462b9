// Does one affected[] statement cover one version? CVE JSON 5: the first entry that matches decides, its changes are
// applied in order, otherwise defaultStatus, absent: unknown (cve-schema, docs/versions.md). OSV: the union of ranges
// and versions (OSV schema, "Evaluation"). What cannot be decided is unknown, with the reason. Pure.
#pragma once

#include <string>
#include <string_view>

#include "vuln/feeds/advisory.h"

namespace hf::vuln {

enum class Outcome : std::uint8_t { unknown, affected, unaffected };
[[nodiscard]] std::string_view name_of(Outcome outcome);

enum class Why : std::uint8_t {
  version,         // an entry of the record covers, or excludes, the version
  change,          // a changes[] entry within it
  default_status,  // no entry matched
  outside,         // OSV, NVD: in no range
  unreadable,      // an entry that might decide could not be read
  incomparable,    // a bound that would decide is not a version of that order
  no_version,      // the component states none
  commit_graph,    // bounds are commits, and no commit graph is at hand
  platform,        // configuration: the other part is not in the set, or not described by it
  underspecified,  // the record is about a variant (target software, edition), and the component does not say which
  distribution,    // a distribution's revision may carry the fix
  vex,             // the document's own assessment
  patch,           // the document's own patch claim
};
[[nodiscard]] std::string_view name_of(Why why);

struct VersionVerdict {
  Outcome outcome = Outcome::unknown;
  Why why = Why::default_status;
  std::string where{};  // below the statement's pointer, empty for the statement itself
  std::string range{};  // for people: ">= 1.0, < 1.2"
  Scheme scheme = Scheme::generic;
  Reading reading = Reading::stated;
};

struct VersionQuery {
  std::string_view version;         // empty: not stated
  bool commit = false;              // it is a commit
  Scheme scheme = Scheme::generic;  // of the product; used where the record does not name an order
};

[[nodiscard]] VersionVerdict judge(const Statement& statement, const VersionQuery& query);

}  // namespace hf::vuln
