// The units that a vulnerability reaches, page after page.
//
// What all pages share (the exposure, the filter, names of builds and batches) is worked out once: a list of any length
// then costs the index reads of its units. Pages read in several snapshots belong together if the list is as of an
// instant.
#pragma once

#include <map>
#include <string>

#include "trace/exposure.h"
#include "trace/fact_store.h"

namespace hf::trace {

struct UnitQuery {
  std::string market{}, build{}, batch{};  // paths; empty: all
  Standing standing = Standing::affected;
};

class UnitList {
 public:
  // HF-TRACE-0001: no such build or batch.
  [[nodiscard]] static Result<UnitList> of(const db::Reader& reader, AsOf as_of, std::string_view vulnerability,
                                           const UnitQuery& query);

  // {items: [{product, serial, market, batch, builds, since}], next}; `after` is `next` of the page before, or empty.
  // HF-TRACE-0002: not such a text.
  [[nodiscard]] Result<JsonObject> page(const db::Reader& reader, std::string_view after, std::int64_t limit);

 private:
  struct Configuration {
    std::string product;
    JsonArray builds;
  };
  UnitList(AsOf as_of, Reach reach, UnitFilter filter)
      : as_of_(as_of), reach_(std::move(reach)), filter_(std::move(filter)) {}
  Result<const Configuration*> configuration(const FactStore& facts, std::int64_t id);
  Result<const std::string*> batch(const FactStore& facts, std::int64_t id);

  AsOf as_of_;
  Reach reach_;
  UnitFilter filter_;
  std::map<std::int64_t, Configuration> configurations_;
  std::map<std::int64_t, std::string> batches_;
};

}  // namespace hf::trace
