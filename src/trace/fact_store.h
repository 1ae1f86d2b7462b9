// The other reads of the four questions: products, units, keys, components.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "trace/exposure_store.h"

namespace hf::trace {

class FactStore {
 public:
  FactStore(const db::Reader& reader, AsOf as_of) : db_(reader), as_of_(as_of) {}

  // Vulnerabilities. canonical(): the CVE number of an alias, or the number itself.
  [[nodiscard]] Result<std::string> canonical(std::string_view number) const;
  [[nodiscard]] Result<JsonArray> records(
      std::string_view vulnerability) const;  // {feed, id, summary, severity, score, modified, digest}
  [[nodiscard]] Result<JsonArray> aliases(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::optional<JsonObject>> kev(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::optional<JsonObject>> epss(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::vector<std::string>> record_blobs(std::string_view vulnerability) const;
  // Present components that some record of it was compared with: they share a look-up key.
  [[nodiscard]] Result<std::int64_t> compared(std::string_view vulnerability) const;
  // In the catalogue of exploited ones and found on some component, in order of number.
  [[nodiscard]] Result<std::vector<std::string>> exploited() const;
  // With a finding or a build's own word of that state, numbers above `after`.
  [[nodiscard]] Result<std::vector<std::string>> found(std::string_view state, std::string_view after,
                                                       std::int64_t limit) const;
  // Of the components of a product's builds; of one configuration's builds.
  struct FoundRow {
    std::string vulnerability, state, component, component_version, build;
    bool kev;
  };
  [[nodiscard]] Result<std::vector<FoundRow>> found_in_build(std::int64_t build_id) const;

  // Places and names.
  [[nodiscard]] Result<std::optional<JsonObject>> batch(
      std::int64_t batch_id) const;  // {path, factory, support_end, placed_at by market}
  struct Named {
    std::int64_t id;
    std::string path;
  };
  [[nodiscard]] Result<std::optional<Named>> product(std::string_view path) const;
  [[nodiscard]] Result<std::optional<Named>> build(std::string_view path) const;
  [[nodiscard]] Result<std::optional<Named>> batch(std::string_view path) const;
  // {path, name, manufacturer, product_class, devices} of one product; of those with a path above `after`.
  [[nodiscard]] Result<std::optional<JsonObject>> product_record(std::int64_t product_id) const;
  [[nodiscard]] Result<std::vector<JsonObject>> products(std::string_view after, std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<JsonObject>> modules(std::int64_t product_id) const;
  [[nodiscard]] Result<std::vector<JsonObject>> builds(std::int64_t product_id) const;  // with their SBOM
  [[nodiscard]] Result<std::vector<JsonObject>> releases(std::int64_t product_id) const;
  [[nodiscard]] Result<std::vector<JsonObject>> batches(std::int64_t product_id) const;
  [[nodiscard]] Result<std::vector<JsonObject>> placements(std::int64_t batch_id) const;
  [[nodiscard]] Result<std::vector<UnitsRow>> product_units(std::int64_t product_id) const;  // active ones
  [[nodiscard]] Result<std::vector<JsonObject>> configuration_builds(std::int64_t configuration_id) const;
  [[nodiscard]] Result<std::vector<JsonObject>> sboms(std::int64_t build_id) const;
  [[nodiscard]] Result<std::vector<JsonObject>> components(std::int64_t build_id, std::int64_t after,
                                                           std::int64_t limit) const;
  [[nodiscard]] Result<std::int64_t> component_count(std::int64_t build_id) const;
  [[nodiscard]] Result<std::int64_t> build_devices(std::int64_t build_id) const;

  // Units.
  struct Unit {
    std::string batch, hardware_revision, market, state;
    std::int64_t configuration_id;
    Time since;
    std::int64_t segment_id, position;
  };
  [[nodiscard]] Result<std::optional<Unit>> device(std::int64_t product_id, std::string_view serial) const;
  struct PastRow {
    Time since, until;
    std::int64_t configuration_id;
    std::string market, state;
  };
  [[nodiscard]] Result<std::vector<PastRow>> past(std::int64_t product_id, std::string_view serial) const;
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> credentials(std::int64_t product_id,
                                                                                     std::string_view serial) const;
  struct Holder {
    std::string kind, product, serial;
  };
  [[nodiscard]] Result<std::vector<Holder>> holders(std::string_view sha256) const;
  [[nodiscard]] Result<std::vector<std::string>> products_with_serial(std::string_view serial) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> segment_entry(std::int64_t segment_id) const;

 private:
  [[nodiscard]] Result<std::optional<Named>> by_path(const db::Query& query, std::string_view path) const;
  const db::Reader& db_;
  AsOf as_of_;
};

}  // namespace hf::trace
