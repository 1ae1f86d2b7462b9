// The contract that both drivers keep, and the rules of Database, on each engine.
#include "db/database.h"

#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "db/migrate.h"
#include "support/test_database.h"

namespace hf::db {
namespace {

const Query kInsert{"test.insert", "INSERT INTO thing (id, name, data, note) VALUES ($1, $2, $3, $4)"};
const Query kSelect{"test.select", "SELECT id, name, data, note FROM thing WHERE id >= $1 ORDER BY id"};
const Query kSwapped{"test.swapped", "SELECT CAST($2 AS BIGINT), CAST($1 AS TEXT)"};
const Query kCount{"test.count", "SELECT COUNT(*) FROM thing"};
const Query kSum{"test.sum", "SELECT CAST(SUM(id) AS BIGINT) FROM thing"};
const Query kUpdate{"test.update", "UPDATE thing SET name = $2 WHERE id >= $1"};

class Contract : public test::DatabaseTest {
 protected:
  Contract() {
    auto made = database_->write([](Writer& writer) {
      return writer.script(std::string("CREATE TABLE thing (id ") +
                           std::string(writer.engine() == Engine::sqlite ? "INTEGER" : "BIGINT") +
                           " NOT NULL PRIMARY KEY CHECK (id < 1000000), name TEXT NOT NULL UNIQUE, data " +
                           std::string(writer.engine() == Engine::sqlite ? "BLOB" : "BYTEA") + ", note TEXT)" +
                           (writer.engine() == Engine::sqlite ? " STRICT" : ""));
    });
    if (!made) throw std::runtime_error(made.error().detail);
  }
  Result<std::int64_t> insert(std::int64_t id, std::string name) {
    return database_->write(
        [&](Writer& writer) { return writer.execute(kInsert, id, name, std::nullopt, std::nullopt); });
  }
  std::int64_t count() {
    return database_->read([](const Reader& reader) { return reader.number(kCount); }).value();
  }
};
HF_BOTH_ENGINES(Contract);

TEST_P(Contract, ValuesComeBackAsTheyWentIn) {
  const Bytes bytes{0, 1, 0xff, '\\', 0};
  const std::string hostile = "'; DROP TABLE thing; -- \xf0\x9f\x94\x92 \\ \"";
  ASSERT_TRUE(
      database_->write([&](Writer& writer) { return writer.execute(kInsert, 7, hostile, bytes, std::nullopt); }));
  ASSERT_TRUE(database_->write([&](Writer& writer) { return writer.execute(kInsert, -1, "", Bytes{}, "x"); }));
  const auto rows = database_->read([](const Reader& reader) {
    return reader.select(
        kSelect,
        [](const Row& row) {
          return std::tuple(row.int64(0), row.string(1), Bytes(row.blob(2).begin(), row.blob(2).end()),
                            row.string_or_none(3));
        },
        -5);
  });
  ASSERT_TRUE(rows) << rows.error().detail;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0], std::tuple(-1, std::string(), Bytes{}, std::optional<std::string>("x")));
  EXPECT_EQ((*rows)[1], std::tuple(7, hostile, bytes, std::optional<std::string>()));
}

TEST_P(Contract, PlaceholdersAreBoundByNumber) {
  const auto found = database_->read([](const Reader& reader) {
    return reader.find(
        kSwapped, [](const Row& row) { return std::pair(row.int64(0), row.string(1)); }, "one", 2);
  });
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(**found, std::pair(std::int64_t{2}, std::string("one")));
}

TEST_P(Contract, ErrorsOfTheSchemaHaveTheirCodes) {
  ASSERT_TRUE(insert(1, "a"));
  EXPECT_EQ(insert(1, "b").error().code, "HF-DB-0002");
  EXPECT_EQ(insert(2, "a").error().code, "HF-DB-0002");
  EXPECT_EQ(insert(1000000, "c").error().code, "HF-DB-0004");
  EXPECT_TRUE(insert(3, "c")) << "the connection goes on after an error";
  EXPECT_EQ(count(), 2);
}

TEST_P(Contract, ManyRowsAreOneStatementAndFailWhole) {
  std::vector<std::string> names;
  for (int i = 0; i < 1500; ++i) names.push_back("n" + std::to_string(i));
  std::vector<Value> values;
  for (int i = 0; i < 1500; ++i) {
    values.insert(values.end(), {to_value(i), to_value(names[std::size_t(i)]), std::monostate{}, std::monostate{}});
  }
  ASSERT_TRUE(database_->write([&](Writer& writer) { return writer.execute_many(kInsert, values, 4); }));
  EXPECT_EQ(count(), 1500);
  EXPECT_EQ(database_->read([](const Reader& reader) { return reader.number(kSum); }).value(), 1500 * 1499 / 2);
  for (std::size_t i = 0; i < values.size(); i += 4) values[i] = std::get<std::int64_t>(values[i]) + 5000;
  EXPECT_EQ(database_->write([&](Writer& writer) { return writer.execute_many(kInsert, values, 4); }).error().code,
            "HF-DB-0002");
  EXPECT_EQ(count(), 1500);
}

TEST_P(Contract, ChangedRowsAreCountedAndReadersCannotWrite) {
  ASSERT_TRUE(insert(1, "a"));
  ASSERT_TRUE(insert(2, "b"));
  EXPECT_EQ(database_->write([](Writer& writer) { return writer.execute(kUpdate, 2, "z"); }).value(), 1);
  EXPECT_EQ(database_->write([](Writer& writer) { return writer.execute(kUpdate, 3, "y"); }).value(), 0);
  const auto refused = database_->read([](const Reader& reader) {
    return reader.each(
        kUpdate, [](const Row&) { return true; }, 1, "q");
  });
  EXPECT_FALSE(refused);
  EXPECT_EQ(count(), 2);
}

TEST_P(Contract, AFailedJobLeavesNoTraceAndItsIdsAreNotKept) {
  const auto failed = database_->write([](Writer& writer) -> Result<std::int64_t> {
    HF_TRY(const auto id, writer.next_id());
    HF_CHECK(writer.execute(kInsert, id, "a", std::nullopt, std::nullopt));
    return fail(ErrorKind::conflict, "HF-TEST", "no");
  });
  EXPECT_EQ(failed.error().code, "HF-TEST");
  EXPECT_EQ(count(), 0);
  const auto first = database_->write([](Writer& writer) { return writer.next_id(); });
  const auto second = database_->write([](Writer& writer) { return writer.next_id(); });
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
}

TEST_P(Contract, WhoeverAskedIsToldOfWhatWasCommittedAndOfNothingElse) {
  int told = 0;
  database_->on_commit([&] { ++told; });
  ASSERT_TRUE(insert(1, "a"));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(insert(1, "again")) << "undone";
  EXPECT_EQ(told, 1);
  database_->on_commit({});
  ASSERT_TRUE(insert(2, "b"));
  EXPECT_EQ(told, 1);
}

TEST_P(Contract, ConcurrentWritersShareCommitsAndLoseNothing) {
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const int id = t * 100 + i;
        const auto done =
            insert(id, "n" + std::to_string(i % 10 == 9 ? 0 : id));  // every tenth name is taken, or will be
        if (!done) ++failures;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count() + failures, 400);
  EXPECT_GE(failures, 39);
}

TEST_P(Contract, AReaderSeesOneSnapshot) {
  ASSERT_TRUE(insert(1, "a"));
  const auto seen = database_->read([&](const Reader& reader) -> Result<std::pair<std::int64_t, std::int64_t>> {
    HF_TRY(const auto before, reader.number(kCount));
    HF_CHECK(insert(2, "b"));
    HF_TRY(const auto after, reader.number(kCount));
    return std::pair(before, after);
  });
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, std::pair(std::int64_t{1}, std::int64_t{1}));
  EXPECT_EQ(count(), 2);
}

TEST_P(Contract, ConnectionsThatBrokeWhileIdleAreReplacedUnseen) {
  if (GetParam() != Engine::postgresql) return;  // a file does not hang up
  ASSERT_TRUE(insert(1, "before"));
  static const Query kHangUp{"test.hang_up",
                             "SELECT COUNT(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE "
                             "application_name = 'hf_gone' AND pid <> pg_backend_pid()"};
  auto gone = where_.location();
  gone.target += " application_name=hf_gone";
  const auto database = Database::open_unchecked(gone).value();
  const auto read = [&] { return database->read([](const Reader& reader) { return reader.number(kCount); }); };
  ASSERT_TRUE(database->read([&](const Reader&) { return read(); })) << "two readers at once";
  EXPECT_EQ(database_->read([](const Reader& reader) { return reader.number(kHangUp); }).value(), 3)
      << "they and the writer";
  EXPECT_EQ(read().value(), 1);
  const auto wrote =
      database->write([](Writer& writer) { return writer.execute(kInsert, 2, "after", std::nullopt, std::nullopt); });
  EXPECT_TRUE(wrote) << wrote.error().detail;
  EXPECT_EQ(read().value(), 2);
}

TEST_P(Contract, MigrationsApplyOnceAndAChangedTextIsRefused) {
  EXPECT_TRUE(migrate(*database_, Time{}).value().empty());
  EXPECT_TRUE(Database::open(where_.location()));
  ASSERT_TRUE(database_->write([](Writer& writer) {
    return writer.script("UPDATE schema_migration SET sha256 = 'other' WHERE name LIKE '0001%'");
  }));
  EXPECT_EQ(migrate(*database_, Time{}).error().code, "HF-DB-0009");
  EXPECT_EQ(Database::open(where_.location()).error().code, "HF-DB-0009");
}

TEST(Postgresql, ADatabaseThatDoesNotSortByBytesIsRefused) {
  const char* server = std::getenv("HF_TEST_POSTGRESQL");
  ASSERT_TRUE(server) << "run under tests/support/with_postgres";
  const auto connection = open_postgresql(server, Access::write).value();
  const auto name = "hf_text_" + std::to_string(getpid());
  for (const auto& [rules, code] :
       {std::pair("ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'", "HF-DB-0013"),
        std::pair("ENCODING 'SQL_ASCII' LOCALE 'C'", "HF-DB-0013"), std::pair("ENCODING 'UTF8' LOCALE 'C'", "")}) {
    ASSERT_TRUE(connection->script("CREATE DATABASE " + name + " TEMPLATE template0 " + rules)) << rules;
    {
      const auto opened = Database::open_unchecked({Engine::postgresql, std::string(server) + " dbname=" + name});
      EXPECT_EQ(opened ? std::string() : std::string(opened.error().code), code) << rules;
    }
    ASSERT_TRUE(connection->script("DROP DATABASE " + name + " WITH (FORCE)"));
  }
}

TEST(Location, NamesAnEngine) {
  EXPECT_EQ(Location::parse("sqlite:/x/y.db")->target, "/x/y.db");
  EXPECT_EQ(Location::parse("postgresql://db/holdfast")->engine, Engine::postgresql);
  EXPECT_EQ(Location::parse("mysql:x").error().code, "HF-DB-0007");
}

}  // namespace
}  // namespace hf::db
