#include "vuln/feeds/nvd.h"

#include <fmt/format.h>

#include "base/text.h"
#include "vuln/feeds/cvss.h"
#include "vuln/identity/cpe.h"

namespace hf::vuln {
namespace {

struct Walk {
  const FeedLimits& limits;
  std::size_t matches = 0;
};

CpeMatch read_match(JsonView item, const std::string& pointer, std::vector<std::string>& warnings) {
  CpeMatch match;
  const auto criteria = item.text("criteria");
  if (const auto cpe = Cpe::parse(criteria)) match.criteria = cpe->to_text();
  else warnings.push_back(pointer + ": " + cpe.error().message);  // criteria stays empty: matches nothing, says so
  match.vulnerable = !item["vulnerable"].is(false);
  const auto bound = [&](std::string_view key) { return std::string(item.text(key)); };
  if (item["versionStartIncluding"]) match.interval.lower = bound("versionStartIncluding");
  if (item["versionStartExcluding"]) {
    match.interval.lower = bound("versionStartExcluding");
    match.interval.lower_inclusive = false;
  }
  if (item["versionEndExcluding"]) match.interval.upper = bound("versionEndExcluding");
  if (item["versionEndIncluding"]) {
    match.interval.upper = bound("versionEndIncluding");
    match.interval.upper_inclusive = true;
  }
  return match;
}

Result<CpeNode> read_node(JsonView item, const std::string& pointer, std::string where, std::size_t depth, Walk& walk,
                          std::vector<std::string>& warnings) {
  if (depth > walk.limits.nodes_depth_max)
    return fail(ErrorKind::limit, "HF-VULN-0002",
                pointer + ": nodes nest deeper than " + std::to_string(walk.limits.nodes_depth_max));
  CpeNode node;
  node.where = std::move(where);
  node.all = item.text("operator") == "AND";
  node.negate = item["negate"].is(true);
  Result<void> ok;
  item.each("cpeMatch", [&](JsonView match, std::size_t index) {
    if (!ok) return;
    if (++walk.matches > walk.limits.versions_max) {
      ok = fail(ErrorKind::limit, "HF-VULN-0002", pointer + ": more cpeMatch entries than the limits allow");
      return;
    }
    node.matches.push_back(read_match(match, fmt::format("{}/cpeMatch/{}", pointer, index), warnings));
  });
  for (const std::string_view key : {"nodes", "children"})
    item.each(key, [&](JsonView child, std::size_t index) {
      if (!ok) return;
      auto below = fmt::format("/{}/{}", key, index);
      auto read = read_node(child, pointer + below, below, depth + 1, walk, warnings);
      if (read) node.children.push_back(*std::move(read));
      else ok = fail(std::move(read).error());
    });
  HF_CHECK(ok);
  return node;
}

Result<Advisory> read_record(JsonView cve, JsonView annotation, const std::string& pointer, const FeedLimits& limits) {
  Advisory advisory;
  advisory.feed = Feed::nvd;
  advisory.id = std::string((cve.text("id").empty() ? annotation.text("cve_id") : cve.text("id")).substr(0, 64));
  if (!advisory.id.starts_with("CVE-"))
    return fail(ErrorKind::invalid, "HF-VULN-0003", "an NVD record has no CVE id", pointer);
  advisory.assigner = utf8_prefix(cve.text("sourceIdentifier"), 256);
  advisory.published =
      time_or_none(cve.text("published").empty() ? annotation.text("published") : cve.text("published"));
  advisory.modified =
      time_or_none(cve.text("lastModified").empty() ? annotation.text("modified") : cve.text("lastModified"));
  advisory.nvd_status = utf8_prefix(cve.text("vulnStatus"), 64);
  const auto status = to_lower(advisory.nvd_status);
  advisory.withdrawn = status == "rejected";
  advisory.unanalyzed =
      status == "deferred" || status == "received" || status == "awaiting analysis" || status == "undergoing analysis";
  cve.each("cveTags", [&](JsonView tags, std::size_t) {
    tags.each("tags",
              [&](JsonView tag, std::size_t) { advisory.disputed = advisory.disputed || tag.text() == "disputed"; });
  });
  constexpr std::size_t kSummaryMax = 400;
  cve.each("descriptions", [&](JsonView description, std::size_t) {
    if (advisory.summary.empty() && description.text("lang") == "en")
      advisory.summary = utf8_prefix(description.text("value"), kSummaryMax);
  });
  if (advisory.summary.empty()) advisory.summary = utf8_prefix(annotation.text("description"), kSummaryMax);
  for (const std::string_view key : {"cvssMetricV40", "cvssMetricV31", "cvssMetricV30", "cvssMetricV2"})
    cve["metrics"].each(key, [&](JsonView metric, std::size_t) {
      advisory.cvss.push_back(read_cvss(metric["cvssData"], key, metric.text("source")));
    });
  HF_CHECK(read_configurations(cve["configurations"], pointer + "/configurations", {}, limits, advisory));
  return advisory;
}

}  // namespace

bool is_nvd(JsonView root) {
  if (root["cve"].is_object() && (root["_annotation"] || root["cve"]["id"])) return true;
  if (root.text("format") == "NVD_CVE") return true;
  bool first = false;
  root.each("vulnerabilities",
            [&](JsonView item, std::size_t index) { first = first || (index == 0 && item["cve"].is_object()); });
  return first;
}

Result<void> read_configurations(JsonView configurations, const std::string& pointer, std::string_view container,
                                 const FeedLimits& limits, Advisory& advisory) {
  Walk walk{limits};
  Result<void> ok;
  configurations.each([&](JsonView item, std::size_t index) {
    if (!ok) return;
    const auto at = pointer + "/" + std::to_string(index);
    auto node = read_node(item, at, {}, 0, walk, advisory.warnings);
    if (node) advisory.configurations.push_back({at, std::string(container), *std::move(node)});
    else ok = fail(std::move(node).error());
  });
  return ok;
}

Result<void> read_nvd(JsonView root, const FeedLimits& limits, const std::function<Result<void>(Advisory)>& visit) {
  if (root["cve"].is_object()) {
    HF_TRY(auto advisory, read_record(root["cve"], root["_annotation"], "/cve", limits));
    return visit(std::move(advisory));
  }
  // A record that cannot be read does not cost the others of its page; the first refusal is handed on at the end.
  Result<void> visited, read;
  root.each("vulnerabilities", [&](JsonView item, std::size_t index) {
    if (!visited) return;
    auto advisory = read_record(item["cve"], {}, fmt::format("/vulnerabilities/{}/cve", index), limits);
    if (advisory) visited = visit(*std::move(advisory));
    else if (read) read = fail(std::move(advisory).error());
  });
  HF_CHECK(visited);
  return read;
}

}  // namespace hf::vuln
