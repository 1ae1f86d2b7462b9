// One installation: its data directory, opened.
//
//   <data>/holdfast.json   {"origin": "...", "database": "..."}: who this log is, and where the rows are
//   <data>/holdfast.db     the rows, unless the database is a PostgreSQL
//   <data>/blobs/          content-addressed bytes
//   <data>/token/          the soft token with the ledger key (crypto/token_setup.h)
//   <data>/ledger.vkey     the log's public key, for those who verify it without the token
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "blob/store.h"
#include "cli/command.h"
#include "crypto/key_store.h"
#include "crypto/token_setup.h"
#include "db/database.h"
#include "ledger/log.h"

namespace hf::instance {

struct Config {
  std::string origin;    // of the ledger's checkpoints, for ever: "example.eu/holdfast"
  std::string database;  // as db::Location reads it; a relative SQLite path starts at the data directory
};

class Instance {
 public:
  // Makes what is missing: directory, configuration, token with ledger key, database with all migrations. An existing
  // configuration is kept and `wanted` must not contradict it: HF-INSTANCE-0003. Empty fields of `wanted` say nothing.
  static Result<std::unique_ptr<Instance>> create(const std::filesystem::path& data, const Config& wanted = {});
  // Opens what create() made. HF-INSTANCE-0001 if there is none, HF-INSTANCE-0002 bad holdfast.json, HF-DB-0008 for a
  // database that has to be migrated first.
  static Result<std::unique_ptr<Instance>> open(const std::filesystem::path& data);
  // The same, but without any use of the keys: for reads, which need no token.
  static Result<std::unique_ptr<Instance>> open_to_read(const std::filesystem::path& data);

  [[nodiscard]] const std::filesystem::path& data() const { return data_; }
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] db::Database& database() { return *database_; }
  [[nodiscard]] blob::Store& blobs() { return blobs_; }
  // Not after open_to_read().
  [[nodiscard]] crypto::KeyStore& keys() { return *keys_; }
  [[nodiscard]] ledger::Log& log() { return *log_; }
  [[nodiscard]] const crypto::TokenConfig& token() const { return token_; }

 private:
  Instance(std::filesystem::path data, Config config)
      : data_(std::move(data)), config_(std::move(config)), blobs_((data_ / "blobs").string()) {}
  Result<void> open_keys();

  std::filesystem::path data_;
  Config config_;
  SystemClock clock_;
  blob::FileStore blobs_;
  std::unique_ptr<db::Database> database_;
  crypto::TokenConfig token_;
  std::unique_ptr<crypto::KeyStore> keys_;
  std::unique_ptr<ledger::Log> log_;
};

inline constexpr const char* kVerifierKeyFile = "ledger.vkey";
// Nothing if it was not written yet or is not a key.
[[nodiscard]] std::optional<ledger::VerifierKey> recorded_verifier_key(const std::filesystem::path& data);

[[nodiscard]] Result<Config> read_config(const std::filesystem::path& data);
// Keeps what is there. HF-INSTANCE-0004.
Result<void> write_config(const std::filesystem::path& data, const Config& config);
[[nodiscard]] Result<db::Location> location_of(const std::filesystem::path& data, const Config& config);

// --data DIR of every command that works on an installation.
inline constexpr cli::Option kDataOption{
    "data", "DIR", "Data directory of the installation (default: $HOLDFAST_DATA, else ./holdfast-data)"};
[[nodiscard]] std::filesystem::path data_of(const cli::Args& args);
// Who acts through the command line: "cli:LOGIN".
[[nodiscard]] ledger::Actor cli_actor();

}  // namespace hf::instance
