// One model for what CVE 5, NVD and OSV records say about versions. Values only. Nothing is flattened or merged
// here: each statement keeps where in which record it stands, so that a finding can point at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "vuln/version/range.h"

namespace hf::vuln {

enum class Feed : std::uint8_t { cve5, nvd, osv };
[[nodiscard]] std::string_view name_of(Feed feed);  // "cve5", "nvd", "osv"

enum class Status : std::uint8_t { unknown, affected, unaffected };  // words of CVE JSON 5
[[nodiscard]] std::string_view name_of(Status status);

// How the text of a version entry was read. Never silently: a finding carries it.
enum class Reading : std::uint8_t {
  stated,      // the record's own fields say it
  lenient,     // an interval or list was found in prose: "1.2 and prior", ">= 1.0, < 2.0", "1.x"
  unreadable,  // no versions could be read: "n/a", "see references". Whether it covers a version is unknown.
};
[[nodiscard]] std::string_view name_of(Reading reading);

struct VersionChange {  // CVE 5 versions[].changes[]: from this version on, this status
  std::string at{};
  Status status = Status::unknown;

  bool operator==(const VersionChange&) const = default;
};

// One entry of versions[] (CVE 5) or of ranges[] and versions[] (OSV).
struct VersionEntry {
  std::string where{};  // below the statement's pointer: "/versions/2"
  Status status = Status::unknown;
  Reading reading = Reading::stated;
  bool git = false;    // bounds are commits: only a commit graph orders them
  bool whole = false;  // every version
  Range range{};
  std::vector<VersionChange> changes{};
  std::string text{};  // as written, where the reading is not `stated`

  bool operator==(const VersionEntry&) const = default;
};

enum class Rule : std::uint8_t {
  first_match,  // CVE JSON 5: the first entry that matches decides, then defaultStatus
  any_match,    // OSV: affected if any entry contains the version, otherwise unaffected
};

// "This package, in these versions": one affected[] member of a CVE 5 container or of an OSV record.
struct Statement {
  std::string pointer{};    // RFC 6901, into the record: "/containers/cna/affected/0"
  std::string container{};  // who says it: CNA or ADP short name; OSV: empty
  Rule rule = Rule::first_match;
  std::string vendor{};  // as written; empty for "n/a" and its like
  std::string product{};
  std::string package{};            // packageName or OSV package name, as written
  std::string purl{};               // package key (Purl::package_key): the package, without version
  std::vector<std::string> cpes{};  // formatted strings; their versions count only where `versions` says nothing
  std::string repo{};               // as repo_key gives it
  Status default_status = Status::unknown;
  std::vector<VersionEntry> versions{};
  std::vector<std::string> program_files{};
  std::vector<std::string> platforms{};
  std::vector<std::string> modules{};

  bool operator==(const Statement&) const = default;
};

// NVD configurations and CVE 5 cpeApplicability: a tree, kept as it is (NISTIR 7698).
struct CpeMatch {
  std::string criteria{};  // formatted string
  bool vulnerable = true;  // false: a platform on which the vulnerable part must run
  Interval interval{};     // only where criteria leaves the version ANY

  bool operator==(const CpeMatch&) const = default;
};
struct CpeNode {
  bool all = false;  // operator AND; otherwise OR
  bool negate = false;
  std::vector<CpeMatch> matches{};
  std::vector<CpeNode> children{};  // nodes[] of a configuration, children[] of a node
  std::string where{};              // below the parent's pointer: "/nodes/1"

  bool operator==(const CpeNode&) const = default;
};
struct Configuration {
  std::string pointer{};  // "/cve/configurations/0"
  std::string container{};
  CpeNode root{};

  bool operator==(const Configuration&) const = default;
};

struct Cvss {
  std::string version{};  // "3.1"
  std::string vector{};
  std::string severity{};  // as stated, lower case
  std::string source{};
  double score = 0;  // base score as stated; 0 when the record gives none

  bool operator==(const Cvss&) const = default;
};

struct Ssvc {  // CISA coordinator decision points
  std::string exploitation{}, automatable{}, technical_impact{};

  bool operator==(const Ssvc&) const = default;
};

struct Advisory {
  std::string id{};
  Feed feed = Feed::cve5;
  std::vector<std::string> aliases{};   // the same vulnerability under other numbers
  std::vector<std::string> upstream{};  // OSV upstream: what this one derives from; not an alias
  std::string summary{};                // title, else the start of the first English description
  std::string assigner{};
  std::optional<Time> published{};
  std::optional<Time> modified{};
  bool withdrawn = false;  // REJECTED or withdrawn: makes no findings
  bool disputed = false;
  bool unanalyzed =
      false;  // NVD Deferred, Received, Awaiting Analysis, Undergoing Analysis: absence of data is not absence
  std::string nvd_status{};
  std::vector<Cvss> cvss{};
  Ssvc ssvc{};
  std::vector<Statement> statements{};
  std::vector<Configuration> configurations{};
  std::vector<std::string> warnings{};  // "pointer: what could not be read"

  bool operator==(const Advisory&) const = default;
};

// Index keys: what one look-up is made of.
//   purl:pkg:npm/left-pad   git:github.com/a/b   product:linux_pam (CPE, or the record's own product text)
//   on:linux_kernel         a platform in an AND node: never a finding by itself, but a change to it re-opens one
[[nodiscard]] std::vector<std::string> lookup_keys(const Advisory& advisory);  // sorted, unique
// The products a statement may mean, folded: its product text, what our table knows that text as, and its CPE names.
[[nodiscard]] std::vector<std::string> product_names_of(const Statement& statement);  // sorted, unique
[[nodiscard]] std::string fold_name(
    std::string_view name);  // lower case; space and '-' become '_': linux-pam, linux_pam

// What the record's CPE names teach about who makes a product: the dictionary of the vendor rule.
struct ProductVendor {
  std::string product{}, vendor{};  // folded
  char part = '*';

  auto operator<=>(const ProductVendor&) const = default;
};
[[nodiscard]] std::vector<ProductVendor> product_vendors_of(const Advisory& advisory);  // sorted, unique

// "https://github.com/a/b.git", "git@github.com:a/b" and "git://github.com/a/b/" are all "github.com/a/b".
[[nodiscard]] std::string repo_key(std::string_view url);

}  // namespace hf::vuln
