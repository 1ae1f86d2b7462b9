#include "vuln/feeds/osv.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "vuln/feeds/cvss.h"
#include "vuln/identity/purl.h"

namespace hf::vuln {
namespace {

enum class Kind { introduced, fixed, last_affected, limit };
struct Event {
  Kind kind;
  std::string version;
};

// Events to intervals, as the schema's evaluation algorithm does: sorted by version; "0" is before everything;
// between an introduced and the next fixed (exclusive) or last_affected (inclusive) a version is affected; what
// lies at or above every `limit` is not looked at. false: the events could not be put in order.
bool intervals_of(std::vector<Event> events, Scheme scheme, std::vector<Interval>& intervals) {
  bool ordered = true;
  const auto before = [&](const Event& a, const Event& b) {
    if (a.version == "0" || b.version == "0") return a.version == "0" && (b.version != "0" || a.kind < b.kind);
    const auto order = compare(scheme, a.version, b.version);
    if (!order) return false;
    // At one version: last_affected still includes it, so it ends before a new introduced begins.
    return *order < 0 || (*order == 0 && a.kind == Kind::introduced && b.kind != Kind::introduced);
  };
  for (const auto& event : events)
    if (event.version != "0" && event.version != "*" && !is_version(scheme, event.version)) ordered = false;
  std::string limit;
  for (const auto& event : events)
    if (event.kind == Kind::limit && event.version != "*") {
      const auto order =
          limit.empty() ? std::optional(std::strong_ordering::greater) : compare(scheme, event.version, limit);
      if (!order) ordered = false;
      else if (*order > 0) limit = event.version;
    }
  std::erase_if(events, [](const Event& event) { return event.kind == Kind::limit; });
  // An order that is not one (incomparable versions) must not reach std::sort; the record's own order stands then.
  if (ordered) std::stable_sort(events.begin(), events.end(), before);
  bool open = false;
  Interval current;
  for (const auto& event : events) {
    if (event.kind == Kind::introduced) {
      if (open) continue;
      current = {};
      current.lower = event.version == "0" ? std::string() : event.version;
      open = true;
    } else if (open) {
      current.upper = event.version;
      current.upper_inclusive = event.kind == Kind::last_affected;
      intervals.push_back(std::exchange(current, {}));
      open = false;
    }
  }
  if (open) {
    current.upper = limit;
    intervals.push_back(std::move(current));
  }
  return ordered;
}

struct EcosystemRow {
  std::string_view ecosystem, type, ns;
  Scheme scheme;
};
constexpr std::array<EcosystemRow, 26> kEcosystems{{
    {"npm", "npm", "", Scheme::npm},
    {"PyPI", "pypi", "", Scheme::pep440},
    {"Go", "golang", "", Scheme::golang},
    {"Maven", "maven", "", Scheme::maven},
    {"crates.io", "cargo", "", Scheme::cargo},
    {"RubyGems", "gem", "", Scheme::gem},
    {"NuGet", "nuget", "", Scheme::nuget},
    {"Packagist", "composer", "", Scheme::composer},
    {"Hex", "hex", "", Scheme::semver},
    {"Pub", "pub", "", Scheme::semver},
    {"SwiftURL", "swift", "", Scheme::semver},
    {"ConanCenter", "conan", "", Scheme::conan},
    {"Hackage", "hackage", "", Scheme::intdot},
    {"CRAN", "cran", "", Scheme::generic},
    {"GitHub Actions", "github", "", Scheme::semver},
    {"Bitnami", "bitnami", "", Scheme::semver},
    {"Debian", "deb", "debian", Scheme::deb},
    {"Ubuntu", "deb", "ubuntu", Scheme::deb},
    {"Alpine", "apk", "alpine", Scheme::apk},
    {"Wolfi", "apk", "wolfi", Scheme::apk},
    {"Chainguard", "apk", "chainguard", Scheme::apk},
    {"Red Hat", "rpm", "redhat", Scheme::rpm},
    {"Rocky Linux", "rpm", "rocky-linux", Scheme::rpm},
    {"AlmaLinux", "rpm", "almalinux", Scheme::rpm},
    {"openSUSE", "rpm", "opensuse", Scheme::rpm},
    {"SUSE", "rpm", "suse", Scheme::rpm},
}};

void read_range(JsonView item, const std::string& where, Scheme scheme, const FeedLimits& limits,
                Statement& statement) {
  VersionEntry entry;
  entry.where = where;
  entry.status = Status::affected;
  const auto type = item.text("type");
  entry.git = type == "GIT";
  entry.range.scheme = entry.git                                                               ? Scheme::opaque
                       : type == "SEMVER" && scheme != Scheme::golang && scheme != Scheme::npm ? Scheme::semver
                                                                                               : scheme;
  std::vector<Event> events;
  item.each("events", [&](JsonView event, std::size_t) {
    constexpr std::array<std::pair<std::string_view, Kind>, 4> kKinds{{{"introduced", Kind::introduced},
                                                                       {"fixed", Kind::fixed},
                                                                       {"last_affected", Kind::last_affected},
                                                                       {"limit", Kind::limit}}};
    for (const auto& [key, kind] : kKinds)
      if (const auto version = event.text(key); !version.empty()) {
        if (version.size() > limits.text_max) entry.reading = Reading::unreadable;
        else events.push_back({kind, std::string(version)});
      }
  });
  if (std::none_of(events.begin(), events.end(), [](const Event& e) { return e.kind == Kind::introduced; })) {
    // The schema demands one; without it nothing says where the range begins.
    entry.reading = Reading::unreadable;
    entry.text = "a range without an introduced event";
  } else if (!intervals_of(std::move(events), entry.range.scheme, entry.range.intervals) && !entry.git) {
    entry.reading = Reading::lenient;
    entry.text =
        "events that the order of " + std::string(name_of(entry.range.scheme)) + " cannot sort, taken as written";
  }
  entry.whole = !entry.git && entry.range.intervals.size() == 1 && entry.range.intervals.front() == Interval{};
  if (entry.git) statement.repo = repo_key(item.text("repo").substr(0, limits.text_max));
  statement.versions.push_back(std::move(entry));
}

Result<Statement> read_affected(JsonView item, std::string pointer, const FeedLimits& limits, std::size_t& versions,
                                Advisory& advisory) {
  Statement statement;
  statement.pointer = std::move(pointer);
  statement.rule = Rule::any_match;
  statement.default_status = Status::unaffected;
  const auto package = item["package"];
  const auto ecosystem = package.text("ecosystem");
  statement.package = utf8_prefix(package.text("name"), limits.text_max);
  const auto known = package_of_ecosystem(ecosystem, statement.package);
  statement.purl = known.purl;
  if (const auto text = package.text("purl"); !text.empty()) {
    if (const auto purl = Purl::parse(text)) statement.purl = purl->package_key();
    else advisory.warnings.push_back(statement.pointer + "/package/purl: " + purl.error().message);
  }
  // Go: custom_ranges stand where the module's versions cannot be mapped; the SEMVER range then says "everything".
  const bool custom = item["ecosystem_specific"]["custom_ranges"].size() > 0;
  item.each("ranges", [&](JsonView range, std::size_t index) {
    versions += range["events"].size();
    if (versions > limits.versions_max) return;
    read_range(range, "/ranges/" + std::to_string(index), known.scheme, limits, statement);
    if (custom) {
      statement.versions.back().reading = Reading::unreadable;
      statement.versions.back().text = "custom_ranges stand for a range that SEMVER cannot express";
    }
  });
  if (item["versions"].size() > 0) {
    VersionEntry entry;
    entry.where = "/versions";
    entry.status = Status::affected;
    entry.range.scheme = known.scheme;
    versions += item["versions"].size();
    if (versions <= limits.versions_max)
      item.each("versions", [&](JsonView version, std::size_t) {
        if (version.text().size() <= limits.text_max) entry.range.exact.emplace_back(version.text());
      });
    statement.versions.push_back(std::move(entry));
  }
  if (versions > limits.versions_max)
    return fail(ErrorKind::limit, "HF-VULN-0002", advisory.id + " has more versions than the limits allow");
  // "If both are absent, every version is affected" is not what the schema says: one of them is required.
  if (statement.versions.empty()) {
    VersionEntry entry;
    entry.status = Status::affected;
    entry.reading = Reading::unreadable;
    entry.text = "neither ranges nor versions";
    statement.versions.push_back(std::move(entry));
  }
  item.each("severity", [&](JsonView severity, std::size_t) {
    advisory.cvss.push_back(
        {.version = {}, .vector = utf8_prefix(severity.text("score"), 512), .severity = {}, .source = {}, .score = 0});
  });
  return statement;
}

void read_names(JsonView root, std::string_view key, std::vector<std::string>& out) {
  root.each(key, [&](JsonView name, std::size_t) {
    if (!name.text().empty() && name.text().size() <= 128 && out.size() < 256) out.emplace_back(name.text());
  });
}

}  // namespace

bool is_osv(JsonView root) {
  return root["id"] && root["modified"] &&
         (root["affected"].is_array() || root["schema_version"] || root["withdrawn"]) && !root["cve"] &&
         !root["cveMetadata"];
}

EcosystemPackage package_of_ecosystem(std::string_view ecosystem, std::string_view name) {
  const auto base = ecosystem.substr(0, ecosystem.find(':'));
  const auto row =
      std::find_if(kEcosystems.begin(), kEcosystems.end(), [&](const EcosystemRow& r) { return r.ecosystem == base; });
  if (row == kEcosystems.end() || name.empty()) return {};
  Purl parts;
  parts.type = row->type;
  parts.ns = row->ns;
  if (parts.ns.empty()) {
    const auto at = parts.type == "maven" ? name.rfind(':') : name.rfind('/');
    if (at != std::string_view::npos) {
      parts.ns = std::string(name.substr(0, at));
      name.remove_prefix(at + 1);
    }
  }
  parts.name = std::string(name);
  const auto purl = Purl::build(std::move(parts));
  return {purl ? purl->package_key() : std::string(), row->scheme};
}

Result<Advisory> read_osv(JsonView root, const FeedLimits& limits) {
  Advisory advisory;
  advisory.feed = Feed::osv;
  advisory.id = utf8_prefix(root.text("id"), 128);
  if (advisory.id.empty()) return fail(ErrorKind::invalid, "HF-VULN-0003", "the OSV record has no id");
  advisory.published = time_or_none(root.text("published"));
  advisory.modified = time_or_none(root.text("modified"));
  advisory.withdrawn = !root.text("withdrawn").empty();
  advisory.summary = utf8_prefix(root.text("summary").empty() ? root.text("details") : root.text("summary"), 400);
  read_names(root, "aliases", advisory.aliases);
  read_names(root, "upstream", advisory.upstream);
  root.each("severity", [&](JsonView severity, std::size_t) {
    advisory.cvss.push_back(
        {.version = {}, .vector = utf8_prefix(severity.text("score"), 512), .severity = {}, .source = {}, .score = 0});
  });
  if (root["affected"].size() > limits.statements_max)
    return fail(ErrorKind::limit, "HF-VULN-0002", advisory.id + " has more affected entries than the limits allow");
  std::size_t versions = 0;
  Result<void> ok;
  root.each("affected", [&](JsonView item, std::size_t index) {
    if (!ok) return;
    auto statement = read_affected(item, "/affected/" + std::to_string(index), limits, versions, advisory);
    if (statement) advisory.statements.push_back(*std::move(statement));
    else ok = fail(std::move(statement).error());
  });
  HF_CHECK(ok);
  return advisory;
}

}  // namespace hf::vuln
