#include "support/test_database.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "db/migrate.h"

namespace hf::test {
namespace {

std::string server() {
  const char* conninfo = std::getenv("HF_TEST_POSTGRESQL");
  if (!conninfo)
    throw std::runtime_error("run the tests under tests/support/with_postgres: both engines are always tested");
  return conninfo;
}

void on_server(const std::string& sql) {
  auto connection = db::open_postgresql(server(), db::Access::write);
  if (!connection) throw std::runtime_error(connection.error().detail);
  if (auto done = (*connection)->script(sql); !done) throw std::runtime_error(done.error().detail);
}

std::atomic<int> schemas{0};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "hf-test.XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary directory");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestLocation::TestLocation(db::Engine engine) {
  if (engine == db::Engine::sqlite) {
    location_ = {engine, directory_.file("holdfast.db")};
  } else {
    schema_ = "t_" + std::to_string(getpid()) + "_" + std::to_string(schemas++);
    on_server("CREATE SCHEMA " + schema_);
    location_ = {engine, server() + " options='-c search_path=" + schema_ + " -c client_min_messages=warning'"};
  }
}

TestLocation::~TestLocation() {
  if (!schema_.empty()) on_server("SET client_min_messages = warning; DROP SCHEMA " + schema_ + " CASCADE");
}

DatabaseTest::DatabaseTest() : where_(GetParam()) {
  auto opened = db::Database::open_unchecked(where_.location());
  if (!opened) throw std::runtime_error(opened.error().detail);
  database_ = std::move(*opened);
  if (auto done = db::migrate(*database_, Time{}); !done) throw std::runtime_error(done.error().detail);
}

}  // namespace hf::test
