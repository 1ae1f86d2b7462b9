#include <map>

#include "fleet/types.h"
#include "trace/questions.h"

namespace hf::trace {
namespace {

using std::chrono::hours;

// Deadlines of Article 14(2) of Regulation (EU) 2024/2847 run from becoming aware. When a person became aware is for
// the case to say; until there is one, the earliest instant at which these records could have told is the safe one.
struct Deadline {
  std::string_view name, source;
  hours after;
};
constexpr Deadline kDeadlines[] = {
    {"early warning", "Regulation (EU) 2024/2847, Article 14(2)(a)", hours(24)},
    {"vulnerability notification", "Regulation (EU) 2024/2847, Article 14(2)(b)", hours(72)}};

// A feed older than this is said to be stale. KEV, EPSS and CVE records change daily.
constexpr hours kStale{48};

}  // namespace

Result<JsonObject> Questions::today(Time now) const {
  HF_TRY(const auto numbers, facts_.exploited());
  JsonArray exploited, clocks;
  std::int64_t exposing = 0;
  std::set<std::string> markets;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> units;  // distinct: one unit may be exposed twice
  for (const auto& number : numbers) {
    HF_TRY(const auto exposure, exposure_of(exposures_, number));
    HF_TRY(auto line, summary_of(number, exposure));
    if (line.at("exposed_devices").get_int64() > 0) {
      ++exposing;
      for (const auto& row : exposure.units)
        if (exposure.configurations.at(row.configuration_id) == Standing::affected)
          units[{row.configuration_id, row.market + "/" + std::to_string(row.batch_id)}] = row.devices;
      HF_TRY(const auto listed, parse_rfc3339(line.at("kev").at("received_at").get_string()));
      HF_TRY(const auto found, parse_rfc3339(line.at("first_found").get_string()));
      const auto start = std::max(listed, found);
      for (const auto& deadline : kDeadlines)
        clocks.push_back(JsonObject{{"name", deadline.name},
                                    {"about", number},
                                    {"subject", JsonObject{{"kind", "vulnerability"}, {"id", number}}},
                                    {"starts_at", format_rfc3339(start)},
                                    {"ends_at", format_rfc3339(start + deadline.after)},
                                    {"source", deadline.source},
                                    {"overdue", now > start + deadline.after}});
    }
    exploited.push_back(std::move(line));
  }
  std::stable_sort(exploited.begin(), exploited.end(), [](const Json& a, const Json& b) {
    return a.at("exposed_devices").get_int64() > b.at("exposed_devices").get_int64();
  });
  std::stable_sort(clocks.begin(), clocks.end(), [](const Json& a, const Json& b) {
    return a.at("ends_at").get_string() < b.at("ends_at").get_string();
  });
  std::int64_t exposed = 0;
  for (const auto& [place, devices] : units) {
    exposed += devices;
    if (devices > 0) markets.insert(place.second.substr(0, 2));
  }
  HF_TRY(auto feeds, overview_.feeds());
  std::int64_t stale = 0;
  for (auto& feed : feeds) {
    HF_TRY(const auto last, parse_rfc3339(feed.at("last_import").get_string()));
    feed.as_object()["stale"] = now - last > kStale;
    stale += now - last > kStale ? 1 : 0;
  }
  HF_TRY(auto coverage, overview_.coverage());
  HF_TRY(auto signatures, signing(now));
  HF_TRY(auto due, duties(as_of_.at.value_or(now)));
  std::string sentence;
  if (feeds.empty())
    sentence = "No feed has been imported yet: nothing is known, which is not the same as nothing is wrong.";
  else if (exposing > 0)
    sentence = counted(exposing, "exploited vulnerability exposes", "exploited vulnerabilities expose") + " " +
               counted(exposed, "unit", "units") + " in " + places(markets) + ".";
  else sentence = "No exploited vulnerability is known to expose a unit.";
  if (stale > 0) sentence += " " + counted(stale, "feed is", "feeds are") + " more than 48 hours old.";
  return JsonObject{
      {"now", format_rfc3339(now)},        {"at", as_of_.at ? Json(format_rfc3339(*as_of_.at)) : Json(nullptr)},
      {"sentence", std::move(sentence)},   {"clocks", std::move(clocks)},
      {"exploited", std::move(exploited)}, {"feeds", std::move(feeds)},
      {"coverage", std::move(coverage)},   {"signing", std::move(signatures)},
      {"duties", std::move(due)}};
}

Result<JsonObject> Questions::duties(Time now) const {
  // CRLs are made before they end: one that ends within a day should have been.
  constexpr hours kCertificates{24 * 30}, kCrls{24}, kAlarms{24 * 30};
  constexpr std::int64_t kAlarmsShown = 20;
  HF_TRY(auto certificates, duties_.ending("", now, now + kCertificates));
  HF_TRY(auto crls, duties_.crls(now, now + kCrls));
  HF_TRY(auto alarms, duties_.alarms(now - kAlarms, kAlarmsShown));
  HF_TRY(auto debug, duties_.debug_sessions(now));
  return JsonObject{{"certificates", std::move(certificates)},
                    {"crls", std::move(crls)},
                    {"alarms", std::move(alarms)},
                    {"debug", std::move(debug)}};
}

Result<JsonObject> Questions::search(std::string_view text, std::int64_t limit) const {
  JsonArray items;
  const auto add = [&](JsonObject item) {
    const auto kind = std::string(item.at("kind").get_string()), id = std::string(item.at("id").get_string());
    item["url"] = kind == "vulnerability" ? "/vulnerabilities/" + id
                  : kind == "product"     ? "/products/" + id
                  : kind == "device"      ? "/devices/" + id
                  : kind == "key"         ? "/keys/" + id
                  : kind == "signing_key" ? "/signing-keys/" + id
                  : kind == "release"     ? "/releases/" + id
                  : kind == "batch"       ? "/batches/" + id
                                          : "/builds/" + id;  // a component's page is that of a build with it
    items.push_back(std::move(item));
  };
  if (fleet::is_serial(text)) {
    HF_TRY(const auto products, facts_.products_with_serial(text));
    for (const auto& product : products)
      add({{"kind", "device"},
           {"id", product + "/" + std::string(text)},
           {"title", std::string(text)},
           {"subtitle", "unit of " + product}});
  }
  if (text.size() == 64) {
    HF_TRY(const auto holders, facts_.holders(text));
    if (!holders.empty())
      add({{"kind", "key"},
           {"id", std::string(text)},
           {"title", std::string(text)},
           {"subtitle", holders.front().kind}});
  }
  HF_TRY(auto found, overview_.search(text, limit));
  for (auto& item : found)
    if (std::int64_t(items.size()) < limit) add(std::move(item));
  return JsonObject{{"items", std::move(items)}, {"next", nullptr}};
}

}  // namespace hf::trace
