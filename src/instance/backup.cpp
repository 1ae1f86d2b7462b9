#include "instance/backup.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <map>

#include "base/json.h"
#include "crypto/private_file.h"
#include "db/backup.h"
#include "instance/tar_file.h"

namespace hf::instance {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFormat = "holdfast-backup@1", kManifest = "manifest.json";
constexpr const char* kConfig = "holdfast.json";
constexpr std::size_t kManifestMax = 1U << 30;  // some ten million blobs

auto not_a_backup(std::string detail) {
  return fail(ErrorKind::invalid, "HF-BACKUP-0003", "this is not a whole backup of holdfast", std::move(detail));
}
auto altered(const std::string& name) {
  return fail(ErrorKind::invalid, "HF-BACKUP-0006",
              "'" + name + "' in the backup is not what was backed up; nothing was restored");
}

std::string database_name(db::Engine engine) {
  return engine == db::Engine::sqlite ? "database.sqlite" : "database.pgdump";
}

// What is removed when it goes out of scope.
struct Scratch {
  fs::path path;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

// Files below `folder`, sorted, as "folder/...": locks and half-made files are of this moment and stay behind.
std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto& item : fs::recursive_directory_iterator(folder, ignored))
    if (item.is_regular_file(ignored) && item.path().extension() != ".lock" && item.path().extension() != ".new")
      files.push_back(item.path());
  std::sort(files.begin(), files.end());
  return files;
}

bool is_safe(const std::string& name) {
  for (const auto part : split(name, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
    if (!std::all_of(part.begin(), part.end(), [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
        }))
      return false;
  }
  return name == kManifest || name == kConfig || name == kVerifierKeyFile || name == "database.sqlite" ||
         name == "database.pgdump" || name.starts_with("blobs/") || name.starts_with("token/");
}

Result<Written> extract(const std::string& name, const fs::path& to, const Piece& next) {
  const auto failed = [&] {
    return fail(ErrorKind::unavailable, "HF-BACKUP-0002", "cannot write " + to.string(),
                std::generic_category().message(errno));
  };
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failed();
  const std::unique_ptr<const int, void (*)(const int*)> closed(&fd, [](const int* open) { ::close(*open); });
  Written written{name, 0, {}};
  crypto::Sha256Stream digest;
  for (;;) {
    HF_TRY(auto piece, next());
    if (piece.empty()) break;
    digest.update(piece);
    written.size += piece.size();
    while (!piece.empty()) {
      const auto put = ::write(fd, piece.data(), piece.size());
      if (put <= 0) return failed();
      piece = piece.subspan(std::size_t(put));
    }
  }
  if (::fsync(fd) != 0) return failed();
  written.sha256 = digest.finish();
  return written;
}

// Every file is what the manifest says, and every file of the manifest is there.
Result<JsonObject> check_manifest(const fs::path& path, const std::map<std::string, Written>& files) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto json = parse_json(text, {.bytes_max = kManifestMax, .depth_max = 8});
  const auto* manifest = json ? json->if_object() : nullptr;
  const auto* format = manifest ? manifest->if_contains("format") : nullptr;
  const auto* listed = manifest ? manifest->if_contains("files") : nullptr;
  if (!format || *format != Json(kFormat) || !listed || !listed->is_object()) return not_a_backup("manifest.json");
  for (const auto& [name, said] : listed->get_object()) {
    const auto found = files.find(std::string(name));
    const Json is =
        found == files.end()
            ? Json(nullptr)
            : Json(JsonObject{{"size", std::int64_t(found->second.size)}, {"sha256", to_hex(found->second.sha256)}});
    if (is != said) return altered(std::string(name));
  }
  for (const auto& [name, unused] : files)
    if (!listed->get_object().contains(name)) return altered(name);
  return *manifest;
}

}  // namespace

Result<BackupSummary> back_up(Instance& instance, const fs::path& file, bool with_token,
                              const BackupProgress& progress) {
  HF_TRY(auto tar, TarWriter::create(file));
  BackupSummary summary{0, 0, instance.config().origin,
                        instance.database().engine() == db::Engine::sqlite ? "sqlite" : "postgresql", with_token};
  JsonObject files;
  const auto note = [&](const Written& written) {
    files[written.name] = JsonObject{{"size", std::int64_t(written.size)}, {"sha256", to_hex(written.sha256)}};
    summary.bytes += written.size;
    if (progress) progress(++summary.files);
    else ++summary.files;
  };
  const auto& data = instance.data();
  {
    // Beside the backup, where there must be room for it anyway.
    const Scratch copy{fs::path(file.string() + ".database")};
    HF_CHECK(db::copy_to_file(instance.database(), copy.path.string()));
    HF_TRY(const auto written, tar.add_file(database_name(instance.database().engine()), copy.path));
    note(written);
  }
  std::vector<fs::path> paths{data / kConfig};
  if (fs::exists(data / kVerifierKeyFile)) paths.push_back(data / kVerifierKeyFile);
  for (auto& path : files_below(data / "blobs")) paths.push_back(std::move(path));
  if (with_token)
    for (auto& path : files_below(data / "token")) paths.push_back(std::move(path));
  for (const auto& path : paths) {
    HF_TRY(const auto written, tar.add_file(fs::relative(path, data).generic_string(), path));
    note(written);
  }
  const JsonObject manifest{{"format", kFormat},        {"origin", summary.origin},
                            {"engine", summary.engine}, {"made_at", format_rfc3339(instance.clock().now())},
                            {"with_token", with_token}, {"files", std::move(files)}};
  HF_CHECK(tar.add_text(std::string(kManifest), to_pretty_text(manifest) + "\n"));
  HF_CHECK(tar.finish());
  return summary;
}

Result<BackupSummary> restore(const fs::path& file, const fs::path& data, std::string_view database,
                              const BackupProgress& progress) {
  std::error_code error;
  if (fs::exists(data) && !fs::is_empty(data, error))
    return fail(ErrorKind::conflict, "HF-BACKUP-0007",
                data.string() + " is not empty; a backup is restored only to where nothing is");
  fs::create_directories(data, error);
  fs::permissions(data, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
  const Scratch staging{data / ".restoring"};

  std::map<std::string, Written> files;
  HF_CHECK(for_each_file(file, [&](const std::string& name, const Piece& next) -> Result<void> {
    if (!is_safe(name)) return not_a_backup("a file named " + name);
    HF_TRY(auto written, extract(name, staging.path / name, next));
    files[name] = std::move(written);
    if (progress) progress(files.size());
    return {};
  }));
  if (files.erase(std::string(kManifest)) == 0) return not_a_backup("no manifest");
  HF_TRY(const auto manifest, check_manifest(staging.path / kManifest, files));

  HF_TRY(auto config, read_config(staging.path));
  if (!database.empty()) config.database = database;
  HF_TRY(const auto location, location_of(data, config));
  const auto dump = staging.path / database_name(location.engine);
  if (!fs::exists(dump))
    return fail(ErrorKind::invalid, "HF-BACKUP-0008",
                "the backup is of the other database engine; it cannot be restored into this one");
  HF_CHECK(db::fill_from_file(location, dump.string()));
  for (const auto* name : {"blobs", "token", kVerifierKeyFile})
    if (fs::exists(staging.path / name)) fs::rename(staging.path / name, data / name, error);
  if (error) return fail(ErrorKind::unavailable, "HF-BACKUP-0002", "cannot write " + data.string(), error.message());
  // What the signer used since the backup is not in its journal: it must not take requests of before (kRestoredMark of
  // keys/signer/custodian.h).
  if (const auto signer = data / "token" / "signer"; fs::exists(signer))
    HF_CHECK(crypto::write_private_file(signer / "restored", {}));
  // The configuration comes last: without it there is no installation.
  HF_CHECK(write_config(data, config));
  HF_CHECK(crypto::sync_directory(data));

  BackupSummary summary{files.size(), 0, config.origin, location.engine == db::Engine::sqlite ? "sqlite" : "postgresql",
                        fs::exists(data / "token")};
  for (const auto& [name, written] : files) summary.bytes += written.size;
  return summary;
}

}  // namespace hf::instance
