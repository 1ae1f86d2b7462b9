#include "fleet/configuration.h"

#include <algorithm>
#include <set>

namespace hf::fleet {
namespace {

auto refuse(std::string message) { return fail(ErrorKind::invalid, "HF-FLEET-0004", std::move(message)); }

}  // namespace

Result<Configuration> Interner::intern(std::int64_t product_id, std::vector<std::string> builds) {
  std::sort(builds.begin(), builds.end());
  builds.erase(std::unique(builds.begin(), builds.end()), builds.end());
  std::string text = std::to_string(product_id);
  for (const auto& path : builds) text.append("\n").append(path);
  if (const auto found = known_.find(text); found != known_.end()) return found->second;

  if (builds.empty()) return refuse("the device names no builds, and its batch flashes no release");
  const Store store(transaction_.db());
  std::vector<std::pair<std::string, std::int64_t>> ids;
  std::set<std::int64_t> modules;
  for (const auto& path : builds) {
    HF_TRY(const auto build, store.build(path));
    if (!build || build->product_id != product_id) return refuse("the product has no build '" + path + "'");
    if (!modules.insert(build->module_id).second)
      return refuse("a device runs one build a module, not two: '" + path + "'");
    ids.emplace_back(path, build->id);
  }
  const auto digest = to_hex(crypto::sha256({bytes_of(text.substr(text.find('\n') + 1))}));
  HF_TRY(const auto existing, store.configuration(digest));
  ConfigurationId id{};
  if (existing) {
    id = *existing;
  } else {
    HF_TRY(id, insert_configuration(transaction_, product_id, digest, ids));
  }
  return known_.emplace(std::move(text), Configuration{id, digest}).first->second;
}

}  // namespace hf::fleet
