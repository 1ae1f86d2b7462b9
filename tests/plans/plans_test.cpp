// The plan of every named query on both engines: as written down, and without a walk through a table that grows.
//
//   tests/data/plans/<engine>/<query>.txt   the plan; HF_UPDATE_PLANS=1 writes all of them anew
//   tests/data/plans/small.txt              tables that stay small, with the reason; every other one grows
//   tests/data/plans/exempt.txt             queries that may walk through a growing table, with the reason
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "catalog/entity.h"
#include "db/migrate.h"
#include "db/query.h"
#include "support/test_database.h"

namespace hf {
namespace {
namespace fs = std::filesystem;

const fs::path kFolder = fs::path(HF_TEST_DATA) / "plans";
const db::Query kTablesSqlite{"test.plans.tables.sqlite", "SELECT name FROM sqlite_master WHERE type = 'table'"};
const db::Query kTablesPostgresql{
    "test.plans.tables.postgresql",
    "SELECT CAST(tablename AS TEXT) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"};

// The first column of each index: a condition on any other column reads the whole index.
const db::Query kIndexesPostgresql{"test.plans.indexes.postgresql", R"sql(
    SELECT CAST(c.relname AS TEXT), CAST(a.attname AS TEXT)
      FROM pg_catalog.pg_index AS i
      JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = 1
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema())sql"};

// "name  reason" lines.
std::map<std::string, std::string> read_list(const fs::path& path) {
  std::map<std::string, std::string> list;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto end = line.find(' ');
    list[line.substr(0, end)] = end == std::string::npos ? "" : std::string(trim(std::string_view(line).substr(end)));
  }
  return list;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool runs_on(const db::Query& query, db::Engine engine) {
  const auto name = query.name();
  if (name.starts_with("test.")) return false;
  if (name.ends_with(".sqlite")) return engine == db::Engine::sqlite;
  if (name.ends_with(".postgresql")) return engine == db::Engine::postgresql;
  return true;
}

// INSERT ... VALUES has no plan to speak of. That of a query about the engine's own catalogue moves with the tables
// that other tests of the same server make.
bool has_plan(const db::Query& query) {
  const std::string sql(query.sql());
  if (sql.find("FROM pg_catalog.") != sql.npos) return false;
  return !std::regex_search(sql, std::regex(R"(^\s*INSERT\b)")) || sql.find("SELECT") != std::string::npos;
}

// The tables that a name in the plan can stand for: SQLite shows the alias alone.
std::set<std::string> tables_named(const std::string& name, const std::string& sql,
                                   const std::set<std::string>& tables) {
  std::set<std::string> named;
  if (tables.contains(name)) named.insert(name);
  static const std::regex alias(R"((?:FROM|JOIN|,|INTO|UPDATE)\s+(\w+)\s+(?:AS\s+)?(\w+))", std::regex::icase);
  for (std::sregex_iterator it(sql.begin(), sql.end(), alias), end; it != end; ++it)
    if ((*it)[2] == name && tables.contains((*it)[1])) named.insert((*it)[1]);
  return named;
}

struct Schema {
  std::set<std::string> tables;
  std::map<std::string, std::string> first_columns;  // of indexes; PostgreSQL only
};

// Tables of which the plan reads every row, or every entry of an index.
std::set<std::string> walked(const std::vector<std::string>& plan, const std::string& sql, db::Engine engine,
                             const Schema& schema) {
  std::set<std::string> found;
  std::string heap_table;
  std::smatch match;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (engine == db::Engine::sqlite) {
      static const std::regex scan(R"(^SCAN (\w+))");
      if (std::regex_search(plan[i], match, scan)) found.merge(tables_named(match[1], sql, schema.tables));
      continue;
    }
    static const std::regex sequential(R"(Seq Scan on (\w+))"),
        index(R"(Index (?:Only )?Scan (?:Backward )?using (\w+) on (\w+))"), bitmap(R"(Bitmap Index Scan on (\w+))"),
        heap(R"(Bitmap Heap Scan on (\w+))");
    const auto bounded = [&](const std::string& name) {
      if (i + 1 == plan.size() || plan[i + 1].find("Index Cond:") == std::string::npos) return false;
      const auto first = schema.first_columns.find(name);
      return first != schema.first_columns.end() &&
             std::regex_search(plan[i + 1], std::regex("\\b" + first->second + "\\b"));
    };
    if (std::regex_search(plan[i], match, sequential)) found.insert(match[1]);
    if (std::regex_search(plan[i], match, index) && !bounded(match[1])) found.insert(match[2]);
    if (std::regex_search(plan[i], match, heap)) heap_table = match[1];  // its index scans follow
    if (std::regex_search(plan[i], match, bitmap) && !bounded(match[1])) found.insert(heap_table);
  }
  return found;
}

// "fleet.*" covers every query of the fleet.
bool covers(const std::string& pattern, const std::string& name) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == name;
}

class Plans : public testing::TestWithParam<db::Engine> {};
HF_BOTH_ENGINES(Plans);

TEST_P(Plans, AreAsWrittenDownAndWalkThroughNoTableThatGrows) {
  (void)catalog::entities();  // whose queries are made at first use
  const bool update = std::getenv("HF_UPDATE_PLANS") != nullptr;
  const auto small = read_list(kFolder / "small.txt"), exempt = read_list(kFolder / "exempt.txt");
  const auto folder = kFolder / (GetParam() == db::Engine::sqlite ? "sqlite" : "postgresql");
  if (update) fs::remove_all(folder), fs::create_directories(folder);

  const test::TestLocation where(GetParam());
  auto database = db::Database::open_unchecked(where.location()).value();
  ASSERT_TRUE(db::migrate(*database, Time{}));
  const auto listed = database->read([&](const db::Reader& reader) {
    return reader.select(GetParam() == db::Engine::sqlite ? kTablesSqlite : kTablesPostgresql,
                         [](const db::Row& row) { return row.string(0); });
  });
  Schema schema{{listed->begin(), listed->end()}, {}};
  if (GetParam() == db::Engine::postgresql) {
    ASSERT_TRUE(database->read([&](const db::Reader& reader) {
      return reader.each(kIndexesPostgresql,
                         [&](const db::Row& row) { return schema.first_columns[row.string(0)] = row.string(1), true; });
    }));
  }
  for (const auto& [name, reason] : small)
    EXPECT_TRUE(schema.tables.contains(name)) << "small.txt names " << name << ", which is no table";

  auto driver = GetParam() == db::Engine::sqlite ? db::open_sqlite(where.location().target, db::Access::write)
                                                 : db::open_postgresql(where.location().target, db::Access::write);
  ASSERT_TRUE(driver);
  std::set<std::string> names, needed;
  for (const auto* query : db::Query::all()) {
    const std::string name(query->name()), sql(query->sql());
    if (!runs_on(*query, GetParam())) continue;
    EXPECT_TRUE(names.insert(name).second) << "two queries are named " << name;
    if (!has_plan(*query)) continue;
    const auto plan = (*driver)->plan(*query);
    if (!plan) {
      ADD_FAILURE() << name << ": " << plan.error().detail;
      continue;
    }
    std::string text;
    for (const auto& line : *plan) text += line + "\n";
    const auto file = folder / (name + ".txt");
    if (update) std::ofstream(file, std::ios::binary) << text;
    else
      EXPECT_EQ(read_file(file), text)
          << name << ": another plan than written down; look at it, then run with HF_UPDATE_PLANS=1";

    for (const auto& table : walked(*plan, sql, GetParam(), schema)) {
      if (small.contains(table) || !schema.tables.contains(table)) continue;  // or a table of the server's own
      const auto why =
          std::find_if(exempt.begin(), exempt.end(), [&](const auto& item) { return covers(item.first, name); });
      if (why != exempt.end()) needed.insert(why->first);
      else ADD_FAILURE() << name << " walks through all of " << table << ":\n" << text;
    }
  }
  EXPECT_GT(names.size(), 50U) << "the linker left the queries out";
  for (const auto& item : fs::directory_iterator(folder))
    EXPECT_TRUE(names.contains(item.path().stem().string()))
        << item.path() << " is the plan of no query; run with HF_UPDATE_PLANS=1";
  for (const auto& [name, reason] : exempt) {
    EXPECT_FALSE(reason.empty()) << name << " is exempt without a reason";
  }
  // Of both engines together an exemption must be needed; SQLite shows a walk along a primary key, PostgreSQL all
  // others.
  for (const auto& [name, reason] : exempt) {
    const bool expected = GetParam() == db::Engine::sqlite && !reason.starts_with("(PostgreSQL)");
    EXPECT_TRUE(!expected || needed.contains(name)) << "exempt.txt: " << name << " needs no exemption any more";
  }
}

}  // namespace
}  // namespace hf
