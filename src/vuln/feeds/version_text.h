// What the versions in a CVE record mean when they are written as prose. CVE JSON 5 wants a single version in
// `version`; in 84,420 real CNA blocks one entry in five holds an interval, a list or a sentence instead.
// Pure. What cannot be read is said to be unreadable; nothing is guessed from words alone.
#pragma once

#include <string_view>

#include "vuln/feeds/advisory.h"

namespace hf::vuln {

struct VersionText {
  Reading reading = Reading::unreadable;
  bool whole = false;  // "all versions", "*"
  Range range{};
};

// stated     "1.2.3", "v1.2", "2.0-rc1", "6.1.*"     one version or wildcard
// lenient    "< 1.2", ">= 1.0, < 2.0", "1.2 and prior", "before 1.2", "1.0 to 1.5", "1.0 through 1.5", "1.x",
//            "1.1, 1.2 and 1.3", "version 1.2", "Foo:1.2", "Fixed in OpenSSL 1.1.1d (Affected 1.1.1-1.1.1c)"
// unreadable "n/a", "unspecified", "See references", ""
[[nodiscard]] VersionText read_version_text(std::string_view text, Scheme scheme);

// "n/a", "unspecified", "unknown", "-", "", "none": a text that stands for the absence of one.
[[nodiscard]] bool is_absent(std::string_view text);

// The order that versionType names: "semver", "maven", "python", "rpm", ...; generic for "custom" and for none.
[[nodiscard]] Scheme scheme_of_version_type(std::string_view version_type);

}  // namespace hf::vuln
