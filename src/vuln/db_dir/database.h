// The advisory database as a reader sees it: a folder with one file, advisories.sqlite, that a build replaces as a
// whole. An open database keeps the file that it opened, so a scan sees one state from start to end.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vuln/db_dir/sqlite.h"
#include "vuln/feeds/epss.h"
#include "vuln/feeds/kev.h"
#include "vuln/feeds/sources.h"
#include "vuln/match/vendor.h"

namespace hf::vuln {

inline constexpr int kDatabaseFormat = 1;
inline constexpr std::string_view kDatabaseFile = "advisories.sqlite";

struct Manifest {
  int format = kDatabaseFormat;
  Time built{};
  std::vector<SourceReport> sources{};  // in the order they were given: the id of the first is 1
  std::uint64_t advisories = 0;         // that count: without those that a newer record of the same feed replaces
  std::uint64_t withdrawn = 0;
  std::uint64_t unanalyzed = 0;
  std::uint64_t keys = 0;
};
[[nodiscard]] JsonObject to_json(const Manifest& manifest);

struct StoredAdvisory {
  Advisory advisory;
  std::size_t source = 0;  // index into Manifest::sources
};

struct EpssStored {
  double score = 0, percentile = 0;
};

class AdvisoryDatabase {
 public:
  // HF-VULN-0021 no database there, 0022 one of another format version, 0020 damaged.
  static Result<AdvisoryDatabase> open(const std::filesystem::path& directory);

  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  // Every advisory that has one of the keys, once, in the order of the build. HF-VULN-0010, 0020 when damaged.
  Result<std::vector<StoredAdvisory>> with_keys(std::span<const std::string> keys);
  // Numbers of records for one key, without reading them.
  Result<std::vector<std::int64_t>> ids_of(std::string_view key);
  Result<std::vector<ProductVendor>> vendors_of(std::string_view product);  // folded product name
  Result<std::optional<KevEntry>> kev(std::string_view id);                 // of the newest catalogue
  Result<std::optional<EpssStored>> epss(std::string_view id);              // of the newest scores

 private:
  AdvisoryDatabase(Sqlite file, Manifest manifest) : file_(std::move(file)), manifest_(std::move(manifest)) {}
  Result<void> prepare();

  Sqlite file_;
  Manifest manifest_;
  SqliteStatement by_key_, by_id_, vendors_, kev_, epss_;
};

}  // namespace hf::vuln
