#include "db/check.h"

#include <algorithm>

namespace hf::db {
namespace {

std::vector<const Check*>& registry() {
  static std::vector<const Check*> checks;
  return checks;
}

}  // namespace

Check::Check(std::string_view name, std::string_view sql) : query_(name, sql) { registry().push_back(this); }

std::vector<const Check*> Check::all() {
  auto checks = registry();
  std::sort(checks.begin(), checks.end(),
            [](const auto* a, const auto* b) { return a->query().name() < b->query().name(); });
  return checks;
}

}  // namespace hf::db
