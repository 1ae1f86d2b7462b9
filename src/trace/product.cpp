#include <map>
#include <set>

#include "trace/questions.h"

namespace hf::trace {
namespace {

auto missing(std::string_view what, std::string_view path) {
  return fail(ErrorKind::not_found, "HF-TRACE-0001",
              "there is no " + std::string(what) + " '" + std::string(path.substr(0, 200)) + "'");
}

JsonArray array_of(std::vector<JsonObject> list) {
  JsonArray array;
  for (auto& item : list) array.push_back(std::move(item));
  return array;
}

}  // namespace

Result<JsonArray> Questions::standing_of_builds(const std::vector<std::int64_t>& builds) const {
  // Per vulnerability the most urgent word of any component; what is settled is not listed.
  struct Line {
    Standing standing = Standing::not_affected;
    bool kev = false;
    std::set<std::string> components;
  };
  std::map<std::string, Line> lines;
  for (const auto build : builds) {
    HF_TRY(const auto rows, facts_.found_in_build(build));
    for (const auto& row : rows) {
      const auto standing = standing_of(row.state);
      if (standing < Standing::unknown) continue;
      auto& line = lines[row.vulnerability];
      line.standing = std::max(line.standing, standing);
      line.kev |= row.kev;
      line.components.insert(row.component + " " + row.component_version);
    }
  }
  std::vector<std::pair<const std::string, Line>*> order;
  for (auto& line : lines) order.push_back(&line);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.kev, a->second.standing) > std::pair(b->second.kev, b->second.standing);
  });
  JsonArray list;
  for (const auto* line : order) {
    JsonArray components;
    for (const auto& component : line->second.components) components.emplace_back(component);
    list.push_back(JsonObject{{"vulnerability", line->first},
                              {"state", name_of(line->second.standing)},
                              {"kev", line->second.kev},
                              {"components", std::move(components)}});
  }
  return list;
}

Result<JsonObject> Questions::product(std::string_view path) const {
  HF_TRY(const auto product, facts_.product(path));
  if (!product) return missing("product", path);
  HF_TRY(auto modules, facts_.modules(product->id));
  HF_TRY(auto builds, facts_.builds(product->id));
  HF_TRY(auto releases, facts_.releases(product->id));
  HF_TRY(auto batches, facts_.batches(product->id));
  HF_TRY(const auto units, facts_.product_units(product->id));

  std::int64_t total = 0;
  std::map<std::string, std::int64_t> by_market;
  std::map<std::int64_t, std::int64_t> by_batch, by_configuration;
  for (const auto& row : units) {
    total += row.devices;
    by_market[row.market] += row.devices;
    by_batch[row.batch_id] += row.devices;
    by_configuration[row.configuration_id] += row.devices;
  }
  std::map<std::string, std::int64_t> by_build;
  std::map<std::int64_t, std::string> running;
  std::int64_t without_sbom = 0;
  for (const auto& [configuration, devices] : by_configuration) {
    if (devices == 0) continue;
    HF_TRY(const auto held, facts_.configuration_builds(configuration));
    bool assessed = true;
    for (const auto& build : held) {
      by_build[std::string(build.at("path").get_string())] += devices;
      running.emplace(build.at("id").get_int64(), std::string(build.at("path").get_string()));
      assessed &= build.at("sbom").get_bool();
    }
    if (!assessed) without_sbom += devices;
  }
  std::vector<std::int64_t> running_ids;
  for (const auto& [id, unused] : running) running_ids.push_back(id);
  HF_TRY(auto exposure, standing_of_builds(running_ids));

  for (auto& build : builds) {
    const auto at = by_build.find(std::string(build.at("path").get_string()));
    build["devices"] = at == by_build.end() ? 0 : at->second;
  }
  for (auto& batch : batches) {
    const auto id = batch.at("id").get_int64();
    HF_TRY(auto placements, facts_.placements(id));
    batch["devices"] = by_batch[id];
    batch["placements"] = array_of(std::move(placements));
    batch.erase("id");
  }
  JsonArray markets;
  std::set<std::string> places_of_units;
  for (const auto& [market, devices] : by_market)
    if (devices > 0) {
      markets.push_back(JsonObject{{"market", market}, {"devices", devices}});
      places_of_units.insert(market);
    }
  std::int64_t affected = 0, exploited = 0;
  for (const auto& line : exposure) {
    affected += line.at("state").get_string() == "affected" ? 1 : 0;
    exploited += line.at("state").get_string() == "affected" && line.at("kev").get_bool() ? 1 : 0;
  }
  std::string sentence = counted(total, "unit", "units") + " in " + places(places_of_units) + " run " +
                         counted(std::int64_t(running.size()), "build", "builds") + "; " +
                         counted(affected, "vulnerability affects", "vulnerabilities affect") + " them, " +
                         grouped(exploited) + " known to be exploited.";
  if (without_sbom > 0)
    sentence += " " + counted(without_sbom, "unit runs", "units run") + " a build without an SBOM: unknown, not clean.";
  HF_TRY(const auto record, facts_.product_record(product->id));
  return JsonObject{
      {"path", product->path},
      {"name", record->at("name")},
      {"manufacturer", record->at("manufacturer")},
      {"product_class", record->at("product_class")},
      {"category", record->at("category")},
      {"sentence", std::move(sentence)},
      {"modules", array_of(std::move(modules))},
      {"builds", array_of(std::move(builds))},
      {"releases", array_of(std::move(releases))},
      {"batches", array_of(std::move(batches))},
      {"devices", JsonObject{{"total", total}, {"by_market", std::move(markets)}, {"without_sbom", without_sbom}}},
      {"exposure", std::move(exposure)},
      {"at", as_of_.at ? Json(format_rfc3339(*as_of_.at)) : Json(nullptr)}};
}

Result<JsonObject> Questions::products(std::string_view after, std::int64_t limit) const {
  HF_TRY(auto rows, facts_.products(after, limit + 1));
  Json next = nullptr;
  if (std::int64_t(rows.size()) > limit) {
    rows.pop_back();
    next = rows.back().at("path");
  }
  return JsonObject{{"items", array_of(std::move(rows))}, {"next", std::move(next)}};
}

Result<JsonObject> Questions::build(std::string_view path) const {
  HF_TRY(const auto build, facts_.build(path));
  if (!build) return missing("build", path);
  HF_TRY(auto sboms, facts_.sboms(build->id));
  HF_TRY(const auto components, facts_.component_count(build->id));
  HF_TRY(const auto devices, facts_.build_devices(build->id));
  HF_TRY(auto findings, standing_of_builds({build->id}));
  std::int64_t affected = 0;
  for (const auto& line : findings) affected += line.at("state").get_string() == "affected" ? 1 : 0;
  std::string sentence = sboms.empty() ? "No SBOM has been received: what this build contains is unknown."
                                       : counted(components, "component", "components") + "; " +
                                             counted(affected, "vulnerability affects", "vulnerabilities affect") +
                                             " this build, which " + counted(devices, "unit runs.", "units run.");
  return JsonObject{{"path", build->path},
                    {"sentence", std::move(sentence)},
                    {"sboms", array_of(std::move(sboms))},
                    {"components", components},
                    {"devices", devices},
                    {"findings", std::move(findings)},
                    {"at", as_of_.at ? Json(format_rfc3339(*as_of_.at)) : Json(nullptr)}};
}

Result<JsonObject> Questions::components(std::string_view path, std::int64_t after, std::int64_t limit) const {
  HF_TRY(const auto build, facts_.build(path));
  if (!build) return missing("build", path);
  HF_TRY(auto rows, facts_.components(build->id, after, limit + 1));
  Json next = nullptr;
  if (std::int64_t(rows.size()) > limit) {
    rows.pop_back();
    next = std::to_string(rows.back().at("coordinate").get_int64());
  }
  return JsonObject{{"items", array_of(std::move(rows))}, {"next", std::move(next)}};
}

}  // namespace hf::trace
