#include "db/query.h"

#include <algorithm>

namespace hf::db {
namespace {

// Zero-initialised before any Query constructor runs; queries are constructed before main, by one thread.
const Query* first = nullptr;

}  // namespace

Query::Query(std::string_view name, std::string_view sql) : name_(name), sql_(sql), next_(first) { first = this; }

std::vector<const Query*> Query::all() {
  std::vector<const Query*> list;
  for (const auto* query = first; query; query = query->next_) list.push_back(query);
  std::sort(list.begin(), list.end(), [](const auto* a, const auto* b) { return a->name() < b->name(); });
  return list;
}

}  // namespace hf::db
