#include <map>

#include "fleet/types.h"
#include "trace/questions.h"

namespace hf::trace {
namespace {

JsonArray paths_of(const std::vector<JsonObject>& builds) {
  JsonArray paths;
  for (const auto& build : builds) paths.push_back(build.at("path"));
  return paths;
}

}  // namespace

Result<JsonObject> Questions::device(std::string_view product_path, std::string_view serial) const {
  const auto unknown = [&] {
    return fail(ErrorKind::not_found, "HF-TRACE-0001",
                "no unit '" + std::string(serial.substr(0, 64)) + "' of product '" +
                    std::string(product_path.substr(0, 64)) + "' is registered" + (as_of_.at ? " at that time" : ""));
  };
  HF_TRY(const auto product, facts_.product(product_path));
  if (!product || !fleet::is_serial(serial)) return unknown();
  HF_TRY(const auto unit, facts_.device(product->id, serial));
  if (!unit) return unknown();
  HF_TRY(const auto past, facts_.past(product->id, serial));

  // What it ran at that time: the present row, or the period that holds the instant.
  auto configuration = unit->configuration_id;
  auto market = unit->market, state = unit->state;
  auto since = unit->since;
  if (as_of_.at && *as_of_.at < unit->since) {
    const auto then = std::find_if(past.begin(), past.end(),
                                   [&](const auto& row) { return row.since <= *as_of_.at && *as_of_.at < row.until; });
    if (then == past.end()) return unknown();
    configuration = then->configuration_id, market = then->market, state = then->state, since = then->since;
  }
  HF_TRY(auto builds, facts_.configuration_builds(configuration));
  std::vector<std::int64_t> ids;
  std::int64_t without_sbom = 0;
  for (auto& build : builds) {
    ids.push_back(build.at("id").get_int64());
    without_sbom += build.at("sbom").get_bool() ? 0 : 1;
    build.erase("id");
  }
  HF_TRY(auto exposure, standing_of_builds(ids));
  HF_TRY(const auto credentials, facts_.credentials(product->id, serial));
  HF_TRY(const auto entry, facts_.segment_entry(unit->segment_id));

  JsonArray history;
  const auto period = [&](Time from, Json until, std::int64_t configuration_id, const std::string& there,
                          const std::string& as) -> Result<void> {
    HF_TRY(const auto ran, facts_.configuration_builds(configuration_id));
    history.push_back(JsonObject{{"since", format_rfc3339(from)},
                                 {"until", std::move(until)},
                                 {"builds", paths_of(ran)},
                                 {"market", there},
                                 {"state", as}});
    return {};
  };
  if (!as_of_.at || unit->since <= *as_of_.at)
    HF_CHECK(period(unit->since, nullptr, unit->configuration_id, unit->market, unit->state));
  for (const auto& row : past)
    if (!as_of_.at || row.since <= *as_of_.at)
      HF_CHECK(period(row.since, Json(format_rfc3339(row.until)), row.configuration_id, row.market, row.state));

  std::int64_t affected = 0, exploited = 0;
  for (const auto& line : exposure) {
    if (line.at("state").get_string() != "affected") continue;
    ++affected;
    exploited += line.at("kev").get_bool() ? 1 : 0;
  }
  std::string sentence = affected > 0 ? "Exposed to " + counted(affected, "vulnerability", "vulnerabilities") + ", " +
                                            grouped(exploited) + " known to be exploited."
                                      : "No vulnerability is known to affect what it runs.";
  if (without_sbom > 0)
    sentence += " " + counted(without_sbom, "build has", "builds have") + " no SBOM: unknown, not clean.";
  JsonObject answer{{"product", product->path},
                    {"serial", serial},
                    {"sentence", std::move(sentence)},
                    {"batch", unit->batch},
                    {"hardware_revision", unit->hardware_revision},
                    {"market", market},
                    {"state", state},
                    {"since", format_rfc3339(since)},
                    {"certificate_sha256", nullptr},
                    {"key_sha256", nullptr}};
  for (const auto& [kind, sha256] : credentials) answer[kind + "_sha256"] = sha256;
  JsonArray build_list;
  for (auto& build : builds) build_list.push_back(std::move(build));
  answer["builds"] = std::move(build_list);
  answer["exposure"] = std::move(exposure);
  answer["history"] = std::move(history);
  answer["evidence"] = JsonArray{JsonObject{
      {"entry", entry ? Json(*entry) : Json(nullptr)}, {"segment", unit->segment_id}, {"position", unit->position}}};
  answer["at"] = as_of_.at ? Json(format_rfc3339(*as_of_.at)) : Json(nullptr);
  return answer;
}

Result<JsonObject> Questions::key(std::string_view sha256) const {
  HF_TRY(const auto holders, facts_.holders(sha256));
  if (holders.empty())
    return fail(ErrorKind::not_found, "HF-TRACE-0001",
                "no certificate or key with SHA-256 '" + std::string(sha256.substr(0, 64)) + "' is registered");
  JsonArray sample;
  std::map<std::string, std::int64_t> by_market, by_batch;
  for (const auto& holder : holders) {
    HF_TRY(const auto answer, device(holder.product, holder.serial));
    sample.push_back(JsonObject{{"product", holder.product},
                                {"serial", holder.serial},
                                {"market", answer.at("market")},
                                {"batch", answer.at("batch")},
                                {"builds", answer.at("builds")}});
    ++by_market[std::string(answer.at("market").get_string())];
    ++by_batch[std::string(answer.at("batch").get_string())];
  }
  const auto counts = [](const std::map<std::string, std::int64_t>& map, std::string_view name) {
    JsonArray list;
    for (const auto& [key, devices] : map) list.push_back(JsonObject{{name, key}, {"devices", devices}});
    return list;
  };
  return JsonObject{{"sha256", sha256},
                    {"kind", holders.front().kind},
                    {"sentence", "This " + holders.front().kind + " is on " +
                                     counted(std::int64_t(holders.size()), "unit", "units") + "."},
                    {"devices", JsonObject{{"total", std::int64_t(holders.size())},
                                           {"by_market", counts(by_market, "market")},
                                           {"by_batch", counts(by_batch, "batch")},
                                           {"sample", std::move(sample)}}},
                    {"at", as_of_.at ? Json(format_rfc3339(*as_of_.at)) : Json(nullptr)}};
}

}  // namespace hf::trace
