// One consistent copy of a database in a file, while writers go on; and back into an empty database.
#pragma once

#include <string>

#include "db/database.h"

namespace hf::db {

// SQLite: a database file, by the online backup interface. PostgreSQL: pg_dump's custom format, of the schema in use.
// The file must not exist. HF-DB-0010 the copy failed, HF-DB-0011 pg_dump is not installed.
Result<void> copy_to_file(Database& database, const std::string& file);
// Fills an empty database: a path where nothing is, or a PostgreSQL database without a schema_migration table.
// HF-DB-0012 it is not empty, HF-DB-0010, HF-DB-0011.
Result<void> fill_from_file(const Location& location, const std::string& file);

// What the engine itself finds wrong: pages, indexes, references. Empty when all is well. PostgreSQL keeps its
// references by itself and has no check of pages that needs no extension; there the answer is always empty.
Result<std::vector<std::string>> engine_findings(const Location& location);

}  // namespace hf::db
