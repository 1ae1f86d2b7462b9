// How whole the picture is, and where a text leads: the SQL.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "trace/exposure_store.h"

namespace hf::trace {

class OverviewStore {
 public:
  OverviewStore(const db::Reader& reader, AsOf as_of) : db_(reader), as_of_(as_of) {}

  // {feed, version, records, last_import, source}
  [[nodiscard]] Result<JsonArray> feeds() const;
  // {builds, builds_without_sbom, components, unassessed_components, devices, devices_with_unassessed_builds}
  [[nodiscard]] Result<JsonObject> coverage() const;
  // Paths and numbers that begin with a text: {kind, id, title, subtitle}.
  [[nodiscard]] Result<std::vector<JsonObject>> search(std::string_view text, std::int64_t limit) const;

 private:
  const db::Reader& db_;
  AsOf as_of_;
};

}  // namespace hf::trace
