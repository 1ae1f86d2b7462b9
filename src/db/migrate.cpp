#include "db/migrate.h"

#include "crypto/sha256.h"
#include "db/database.h"

namespace hf::db {
namespace {

const Query kHasMigrationTableSqlite{
    "db.has_migration_table.sqlite",
    "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'"};
const Query kHasMigrationTablePostgresql{
    "db.has_migration_table.postgresql",
    "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_migration'"};
const Query kApplied{"db.applied_migrations", "SELECT name, sha256 FROM schema_migration ORDER BY name"};
const Query kRecord{"db.record_migration",
                    "INSERT INTO schema_migration (name, sha256, applied_at) VALUES ($1, $2, $3)"};

constexpr std::string_view kMigrationTable =
    "CREATE TABLE IF NOT EXISTS schema_migration (name TEXT NOT NULL PRIMARY KEY, sha256 TEXT NOT NULL, applied_at "
    "BIGINT NOT NULL)";

std::string checksum(const Migration& migration) { return to_hex(crypto::sha256({bytes_of(migration.text)})); }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

std::string for_engine(const Migration& migration, Engine engine) {
  std::string sql;
  bool mine = true;
  for (const auto line : split(migration.text, '\n')) {
    if (line == "-- @sqlite") mine = engine == Engine::sqlite;
    else if (line == "-- @postgresql") mine = engine == Engine::postgresql;
    else if (line == "-- @end") mine = true;
    else if (mine) sql.append(line).append("\n");
  }
  replace_all(sql, "{blob}", engine == Engine::sqlite ? "BLOB" : "BYTEA");
  // SQLite's strict tables know one integer type, of 64 bits.
  if (engine == Engine::sqlite) replace_all(sql, "BIGINT", "INTEGER");
  // STRICT: SQLite then refuses text in an integer column as PostgreSQL does.
  replace_all(sql, "{strict}", engine == Engine::sqlite ? "STRICT" : "");
  replace_all(sql, "{strict_clustered}", engine == Engine::sqlite ? "STRICT, WITHOUT ROWID" : "");
  return sql;
}

Result<std::vector<Migration>> pending_migrations(const Reader& reader) {
  const auto& has_table = reader.engine() == Engine::sqlite ? kHasMigrationTableSqlite : kHasMigrationTablePostgresql;
  HF_TRY(const auto tables, reader.number(has_table));
  std::vector<std::pair<std::string, std::string>> applied;
  if (tables > 0) {
    HF_TRY(applied, reader.select(kApplied, [](const Row& row) { return std::pair(row.string(0), row.string(1)); }));
  }
  auto migrations = embedded_migrations();
  if (applied.size() > migrations.size())
    return fail(ErrorKind::conflict, "HF-DB-0009", "the database was made by a newer holdfast; install that version",
                applied.back().first);
  for (std::size_t i = 0; i < applied.size(); ++i)
    if (applied[i] != std::pair(migrations[i].name, checksum(migrations[i])))
      return fail(ErrorKind::conflict, "HF-DB-0009", "the database was made by another line of holdfast releases",
                  applied[i].first);
  migrations.erase(migrations.begin(), migrations.begin() + std::ptrdiff_t(applied.size()));
  return migrations;
}

Result<std::vector<std::string>> migrate(Database& database, Time now) {
  HF_CHECK(database.write([](Writer& writer) { return writer.script(kMigrationTable); }));
  std::vector<std::string> names;
  for (;;) {
    // Asked under the write lock: of two processes that start at once, the second finds nothing to do.
    HF_TRY(const auto applied, database.write([&](Writer& writer) -> Result<std::string> {
      HF_TRY(const auto pending, pending_migrations(writer));
      if (pending.empty()) return std::string();
      const auto& next = pending.front();
      HF_CHECK(writer.script(for_engine(next, database.engine())));
      HF_CHECK(writer.execute(kRecord, next.name, checksum(next), now));
      return next.name;
    }));
    if (applied.empty()) return names;
    names.push_back(applied);
  }
}

}  // namespace hf::db
