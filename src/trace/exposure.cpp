#include "trace/exposure.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

#include "base/text.h"

namespace hf::trace {
namespace {

constexpr std::string_view kNames[kStandings] = {"not_affected", "fixed", "unknown", "under_investigation", "affected"};

}  // namespace

bool is_askable(std::string_view text) {
  return text.size() <= kAskedMax && text.find('\0') == text.npos && is_utf8(text);
}

Standing standing_of(std::string_view state) {
  for (std::size_t i = 0; i < kStandings; ++i)
    if (kNames[i] == state) return Standing(i);
  return Standing::unknown;
}

std::string_view name_of(Standing standing) { return kNames[std::size_t(standing)]; }

std::int64_t Units::total() const { return std::accumulate(by.begin(), by.end(), std::int64_t{0}); }

std::int64_t Reach::markets() const {
  return std::count_if(by_market.begin(), by_market.end(),
                       [](const auto& market) { return market.second.of(Standing::affected) > 0; });
}

std::set<std::string> Reach::affected_markets() const {
  std::set<std::string> markets;
  for (const auto& [market, here] : by_market)
    if (here.of(Standing::affected) > 0) markets.insert(market);
  return markets;
}

Result<Reach> reach_of(const ExposureStore& store, std::string_view vulnerability) {
  Reach out;
  HF_TRY(out.units, store.reach(vulnerability));
  std::erase_if(out.units,
                [](const auto& row) { return row.devices == 0; });  // as of then: a key of the census with nothing yet
  for (const auto& row : out.units) {
    const auto standing = Standing(row.standing);
    out.configurations[row.configuration_id] = standing;
    if (row.first_affected && (!out.first_affected || *row.first_affected < *out.first_affected))
      out.first_affected = row.first_affected;
    out.totals.add(standing, row.devices);
    out.by_market[row.market].add(standing, row.devices);
    out.by_batch[row.batch_id].add(standing, row.devices);
    if (standing == Standing::affected) out.by_batch_and_market[{row.batch_id, row.market}] += row.devices;
  }
  return out;
}

Result<Exposure> exposure_of(const ExposureStore& store, std::string_view vulnerability) {
  Exposure out;
  HF_TRY(out.edges, store.edges(vulnerability));
  if (out.edges.empty()) return out;
  for (const auto& edge : out.edges) {
    auto& build = out.builds[edge.build_id];
    if (build.path.empty()) build.path = edge.build;
    build.standing = std::max(build.standing, standing_of(edge.state));
    build.components.push_back(&edge);
  }
  HF_TRY(out.components, store.names(vulnerability));
  const auto by_name = [&](const EdgeRow* a, const EdgeRow* b) {
    return std::tie(out.components[a->coordinate_id].name, a->coordinate_id) <
           std::tie(out.components[b->coordinate_id].name, b->coordinate_id);
  };
  for (auto& [id, build] : out.builds)
    if (build.components.size() > 1) std::sort(build.components.begin(), build.components.end(), by_name);
  HF_TRY(static_cast<Reach&>(out), reach_of(store, vulnerability));
  std::map<std::int64_t, std::int64_t> devices;  // of a configuration
  for (const auto& row : out.units) devices[row.configuration_id] += row.devices;
  HF_TRY(const auto pairs, store.configurations(vulnerability));
  for (const auto& [configuration, build] : pairs)
    if (const auto found = devices.find(configuration); found != devices.end())
      out.builds[build].devices += found->second;
  return out;
}

std::string UnitCursor::to_text() const { return std::to_string(configuration_id) + "." + market + "." + serial; }

Result<UnitCursor> UnitCursor::parse(std::string_view text) {
  UnitCursor cursor;
  if (text.empty()) return cursor;
  const auto first = text.find('.'), second = first == text.npos ? text.npos : text.find('.', first + 1);
  const auto* end = text.data() + (first == text.npos ? 0 : first);
  const auto read = std::from_chars(text.data(), end, cursor.configuration_id);
  if (second == text.npos || read.ec != std::errc() || read.ptr != end || !is_askable(text))
    return fail(ErrorKind::invalid, "HF-TRACE-0002",
                "'after' is not a cursor of this list; take `next` of the page before");
  cursor.market = text.substr(first + 1, second - first - 1);
  cursor.serial = text.substr(second + 1);
  return cursor;
}

Result<UnitPage> units_of(const ExposureStore& store, const Reach& reach, const UnitFilter& filter,
                          const UnitCursor& after, std::int64_t limit) {
  // A batch is no part of the index: its units are looked for in steps of this size, however small the page.
  constexpr std::int64_t kStep = 1000;
  limit = std::max<std::int64_t>(limit, 1);
  // Where units are, in the order of the index.
  std::set<std::pair<std::int64_t, std::string>> places;
  for (const auto& row : reach.units) {
    if (reach.configurations.at(row.configuration_id) != filter.standing) continue;
    if (!filter.market.empty() && row.market != filter.market) continue;
    if (filter.batch_id && row.batch_id != *filter.batch_id) continue;
    if (filter.configurations && !filter.configurations->contains(row.configuration_id)) continue;
    places.emplace(row.configuration_id, row.market);
  }
  UnitPage page;
  for (auto at = places.lower_bound({after.configuration_id, after.market}); at != places.end(); ++at) {
    const auto& [configuration, market] = *at;
    std::string serial =
        configuration == after.configuration_id && market == after.market ? after.serial : std::string();
    for (;;) {
      const auto wanted = std::max(limit + 1 - std::int64_t(page.units.size()), filter.batch_id ? kStep : 1);
      HF_TRY(const auto rows, store.devices(configuration, market, serial, wanted));
      for (const auto& row : rows) {
        serial = row.serial;
        if (filter.batch_id && row.batch_id != *filter.batch_id) continue;
        if (std::int64_t(page.units.size()) == limit) {
          const auto& last = page.units.back();
          page.next = {last.configuration_id, last.market, last.serial};
          return page;
        }
        page.units.push_back({configuration, market, row.serial, row.batch_id, row.since});
      }
      if (std::int64_t(rows.size()) < wanted) break;
    }
  }
  return page;
}

}  // namespace hf::trace
