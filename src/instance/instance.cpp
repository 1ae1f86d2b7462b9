#include "instance/instance.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/json.h"
#include "crypto/random.h"
#include "crypto/token_setup.h"
#include "db/migrate.h"

namespace hf::instance {
namespace fs = std::filesystem;
namespace {

const crypto::KeySpec kKeys[] = {{std::string(crypto::kLedgerKey), crypto::KeyAlgorithm::ed25519}};

fs::path config_path(const fs::path& data) { return data / "holdfast.json"; }

auto file_failed(const fs::path& path, std::string what) {
  return fail(ErrorKind::unavailable, "HF-INSTANCE-0004", "cannot write " + path.string() + ": " + what);
}

// Linked into place: of two first starts at once, both then read the one that came first.
Result<void> write_once(const fs::path& path, const std::string& text) {
  const auto draft = fs::path(path.string() + ".new." + std::to_string(getpid()));
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return file_failed(draft, std::generic_category().message(errno));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) return file_failed(draft, std::generic_category().message(error));
  std::error_code linked, ignored;
  fs::create_hard_link(draft, path, linked);
  fs::remove(draft, ignored);
  if (linked && linked != std::errc::file_exists) return file_failed(path, linked.message());
  return {};
}

}  // namespace

Result<void> write_config(const fs::path& data, const Config& config) {
  return write_once(config_path(data),
                    to_pretty_text(JsonObject{{"origin", config.origin}, {"database", config.database}}) + "\n");
}

std::optional<ledger::VerifierKey> recorded_verifier_key(const fs::path& data) {
  std::ifstream file(data / kVerifierKeyFile, std::ios::binary);
  std::string text;
  std::getline(file, text);
  auto key = ledger::VerifierKey::parse(text);
  if (!key) return std::nullopt;
  return *std::move(key);
}

Result<Config> read_config(const fs::path& data) {
  std::ifstream file(config_path(data), std::ios::binary);
  if (!file)
    return fail(
        ErrorKind::not_found, "HF-INSTANCE-0001",
        "there is no installation in " + data.string() + "; make one with: holdfast init --data " + data.string());
  std::ostringstream text;
  text << file.rdbuf();
  const auto json = parse_json(std::move(text).str());
  const auto bad = [&](std::string why) {
    return fail(ErrorKind::invalid, "HF-INSTANCE-0002", config_path(data).string() + " " + std::move(why));
  };
  if (!json) return bad("is not JSON: " + json.error().message);
  const auto* object = json->if_object();
  const auto text_of_member = [&](std::string_view name) -> std::string {
    const auto* member = object ? object->if_contains(name) : nullptr;
    return member && member->is_string() ? std::string(std::string_view(member->get_string())) : std::string();
  };
  Config config{text_of_member("origin"), text_of_member("database")};
  if (config.origin.empty() || config.database.empty()) return bad("must be {\"origin\": TEXT, \"database\": TEXT}");
  return config;
}

Result<db::Location> location_of(const fs::path& data, const Config& config) {
  HF_TRY(auto location, db::Location::parse(config.database));
  if (location.engine == db::Engine::sqlite && fs::path(location.target).is_relative())
    location.target = (data / location.target).string();
  return location;
}

Result<std::unique_ptr<Instance>> Instance::create(const fs::path& data, const Config& wanted) {
  std::error_code failed;
  fs::create_directories(data, failed);
  if (failed) return file_failed(data, failed.message());
  fs::permissions(data, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, failed);
  if (!fs::exists(config_path(data))) {
    auto config = wanted;
    // An origin must never be used by two logs; where the operator names none, a random one is the safe default.
    if (config.origin.empty()) config.origin = "holdfast.invalid/" + to_hex(crypto::random_bytes(8));
    if (config.database.empty()) config.database = "sqlite:holdfast.db";
    HF_CHECK(write_config(data, config));
  }
  HF_TRY(auto config, read_config(data));
  const auto contradicts = [](const std::string& asked, const std::string& is) {
    return !asked.empty() && asked != is;
  };
  if (contradicts(wanted.origin, config.origin) || contradicts(wanted.database, config.database))
    return fail(ErrorKind::conflict, "HF-INSTANCE-0003",
                "this installation has origin " + config.origin + " and database " + config.database +
                    "; they cannot be changed here");
  auto instance = std::unique_ptr<Instance>(new Instance(fs::absolute(data), std::move(config)));
  HF_TRY(const auto location, location_of(instance->data_, instance->config_));
  HF_TRY(auto database, db::Database::open_unchecked(location));
  HF_CHECK(db::migrate(*database, instance->clock_.now()));
  HF_TRY(instance->database_, db::Database::open(location));
  HF_CHECK(instance->open_keys());
  return instance;
}

Result<std::unique_ptr<Instance>> Instance::open_to_read(const fs::path& data) {
  HF_TRY(auto config, read_config(data));
  auto instance = std::unique_ptr<Instance>(new Instance(fs::absolute(data), std::move(config)));
  HF_TRY(const auto location, location_of(instance->data_, instance->config_));
  HF_TRY(instance->database_, db::Database::open(location));
  return instance;
}

Result<std::unique_ptr<Instance>> Instance::open(const fs::path& data) {
  HF_TRY(auto instance, open_to_read(data));
  HF_CHECK(instance->open_keys());
  return instance;
}

Result<void> Instance::open_keys() {
  HF_TRY(token_, crypto::set_up_soft_token(data_, kKeys));
  HF_TRY(keys_, crypto::open_key_store(token_, kKeys));
  log_ = std::make_unique<ledger::Log>(*database_, clock_, *keys_, config_.origin, std::string(crypto::kLedgerKey));
  if (fs::exists(data_ / kVerifierKeyFile)) return {};
  HF_TRY(const auto key, log_->verifier_key());
  return write_once(data_ / kVerifierKeyFile, key.to_text() + "\n");
}

std::filesystem::path data_of(const cli::Args& args) {
  if (const auto given = args.option("data")) return std::string(*given);
  if (const char* named = std::getenv("HOLDFAST_DATA"); named && *named) return named;
  return "holdfast-data";
}

ledger::Actor cli_actor() {
  const auto* user = getpwuid(geteuid());
  return {"cli:" + (user ? std::string(user->pw_name) : std::to_string(geteuid())), "operator"};
}

}  // namespace hf::instance
