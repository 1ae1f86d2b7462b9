#include "vuln/db_dir/database.h"

#include <algorithm>
#include <set>

#include "vuln/db_dir/codec.h"

namespace hf::vuln {
namespace {

Result<Manifest> manifest_of(std::string_view text) {
  HF_TRY(const auto json, parse_json(text, {.bytes_max = std::size_t(64) << 20, .depth_max = 16}));
  const auto damaged = [] {
    return fail(ErrorKind::invalid, "HF-VULN-0020", "the advisory database has no readable manifest: build it again");
  };
  if (!json.is_object()) return damaged();
  const auto& object = json.get_object();
  const auto number = [&](std::string_view key) -> std::uint64_t {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_int64() && value->get_int64() >= 0
               ? static_cast<std::uint64_t>(value->get_int64())
               : 0;
  };
  Manifest manifest;
  manifest.format = static_cast<int>(number("format"));
  manifest.advisories = number("advisories");
  manifest.withdrawn = number("withdrawn");
  manifest.unanalyzed = number("unanalyzed");
  manifest.keys = number("keys");
  if (const auto* built = object.if_contains("built"); built != nullptr && built->is_string()) {
    HF_TRY(manifest.built, parse_rfc3339(built->get_string()));
  }
  const auto* sources = object.if_contains("sources");
  if (sources == nullptr || !sources->is_array()) return damaged();
  for (const auto& source : sources->get_array()) {
    if (!source.is_object()) return damaged();
    HF_TRY(auto report, source_report_of(source.get_object()));
    manifest.sources.push_back(std::move(report));
  }
  return manifest;
}

}  // namespace

JsonObject to_json(const Manifest& manifest) {
  JsonArray sources;
  for (const auto& source : manifest.sources) sources.push_back(to_json(source));
  return {{"format", manifest.format},         {"built", format_rfc3339(manifest.built)},
          {"advisories", manifest.advisories}, {"withdrawn", manifest.withdrawn},
          {"unanalyzed", manifest.unanalyzed}, {"keys", manifest.keys},
          {"sources", std::move(sources)}};
}

Result<AdvisoryDatabase> AdvisoryDatabase::open(const std::filesystem::path& directory) {
  const auto file = directory / kDatabaseFile;
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return fail(ErrorKind::not_found, "HF-VULN-0021",
                "there is no advisory database in " + directory.string() +
                    ": make one with 'holdfast vuln db build SOURCE... --out " + directory.string() + "'");
  HF_TRY(auto database, Sqlite::open(file, Sqlite::Mode::read));
  // The format is asked before anything else, and lies where every SQLite file has it.
  HF_TRY(auto version, database.prepare("PRAGMA user_version"));
  HF_TRY(const bool has_version, version.step());
  const auto format = has_version ? version.integer(0) : 0;
  version.reset();
  if (format != kDatabaseFormat)
    return fail(ErrorKind::invalid, "HF-VULN-0022",
                "the advisory database in " + directory.string() + " has format " + std::to_string(format) +
                    ", this program reads format " + std::to_string(kDatabaseFormat) +
                    ": build it again from its sources");
  HF_TRY(auto read, database.prepare("SELECT json FROM manifest"));
  HF_TRY(const bool row, read.step());
  if (!row) return fail(ErrorKind::invalid, "HF-VULN-0020", "the advisory database has no manifest: build it again");
  HF_TRY(auto manifest, manifest_of(read.text(0)));
  read.reset();
  AdvisoryDatabase out(std::move(database), std::move(manifest));
  HF_CHECK(out.prepare());
  return out;
}

Result<void> AdvisoryDatabase::prepare() {
  HF_TRY(by_key_, file_.prepare("SELECT l.advisory FROM lookup AS l JOIN advisory AS a ON a.id = l.advisory WHERE "
                                "l.key = ?1 AND a.current = 1 ORDER BY l.advisory"));
  HF_TRY(by_id_, file_.prepare("SELECT source, body FROM advisory WHERE id = ?1"));
  HF_TRY(vendors_, file_.prepare("SELECT DISTINCT vendor, part FROM vendor WHERE product = ?1 ORDER BY vendor, part"));
  HF_TRY(kev_, file_.prepare("SELECT added, due, name, vendor, product, ransomware FROM kev WHERE cve = ?1 AND source "
                             "= (SELECT source FROM newest WHERE feed = 'kev')"));
  HF_TRY(epss_, file_.prepare("SELECT score, percentile FROM epss WHERE cve = ?1 AND source = (SELECT source FROM "
                              "newest WHERE feed = 'epss')"));
  return {};
}

Result<std::vector<std::int64_t>> AdvisoryDatabase::ids_of(std::string_view key) {
  std::vector<std::int64_t> ids;
  by_key_.bind(1, key);
  for (;;) {
    HF_TRY(const bool row, by_key_.step());
    if (!row) return ids;
    ids.push_back(by_key_.integer(0));
  }
}

Result<std::vector<StoredAdvisory>> AdvisoryDatabase::with_keys(std::span<const std::string> keys) {
  std::set<std::int64_t> ids;
  for (const auto& key : keys) {
    HF_TRY(const auto found, ids_of(key));
    ids.insert(found.begin(), found.end());
  }
  std::vector<StoredAdvisory> out;
  out.reserve(ids.size());
  for (const auto id : ids) {
    by_id_.bind(1, id);
    HF_TRY(const bool row, by_id_.step());
    if (!row)
      return fail(ErrorKind::invalid, "HF-VULN-0020",
                  "the advisory database misses a record that it lists: build it again");
    const auto source = static_cast<std::size_t>(by_id_.integer(0)) - 1;
    auto advisory = decode(by_id_.text(1));
    by_id_.reset();
    if (!advisory) return fail(std::move(advisory).error());
    if (source >= manifest_.sources.size())
      return fail(ErrorKind::invalid, "HF-VULN-0020",
                  "the advisory database names a source that it does not list: build it again");
    out.push_back({*std::move(advisory), source});
  }
  return out;
}

Result<std::vector<ProductVendor>> AdvisoryDatabase::vendors_of(std::string_view product) {
  std::vector<ProductVendor> out;
  vendors_.bind(1, product);
  for (;;) {
    HF_TRY(const bool row, vendors_.step());
    if (!row) return out;
    const auto part = vendors_.text(1);
    out.push_back({std::string(product), std::string(vendors_.text(0)), part.empty() ? '*' : part.front()});
  }
}

Result<std::optional<KevEntry>> AdvisoryDatabase::kev(std::string_view id) {
  kev_.bind(1, id);
  HF_TRY(const bool row, kev_.step());
  if (!row) return std::nullopt;
  KevEntry entry{.id = std::string(id),
                 .date_added = std::string(kev_.text(0)),
                 .due_date = std::string(kev_.text(1)),
                 .name = std::string(kev_.text(2)),
                 .vendor = std::string(kev_.text(3)),
                 .product = std::string(kev_.text(4)),
                 .ransomware = kev_.integer(5) != 0};
  kev_.reset();
  return entry;
}

Result<std::optional<EpssStored>> AdvisoryDatabase::epss(std::string_view id) {
  epss_.bind(1, id);
  HF_TRY(const bool row, epss_.step());
  if (!row) return std::nullopt;
  const EpssStored stored{epss_.real(0), epss_.real(1)};
  epss_.reset();
  return stored;
}

}  // namespace hf::vuln
