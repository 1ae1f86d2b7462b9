#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <tuple>

#include "cli/command.h"
#include "vuln/scan/scan.h"

namespace hf::vuln {
namespace {

constexpr std::array kStates{State::affected, State::under_investigation, State::unknown, State::not_affected,
                             State::fixed};

JsonObject named(const Subject& subject) {
  JsonObject json{{"ref", subject.ref}, {"name", subject.name}};
  if (!subject.version.empty()) json["version"] = subject.version;
  return json;
}

JsonObject json_of(const Subject& subject) {
  auto json = named(subject);
  JsonArray claims;
  for (const auto& claim : subject.claims) {
    JsonObject each{{"kind", name_of(claim.kind)}, {"text", claim.text}};
    if (!claim.version.empty()) each["version"] = claim.version;
    claims.push_back(std::move(each));
  }
  json["claims"] = std::move(claims);
  return json;
}

JsonObject json_of(const ScanFinding& finding, const Subject& subject) {
  JsonObject json{{"component", subject.ref},
                  {"name", subject.name},
                  {"version", subject.version},
                  {"vulnerability", finding.vulnerability},
                  {"aliases", JsonArray(finding.aliases.begin(), finding.aliases.end())},
                  {"state", name_of(finding.state)},
                  {"reason", to_json(finding.reason)}};
  JsonArray others;
  for (const auto& other : finding.others) others.push_back(to_json(other));
  if (!others.empty()) json["other_reasons"] = std::move(others);
  if (!finding.summary.empty()) json["summary"] = finding.summary;
  if (finding.score > 0) json["cvss"] = JsonObject{{"score", finding.score}, {"severity", finding.severity}};
  if (finding.kev)
    json["kev"] = JsonObject{
        {"added", finding.kev->date_added}, {"due", finding.kev->due_date}, {"ransomware", finding.kev->ransomware}};
  if (finding.epss) json["epss"] = JsonObject{{"score", finding.epss->score}, {"percentile", finding.epss->percentile}};
  return json;
}

std::size_t count_of(const Scan& scan, State state) {
  return static_cast<std::size_t>(std::count_if(scan.findings.begin(), scan.findings.end(),
                                                [&](const ScanFinding& f) { return f.state == state; }));
}

// An array with one item a line: a large result is not built as one tree.
template <class Items, class ToJson>
void write_array(std::ostream& out, std::string_view key, const Items& items, ToJson to_json) {
  out << ",\n\"" << key << "\":[";
  bool first = true;
  for (const auto& item : items)
    out << (std::exchange(first, false) ? "\n" : ",\n") << hf::to_text(Json(to_json(item)));
  out << "]";
}

std::string why_for_people(const Reason& reason) {
  if (reason.why == Why::vex || reason.why == Why::patch)
    return fmt::format("{}: {}", name_of(reason.why), reason.note);
  auto text = reason.range.empty() ? std::string(name_of(reason.why)) : reason.range;
  if (reason.outcome == Outcome::unknown) text = fmt::format("{} {}", name_of(reason.why), reason.range);
  if (reason.identity == Identity::candidate) text = "name alike; " + text;
  return fmt::format("{} [{}]", text, reason.feed);
}

}  // namespace

void write_json(const Scan& scan, const sbom::Document& document, const Manifest& manifest, std::ostream& out) {
  JsonArray sources;
  for (const auto& source : manifest.sources)
    sources.push_back(JsonObject{{"version", feed_version_of(source)}, {"sha256", source.sha256}});
  JsonObject counts{{"components", scan.subjects.size()},
                    {"unassessed", scan.unassessed.size()},
                    {"no_record_names_them", scan.unnamed},
                    {"records", scan.records},
                    {"vex_elsewhere", scan.vex_elsewhere}};
  for (const auto state : kStates) counts[name_of(state)] = count_of(scan, state);
  out << "{\"sbom\":"
      << hf::to_text(Json(JsonObject{{"format", name_of(document.format)},
                                     {"spec_version", document.spec_version},
                                     {"serial", document.serial}}))
      << ",\n\"database\":"
      << hf::to_text(Json(JsonObject{{"built", format_rfc3339(manifest.built)}, {"sources", std::move(sources)}}))
      << ",\n\"counts\":" << hf::to_text(Json(std::move(counts)));
  write_array(out, "components", scan.subjects, [](const Subject& subject) { return json_of(subject); });
  write_array(out, "unassessed", scan.unassessed, [&](const Unassessed& each) {
    auto json = named(scan.subjects[each.component]);
    json["why"] = each.why;
    if (!each.assessed_as.empty()) json["assessed_as"] = JsonArray(each.assessed_as.begin(), each.assessed_as.end());
    return json;
  });
  write_array(out, "refused_identities", scan.refused, [](const std::string& text) { return Json(text); });
  write_array(out, "findings", scan.findings,
              [&](const ScanFinding& finding) { return json_of(finding, scan.subjects[finding.component]); });
  out << "}\n";
}

void write_table(const Scan& scan, const Manifest& manifest, std::ostream& out) {
  std::vector<const ScanFinding*> shown;
  // A record that says nothing of this version, in either direction, is counted and not shown: old records of a product
  // with many releases are like that by the hundred. --json has them.
  std::size_t silent = 0;
  for (const auto& finding : scan.findings) {
    if (finding.state == State::not_affected || finding.state == State::fixed) continue;
    if (finding.state == State::unknown && finding.reason.why == Why::default_status && !finding.kev) ++silent;
    else shown.push_back(&finding);
  }
  const auto rank = [](const ScanFinding& f) {
    const auto at = std::find(kStates.begin(), kStates.end(), f.state) - kStates.begin();
    return std::tuple(at, !f.kev.has_value(), -f.score);
  };
  std::stable_sort(shown.begin(), shown.end(), [&](const auto* a, const auto* b) { return rank(*a) < rank(*b); });
  std::vector<std::vector<std::string>> rows;
  for (const auto* finding : shown) {
    const auto& subject = scan.subjects[finding->component];
    rows.push_back({std::string(name_of(finding->state)), finding->vulnerability, subject.name, subject.version,
                    finding->score > 0 ? fmt::format("{:.1f}", finding->score) : "-",
                    finding->kev ? finding->kev->date_added : "-", why_for_people(finding->reason)});
  }
  constexpr std::array<std::string_view, 7> kHeader{"state", "vulnerability",   "component", "version",
                                                    "cvss",  "exploited since", "why"};
  if (!rows.empty()) out << cli::table(std::vector<std::string>(kHeader.begin(), kHeader.end()), rows) << "\n";
  out << fmt::format("{} components, {} unassessed, {} that no record names. Findings:", scan.subjects.size(),
                     scan.unassessed.size(), scan.unnamed);
  for (const auto state : kStates)
    out << fmt::format("{} {} {}", state == kStates.front() ? "" : ",", count_of(scan, state), name_of(state));
  out << ".\n";
  if (silent != 0)
    out << fmt::format("{} of the unknown are not shown: their records do not speak of this version.\n", silent);
  // Sources of assessed packages are only counted: what is known of them is found under the package.
  std::vector<const Unassessed*> bare;
  for (const auto& each : scan.unassessed)
    if (each.assessed_as.empty()) bare.push_back(&each);
  if (bare.size() != scan.unassessed.size())
    out << fmt::format("{} of the unassessed are sources of assessed components.\n",
                       scan.unassessed.size() - bare.size());
  constexpr std::size_t kListedMax = 20;
  for (std::size_t i = 0; i < bare.size() && i < kListedMax; ++i) {
    const auto& subject = scan.subjects[bare[i]->component];
    out << fmt::format("unassessed: {}{}{}: {}\n", subject.name, subject.version.empty() ? "" : " ", subject.version,
                       bare[i]->why);
  }
  if (bare.size() > kListedMax)
    out << fmt::format("and {} more unassessed: --json lists them all\n", bare.size() - kListedMax);
  out << fmt::format("Database of {}:\n", format_rfc3339(manifest.built));
  for (const auto& source : manifest.sources) out << "  " << feed_version_of(source) << "\n";
}

}  // namespace hf::vuln
