// Migrations: numbered, forward only, each applied once in its own transaction, with the SHA-256 of its text kept in
// the database. A text that changed after it was applied is an error, never a silent difference.
//
// Text: {blob} and {strict} stand for the engine's words; lines between "-- @sqlite" or "-- @postgresql" and "-- @end"
// are for that engine alone.
#pragma once

#include <string>
#include <vector>

#include "db/session.h"

namespace hf::db {

class Database;

struct Migration {
  std::string name;  // "0001_base"
  std::string text;
};

[[nodiscard]] std::vector<Migration> embedded_migrations();
[[nodiscard]] std::string for_engine(const Migration& migration, Engine engine);

// HF-DB-0009: a migration that was applied has another text than the embedded one, or is unknown to this binary.
Result<std::vector<Migration>> pending_migrations(const Reader& reader);
// Applies them in order; the names applied.
Result<std::vector<std::string>> migrate(Database& database, Time now);

}  // namespace hf::db
