#include "trace/unit_list.h"

#include <algorithm>

namespace hf::trace {
namespace {

auto missing(std::string_view what, const std::string& path) {
  return fail(ErrorKind::not_found, "HF-TRACE-0001", "there is no " + std::string(what) + " '" + path + "'");
}

bool holds(const std::vector<JsonObject>& builds, std::string_view path) {
  return std::any_of(builds.begin(), builds.end(),
                     [&](const JsonObject& one) { return std::string_view(one.at("path").get_string()) == path; });
}

}  // namespace

Result<UnitList> UnitList::of(const db::Reader& reader, AsOf as_of, std::string_view vulnerability,
                              const UnitQuery& query) {
  const FactStore facts(reader, as_of);
  HF_TRY(const auto number, facts.canonical(vulnerability));
  HF_TRY(auto reach, reach_of(ExposureStore(reader, as_of), number));
  UnitFilter filter{.market = query.market, .configurations = {}, .batch_id = {}, .standing = query.standing};
  if (!query.build.empty()) {
    HF_TRY(const auto build, facts.build(query.build));
    if (!build) return missing("build", query.build);
    filter.configurations.emplace();  // those that run the build, which need not be one with a finding
    for (const auto& [configuration, unused] : reach.configurations) {
      HF_TRY(const auto builds, facts.configuration_builds(configuration));
      if (holds(builds, query.build)) filter.configurations->insert(configuration);
    }
  }
  if (!query.batch.empty()) {
    HF_TRY(const auto batch, facts.batch(query.batch));
    if (!batch) return missing("batch", query.batch);
    filter.batch_id = batch->id;
  }
  return UnitList(as_of, std::move(reach), std::move(filter));
}

Result<const UnitList::Configuration*> UnitList::configuration(const FactStore& facts, std::int64_t id) {
  const auto [at, fresh] = configurations_.try_emplace(id);
  if (fresh) {
    HF_TRY(const auto builds, facts.configuration_builds(id));
    for (const auto& build : builds) at->second.builds.push_back(build.at("path"));
    if (!builds.empty()) {
      const std::string_view path = builds.front().at("path").get_string();
      at->second.product = std::string(path.substr(0, path.find('/')));
    }
  }
  return &at->second;
}

Result<const std::string*> UnitList::batch(const FactStore& facts, std::int64_t id) {
  const auto [at, fresh] = batches_.try_emplace(id);
  if (fresh) {
    HF_TRY(const auto batch, facts.batch(id));
    if (batch) at->second = std::string(batch->at("path").get_string());
  }
  return &at->second;
}

Result<JsonObject> UnitList::page(const db::Reader& reader, std::string_view after, std::int64_t limit) {
  const FactStore facts(reader, as_of_);
  HF_TRY(const auto cursor, UnitCursor::parse(after));
  HF_TRY(const auto found, units_of(ExposureStore(reader, as_of_), reach_, filter_, cursor, limit));
  JsonArray items;
  for (const auto& unit : found.units) {
    HF_TRY(const auto* runs, configuration(facts, unit.configuration_id));
    HF_TRY(const auto* from, batch(facts, unit.batch_id));
    items.push_back(JsonObject{{"product", runs->product},
                               {"serial", unit.serial},
                               {"market", unit.market},
                               {"batch", *from},
                               {"builds", runs->builds},
                               {"since", format_rfc3339(unit.since)}});
  }
  return JsonObject{{"items", std::move(items)}, {"next", found.next ? Json(found.next->to_text()) : Json(nullptr)}};
}

}  // namespace hf::trace
