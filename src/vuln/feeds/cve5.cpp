#include "vuln/feeds/cve5.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vuln/feeds/cvss.h"
#include "vuln/feeds/nvd.h"
#include "vuln/feeds/version_text.h"
#include "vuln/identity/cpe.h"
#include "vuln/identity/purl.h"

namespace hf::vuln {
namespace {

Status status_of(std::string_view text) {
  if (text == "affected") return Status::affected;
  if (text == "unaffected") return Status::unaffected;
  return Status::unknown;
}

std::string name_or_absent(std::string_view text, const FeedLimits& limits) {
  if (is_absent(text) || text.size() > limits.text_max) return {};
  return std::string(trim(text));
}

bool is_no_lower_bound(std::string_view version) {
  // "unspecified" with lessThan is what the conversion of CVE JSON 4 records left behind.
  return version == "0" || version == "*" || is_absent(version);
}

// A bound that is more than a version: "<= 1.2" in lessThanOrEqual, "v1.2", "before 1.2".
std::string bound_text(std::string_view text, Reading& reading) {
  text = trim(text);
  for (const std::string_view op : {"<=", "=<", "<"})
    if (text.starts_with(op)) {
      text = trim(text.substr(op.size()));
      reading = Reading::lenient;
      break;
    }
  const auto read = read_version_text(text, Scheme::generic);
  if (read.range.exact.size() == 1 && read.range.intervals.empty()) return read.range.exact.front();
  if (read.range.intervals.size() == 1 && read.range.exact.empty() && is_wildcard(read.range.intervals.front().upper))
    return read.range.intervals.front().upper;
  reading = Reading::unreadable;
  return std::string(text);
}

// CISA-ADP repeats the commits of the kernel's CNA under versionType "custom": without this, 12 digits of a commit are
// ordered as a version, and every release is found outside. 12 digits are what git and the kernel abbreviate to.
bool are_commits(std::string_view lower, std::string_view upper) {
  const auto hex_digits = [](std::string_view text) {
    const bool hex = text.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
                     text.find_first_of("abcdef") != std::string_view::npos;
    return hex && text.size() <= 40 ? text.size() : 0;
  };
  constexpr std::size_t kAbbreviated = 12, kShortest = 7;
  const auto low = hex_digits(lower), high = hex_digits(upper);
  if (std::max(low, high) < kAbbreviated) return false;
  return (low >= kShortest || is_no_lower_bound(lower)) && (high >= kShortest || upper.empty() || upper == "*");
}

VersionEntry read_entry(JsonView item, std::size_t index, const FeedLimits& limits) {
  VersionEntry entry;
  entry.where = "/versions/" + std::to_string(index);
  const auto status = item.text("status");
  entry.status = status_of(status);
  const auto version = item.text("version"), type = item.text("versionType");
  auto upper = item.text("lessThan");
  const bool inclusive = upper.empty();
  if (inclusive) upper = item.text("lessThanOrEqual");
  entry.git = type == "git" || (scheme_of_version_type(type) == Scheme::generic && are_commits(version, upper));
  const auto scheme = entry.git ? Scheme::opaque : scheme_of_version_type(type);
  entry.range.scheme = scheme;
  item.each("changes", [&](JsonView change, std::size_t) {
    entry.changes.push_back({utf8_prefix(change.text("at"), limits.text_max), status_of(change.text("status"))});
  });
  if (std::max({version.size(), upper.size(), type.size()}) > limits.text_max) {
    entry.reading = Reading::unreadable;
    entry.text = utf8_prefix(version, 256);
    return entry;
  }
  if (upper.empty()) {
    auto read = read_version_text(version, scheme);
    entry.reading = read.reading;
    entry.whole = read.whole;
    entry.range = std::move(read.range);
  } else {
    Interval interval;
    interval.upper_inclusive = inclusive;
    if (!is_no_lower_bound(version)) {
      // ">= 1.0" or "from 1.0" with an upper bound in its own member.
      std::string_view low = trim(version);
      for (const std::string_view op : {">=", "from "})
        if (low.starts_with(op)) {
          low = trim(low.substr(op.size()));
          entry.reading = Reading::lenient;
        }
      interval.lower = bound_text(low, entry.reading);
    }
    // CVE JSON 5, versions[].lessThan: "*" denotes infinity.
    if (upper == "*") {
      interval.upper_inclusive = false;
    } else if (is_absent(upper)) {
      entry.reading = Reading::unreadable;
    } else {
      interval.upper = bound_text(upper, entry.reading);
    }
    entry.whole = interval.lower.empty() && interval.upper.empty() && entry.reading != Reading::unreadable;
    if (!entry.whole) entry.range.intervals.push_back(std::move(interval));
  }
  if (entry.reading != Reading::stated) {
    entry.text = std::string(version);
    if (!upper.empty()) entry.text += (inclusive ? " <= " : " < ") + std::string(upper);
  }
  return entry;
}

// packageName is a name within a collection; where the collection is a purl type's default repository, it is a purl.
std::string purl_of_collection(std::string_view collection, std::string_view package) {
  struct Row {
    std::string_view host, type;
  };
  constexpr std::array<Row, 11> kCollections{{{"registry.npmjs.org", "npm"},
                                              {"npmjs.com", "npm"},
                                              {"pypi.org", "pypi"},
                                              {"pypi.python.org", "pypi"},
                                              {"repo.maven.apache.org", "maven"},
                                              {"repo1.maven.org", "maven"},
                                              {"crates.io", "cargo"},
                                              {"rubygems.org", "gem"},
                                              {"nuget.org", "nuget"},
                                              {"packagist.org", "composer"},
                                              {"pkg.go.dev", "golang"}}};
  for (const auto& row : kCollections) {
    if (collection.find(row.host) == std::string_view::npos) continue;
    Purl parts;
    parts.type = row.type;
    auto name = package;
    // Maven coordinates are written group:artifact; the others separate a namespace by '/'.
    if (const auto at = row.type == "maven" ? name.rfind(':') : name.rfind('/'); at != std::string_view::npos) {
      parts.ns = std::string(name.substr(0, at));
      name.remove_prefix(at + 1);
    }
    parts.name = std::string(name);
    const auto purl = Purl::build(std::move(parts));
    return purl ? purl->package_key() : std::string();
  }
  return {};
}

void read_texts(JsonView item, std::string_view key, std::vector<std::string>& out, const FeedLimits& limits) {
  item.each(key, [&](JsonView text, std::size_t) {
    if (!text.text().empty() && text.text().size() <= limits.text_max) out.emplace_back(text.text());
  });
}

Statement read_statement(JsonView item, std::string pointer, std::string_view container, const FeedLimits& limits,
                         std::vector<std::string>& warnings) {
  Statement statement;
  statement.pointer = std::move(pointer);
  statement.container = std::string(container);
  statement.vendor = name_or_absent(item.text("vendor"), limits);
  statement.product = name_or_absent(item.text("product"), limits);
  statement.package = name_or_absent(item.text("packageName"), limits);
  statement.default_status = status_of(item.text("defaultStatus"));
  statement.repo = repo_key(item.text("repo").substr(0, limits.text_max));
  // 5.2: packageURL names a package without a version; records carry one nevertheless, so only the key is taken.
  if (const auto text = item.text("packageURL"); !text.empty()) {
    if (const auto purl = Purl::parse(text)) statement.purl = purl->package_key();
    else warnings.push_back(statement.pointer + "/packageURL: " + purl.error().message);
  }
  const auto collection = item.text("collectionURL");
  if (statement.purl.empty() && !statement.package.empty() && !collection.empty())
    statement.purl = purl_of_collection(collection, statement.package);
  // With a package inside a collection, vendor, product and CPE name what it is packaged for ("Red Hat Enterprise
  // Linux 8", packageName openssl): taking them for the package would accuse the platform.
  if (!statement.package.empty() && !collection.empty() && statement.purl.empty() &&
      collection.find("redhat.com") != std::string_view::npos) {
    statement.vendor.clear();
    statement.product.clear();
  } else {
    item.each("cpes", [&](JsonView text, std::size_t index) {
      const auto cpe = Cpe::parse(text.text());
      if (cpe) statement.cpes.push_back(cpe->to_text());
      else if (!is_absent(text.text()))
        warnings.push_back(statement.pointer + "/cpes/" + std::to_string(index) + ": " + cpe.error().message);
    });
  }
  item.each("versions", [&](JsonView version, std::size_t index) {
    statement.versions.push_back(read_entry(version, index, limits));
  });
  read_texts(item, "programFiles", statement.program_files, limits);
  read_texts(item, "platforms", statement.platforms, limits);
  read_texts(item, "modules", statement.modules, limits);
  return statement;
}

void read_metrics(JsonView container, std::string_view source, Advisory& advisory) {
  container.each("metrics", [&](JsonView metric, std::size_t) {
    for (const std::string_view key : {"cvssV4_0", "cvssV3_1", "cvssV3_0", "cvssV2_0"})
      if (const auto cvss = metric[key]) advisory.cvss.push_back(read_cvss(cvss, key, source));
    const auto other = metric["other"];
    if (other.text("type") != "ssvc") return;
    other["content"].each("options", [&](JsonView option, std::size_t) {
      if (const auto value = option.text("Exploitation"); !value.empty()) advisory.ssvc.exploitation = to_lower(value);
      if (const auto value = option.text("Automatable"); !value.empty()) advisory.ssvc.automatable = to_lower(value);
      if (const auto value = option.text("Technical Impact"); !value.empty())
        advisory.ssvc.technical_impact = to_lower(value);
    });
  });
}

constexpr std::size_t kSummaryMax = 400;

Result<void> read_container(JsonView container, const std::string& pointer, std::string_view fallback,
                            const FeedLimits& limits, Advisory& advisory) {
  auto source = container["providerMetadata"].text("shortName");
  if (source.empty()) source = fallback;
  const auto affected = container["affected"];
  std::size_t versions = 0;
  affected.each([&](JsonView item, std::size_t) { versions += item["versions"].size(); });
  for (const auto& statement : advisory.statements) versions += statement.versions.size();
  if (advisory.statements.size() + affected.size() > limits.statements_max || versions > limits.versions_max)
    return fail(ErrorKind::limit, "HF-VULN-0002",
                advisory.id + " has more affected entries or versions than the limits allow");
  affected.each([&](JsonView item, std::size_t index) {
    advisory.statements.push_back(
        read_statement(item, pointer + "/affected/" + std::to_string(index), source, limits, advisory.warnings));
  });
  HF_CHECK(read_configurations(container["cpeApplicability"], pointer + "/cpeApplicability", source, limits, advisory));
  read_metrics(container, source, advisory);
  container.each("tags",
                 [&](JsonView tag, std::size_t) { advisory.disputed = advisory.disputed || tag.text() == "disputed"; });
  if (advisory.summary.empty()) advisory.summary = utf8_prefix(container.text("title"), kSummaryMax);
  container.each("descriptions", [&](JsonView description, std::size_t) {
    if (advisory.summary.empty() && description.text("lang").starts_with("en"))
      advisory.summary = utf8_prefix(description.text("value"), kSummaryMax);
  });
  return {};
}

}  // namespace

bool is_cve5(JsonView root) {
  return root.text("dataType") == "CVE_RECORD" || (root["cveMetadata"] && root["containers"]);
}

Result<Advisory> read_cve5(JsonView root, const FeedLimits& limits) {
  const auto metadata = root["cveMetadata"];
  Advisory advisory;
  advisory.feed = Feed::cve5;
  advisory.id = utf8_prefix(metadata.text("cveId"), 64);
  if (!advisory.id.starts_with("CVE-"))
    return fail(ErrorKind::invalid, "HF-VULN-0003", "the CVE record has no cveMetadata.cveId");
  advisory.withdrawn = metadata.text("state") == "REJECTED";
  advisory.assigner = utf8_prefix(metadata.text("assignerShortName"), 256);
  advisory.published = time_or_none(metadata.text("datePublished"));
  advisory.modified = time_or_none(metadata.text("dateUpdated"));
  const auto containers = root["containers"];
  HF_CHECK(read_container(containers["cna"], "/containers/cna", "CNA", limits, advisory));
  Result<void> adp;
  containers.each("adp", [&](JsonView container, std::size_t index) {
    if (adp) adp = read_container(container, "/containers/adp/" + std::to_string(index), "ADP", limits, advisory);
  });
  HF_CHECK(adp);
  return advisory;
}

}  // namespace hf::vuln
