#include "vuln/db_dir/build.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/descriptor.h"
#include "vuln/db_dir/codec.h"

namespace hf::vuln {
namespace {

namespace fs = std::filesystem;

// Rows of one source have consecutive ids. `current` stands before `body`, so that it is read without the body.
// `supplement`: an NVD record without a status is a set of configurations by somebody else (an override), and stands
// beside NVD's own. Nothing has a key that cannot make a finding.
constexpr std::string_view kTables = R"sql(
    CREATE TABLE manifest (json TEXT NOT NULL);
    CREATE TABLE source (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, json TEXT NOT NULL);
    CREATE TABLE advisory (
      id INTEGER PRIMARY KEY, current INTEGER NOT NULL, source INTEGER NOT NULL, feed INTEGER NOT NULL, name TEXT NOT NULL,
      modified INTEGER NOT NULL, withdrawn INTEGER NOT NULL, unanalyzed INTEGER NOT NULL, supplement INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE lookup (key TEXT NOT NULL, advisory INTEGER NOT NULL, PRIMARY KEY (key, advisory)) WITHOUT ROWID;
    CREATE TABLE vendor (product TEXT NOT NULL, vendor TEXT NOT NULL, part TEXT NOT NULL, source INTEGER NOT NULL,
      PRIMARY KEY (product, vendor, part, source)) WITHOUT ROWID;
    CREATE TABLE kev (cve TEXT NOT NULL, source INTEGER NOT NULL, added TEXT NOT NULL, due TEXT NOT NULL, name TEXT NOT NULL, vendor TEXT NOT NULL,
      product TEXT NOT NULL, ransomware INTEGER NOT NULL, PRIMARY KEY (cve, source)) WITHOUT ROWID;
    CREATE TABLE epss (cve TEXT NOT NULL, source INTEGER NOT NULL, score REAL NOT NULL, percentile REAL NOT NULL,
      PRIMARY KEY (cve, source)) WITHOUT ROWID;
    CREATE TABLE newest (feed TEXT PRIMARY KEY, source INTEGER NOT NULL) WITHOUT ROWID;)sql";

// Of one record in several sources the latest counts, and of equally late ones that of the later source. What the CVE
// list has rejected is not a vulnerability, whatever NVD still says of it.
constexpr std::string_view kSettle = R"sql(
    UPDATE advisory SET current = 0 WHERE id IN (
      SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY feed, name, supplement ORDER BY modified DESC, source DESC, id DESC) AS place
                        FROM advisory) WHERE place > 1);
    UPDATE advisory SET current = 0 WHERE feed = 1 AND name IN (SELECT name FROM advisory WHERE feed = 0 AND withdrawn = 1 AND current = 1);
    INSERT INTO newest SELECT 'kev', id FROM source WHERE json_extract(json, '$.kev_entries') > 0
      ORDER BY json_extract(json, '$.kev_version') DESC, id DESC LIMIT 1;
    INSERT INTO newest SELECT 'epss', id FROM source WHERE json_extract(json, '$.epss_scores') > 0
      ORDER BY json_extract(json, '$.epss_date') DESC, id DESC LIMIT 1;)sql";
static_assert(int(Feed::cve5) == 0 && int(Feed::nvd) == 1, "kSettle writes these numbers");

auto refuse_directory(const fs::path& path, const std::string& why) {
  return fail(ErrorKind::unavailable, "HF-VULN-0026",
              "the advisory database cannot be written in " + path.string() + ": " + why);
}

Result<void> sync_path(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 || ::fsync(file.get()) != 0) return refuse_directory(path, std::strerror(errno));
  return {};
}

void remove_database(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(file.string() + "-journal", ignored);
}

class Builder {
 public:
  Builder(const fs::path& directory, const BuildOptions& options, const BuildProgress& progress)
      : directory_(directory),
        options_(options),
        progress_(progress),
        building_(directory / (std::string(kDatabaseFile) + ".building")),
        left_(directory / (std::string(kDatabaseFile) + ".left")) {}

  Result<BuildReport> run(std::span<const fs::path> sources, const Clock& clock) {
    HF_CHECK(open());
    for (const auto& source : sources) HF_CHECK(add(source));
    bool any = false;
    for (const auto& source : report_.manifest.sources)
      any = any || source.advisories + source.kev_entries + source.epss_scores != 0;
    if (!any)
      return fail(ErrorKind::invalid, "HF-VULN-0025",
                  "no source holds a document of a feed that we read (CVE 5, NVD 2.0, OSV, KEV, EPSS)");
    HF_CHECK(settle(clock));
    statements_ = {};
    database_.reset();
    HF_CHECK(sync_path(building_));
    std::error_code error;
    fs::rename(building_, directory_ / kDatabaseFile, error);
    if (error) return refuse_directory(directory_, error.message());
    HF_CHECK(sync_path(directory_));
    remove_database(left_);
    return std::move(report_);
  }

 private:
  struct Statements {
    SqliteStatement advisory, lookup, vendor, kev, epss, source;
  };

  Result<void> open() {
    std::error_code error;
    // What an interrupted build left becomes a source of copies; its journal goes with it.
    if (!options_.fresh && fs::exists(building_, error)) {
      remove_database(left_);
      fs::rename(building_, left_, error);
      if (fs::exists(building_.string() + "-journal", error))
        fs::rename(building_.string() + "-journal", left_.string() + "-journal", error);
    }
    remove_database(building_);
    HF_TRY(auto opened, Sqlite::open(building_, Sqlite::Mode::create));
    database_.emplace(std::move(opened));
    // Power loss loses this file, which nothing names yet; a killed process does not, so what is committed is kept.
    HF_CHECK(
        database_->script("PRAGMA page_size = 8192; PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; PRAGMA "
                          "cache_size = -131072;"));
    HF_CHECK(database_->script("BEGIN; " + std::string(kTables) +
                               "PRAGMA user_version = " + std::to_string(kDatabaseFormat) + "; COMMIT;"));
    if (!options_.fresh) {
      attach(directory_ / kDatabaseFile, "old");
      attach(left_, "interrupted");
    }
    HF_TRY(statements_.advisory,
           database_->prepare("INSERT INTO advisory VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
    HF_TRY(statements_.lookup, database_->prepare("INSERT OR IGNORE INTO lookup VALUES (?1, ?2)"));
    HF_TRY(statements_.vendor, database_->prepare("INSERT OR IGNORE INTO vendor VALUES (?1, ?2, ?3, ?4)"));
    HF_TRY(statements_.kev, database_->prepare("INSERT OR REPLACE INTO kev VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
    HF_TRY(statements_.epss, database_->prepare("INSERT OR REPLACE INTO epss VALUES (?1, ?2, ?3, ?4)"));
    HF_TRY(statements_.source, database_->prepare("INSERT INTO source VALUES (?1, ?2, ?3)"));
    return {};
  }

  // A database to copy unchanged sources from; one that is damaged or of another format is not used.
  void attach(const fs::path& file, const std::string& schema) {
    std::error_code error;
    if (!fs::exists(file, error)) return;
    auto attached = database_->prepare("ATTACH DATABASE ?1 AS " + schema);
    const auto name = file.string();
    if (!attached || !attached->bind(1, name).run()) return;
    auto check = database_->prepare("PRAGMA " + schema + ".quick_check(1)");
    auto version = database_->prepare("PRAGMA " + schema + ".user_version");
    const bool good = check && check->step().value_or(false) && check->text(0) == "ok" && version &&
                      version->step().value_or(false) && version->integer(0) == kDatabaseFormat;
    if (check) check->reset();
    if (version) version->reset();
    if (good) attached_.push_back(schema);
  }

  Result<void> add(const fs::path& source) {
    const auto tell = [&](std::string_view work) {
      return [this, work, &source](std::uint64_t done, std::uint64_t total) {
        if (progress_) progress_(work, source, done, total);
      };
    };
    source_ = static_cast<std::int64_t>(report_.manifest.sources.size()) + 1;
    HF_TRY(const auto digest, source_digest(source, options_.limits));
    for (const auto& known : report_.manifest.sources)
      if (known.sha256 == digest) return {};
    HF_CHECK(database_->script("BEGIN"));
    HF_TRY(const bool copied, copy(digest, source));
    if (!copied) {
      HF_TRY(auto read, read_source(source, options_.limits, sink(), tell("reading")));
      if (read.sha256 != digest)
        return fail(ErrorKind::conflict, "HF-VULN-0027", source.string() + " changed while it was read: build again");
      report_.manifest.sources.push_back(std::move(read));
    }
    report_.copied.push_back(copied);
    const auto& report = report_.manifest.sources.back();
    if (options_.strict && report.unreadable_count != 0)
      return fail(ErrorKind::invalid, "HF-VULN-0024",
                  std::to_string(report.unreadable_count) + " documents of " + source.string() + " cannot be read" +
                      (report.unreadable.empty() ? ""
                                                 : ", the first is " + report.unreadable.front().document + ": " +
                                                       report.unreadable.front().message));
    const auto json = hf::to_text(Json(to_json(report)));
    HF_CHECK(statements_.source.bind(1, source_).bind(2, report.sha256).bind(3, json).run());
    return database_->script("COMMIT");
  }

  Result<bool> copy(const std::string& digest, const fs::path& path) {
    for (const auto& schema : attached_) {
      HF_TRY(auto find, database_->prepare("SELECT id, json FROM " + schema + ".source WHERE sha256 = ?1"));
      HF_TRY(const bool found, find.bind(1, digest).step());
      if (!found) continue;
      const auto old = std::to_string(find.integer(0)), now = std::to_string(source_);
      const auto json = parse_json(find.text(1), {.bytes_max = std::size_t(64) << 20, .depth_max = 16});
      find.reset();
      if (!json || !json->is_object()) continue;
      auto report = source_report_of(json->get_object());
      if (!report) continue;
      report->name =
          path.filename().empty() ? report->name : path.filename().string();  // the same bytes may have moved
      HF_TRY(auto bounds, database_->prepare("SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), -1) FROM " + schema +
                                             ".advisory WHERE source = " + old));
      HF_TRY(const bool row, bounds.step());
      const auto first = row ? bounds.integer(0) : 0, last = row ? bounds.integer(1) : -1;
      bounds.reset();
      const auto shift = std::to_string(next_id_ - first),
                 range = " BETWEEN " + std::to_string(first) + " AND " + std::to_string(last);
      HF_CHECK(database_->script("INSERT INTO advisory SELECT id + " + shift + ", 1, " + now +
                                 ", feed, name, modified, withdrawn, unanalyzed, supplement, body FROM " + schema +
                                 ".advisory WHERE id" + range +
                                 " ORDER BY id;"
                                 "INSERT INTO lookup SELECT key, advisory + " +
                                 shift + " FROM " + schema + ".lookup WHERE advisory" + range +
                                 ";"
                                 "INSERT INTO vendor SELECT product, vendor, part, " +
                                 now + " FROM " + schema + ".vendor WHERE source = " + old +
                                 ";"
                                 "INSERT INTO kev SELECT cve, " +
                                 now + ", added, due, name, vendor, product, ransomware FROM " + schema +
                                 ".kev WHERE source = " + old +
                                 ";"
                                 "INSERT INTO epss SELECT cve, " +
                                 now + ", score, percentile FROM " + schema + ".epss WHERE source = " + old + ";"));
      next_id_ += last - first + 1;
      report_.manifest.sources.push_back(*std::move(report));
      if (progress_) progress_("copying", path, 1, 1);
      return true;
    }
    return false;
  }

  FeedSink sink() {
    return {.advisory = [this](Advisory advisory) { return put(advisory); },
            .kev = [this](const KevCatalog& catalog) -> Result<void> {
              for (const auto& e : catalog.entries)
                HF_CHECK(statements_.kev.bind(1, e.id)
                             .bind(2, source_)
                             .bind(3, e.date_added)
                             .bind(4, e.due_date)
                             .bind(5, e.name)
                             .bind(6, e.vendor)
                             .bind(7, e.product)
                             .bind(8, e.ransomware ? 1 : 0)
                             .run());
              return {};
            },
            .epss_head = [](const EpssHead&) -> Result<void> { return {}; },
            .epss =
                [this](const EpssScore& s) {
                  return statements_.epss.bind(1, s.id)
                      .bind(2, source_)
                      .bind_real(3, s.score)
                      .bind_real(4, s.percentile)
                      .run();
                }};
  }

  Result<void> put(const Advisory& advisory) {
    const auto body = encode(advisory);
    const bool supplement = advisory.feed == Feed::nvd && advisory.nvd_status.empty();
    HF_CHECK(statements_.advisory.bind(1, next_id_)
                 .bind(2, source_)
                 .bind(3, int(advisory.feed))
                 .bind(4, advisory.id)
                 .bind(5, advisory.modified ? micros(*advisory.modified) : 0)
                 .bind(6, advisory.withdrawn ? 1 : 0)
                 .bind(7, advisory.unanalyzed ? 1 : 0)
                 .bind(8, supplement ? 1 : 0)
                 .bind_blob(9, body)
                 .run());
    if (!advisory.withdrawn)
      for (const auto& key : lookup_keys(advisory))
        if (!key.starts_with("on:")) HF_CHECK(statements_.lookup.bind(1, key).bind(2, next_id_).run());
    for (const auto& pair : product_vendors_of(advisory))
      HF_CHECK(statements_.vendor.bind(1, pair.product)
                   .bind(2, pair.vendor)
                   .bind(3, std::string_view(&pair.part, 1))
                   .bind(4, source_)
                   .run());
    ++next_id_;
    return {};
  }

  Result<void> settle(const Clock& clock) {
    HF_CHECK(database_->script("BEGIN"));
    HF_CHECK(database_->script(std::string(kSettle)));
    HF_TRY(auto counts, database_->prepare("SELECT COUNT(*), COALESCE(SUM(withdrawn), 0), COALESCE(SUM(unanalyzed), "
                                           "0), (SELECT COUNT(*) FROM lookup) FROM advisory WHERE current = 1"));
    HF_TRY(const bool row, counts.step());
    if (row) {
      report_.manifest.advisories = static_cast<std::uint64_t>(counts.integer(0));
      report_.manifest.withdrawn = static_cast<std::uint64_t>(counts.integer(1));
      report_.manifest.unanalyzed = static_cast<std::uint64_t>(counts.integer(2));
      report_.manifest.keys = static_cast<std::uint64_t>(counts.integer(3));
    }
    counts.reset();
    report_.manifest.built = clock.now();
    const auto json = hf::to_text(Json(to_json(report_.manifest)));
    HF_TRY(auto insert, database_->prepare("INSERT INTO manifest VALUES (?1)"));
    HF_CHECK(insert.bind(1, json).run());
    return database_->script("COMMIT");
  }

  const fs::path& directory_;
  const BuildOptions& options_;
  const BuildProgress& progress_;
  const fs::path building_, left_;
  std::vector<std::string> attached_;
  BuildReport report_;
  std::int64_t source_ = 0, next_id_ = 1;
  std::optional<Sqlite> database_;
  Statements statements_;
};

}  // namespace

Result<BuildReport> build_database(std::span<const std::filesystem::path> sources,
                                   const std::filesystem::path& directory, const BuildOptions& options,
                                   const Clock& clock, const BuildProgress& progress) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return refuse_directory(directory, error.message());
  // Held until this process ends or returns; what a killed build leaves is not locked.
  const Descriptor lock(::open((directory / "build.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.get() < 0) return refuse_directory(directory, std::strerror(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorKind::conflict, "HF-VULN-0023", "another build of " + directory.string() + " is running");
  return Builder(directory, options, progress).run(sources, clock);
}

}  // namespace hf::vuln
