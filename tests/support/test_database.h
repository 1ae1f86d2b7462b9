// A fresh database on each engine for tests, removed afterwards.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "db/database.h"

namespace hf::test {

// An empty directory of the test's own.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

// Where a fresh database of that engine can be made: a file, or a schema of the private server of with_postgres.
class TestLocation {
 public:
  explicit TestLocation(db::Engine engine);
  ~TestLocation();
  TestLocation(const TestLocation&) = delete;
  TestLocation& operator=(const TestLocation&) = delete;
  [[nodiscard]] const db::Location& location() const { return location_; }

 private:
  TemporaryDirectory directory_;
  std::string schema_;
  db::Location location_;
};

// Every test of a store runs once on each engine.
class DatabaseTest : public testing::TestWithParam<db::Engine> {
 protected:
  DatabaseTest();
  TestLocation where_;
  std::unique_ptr<db::Database> database_;  // migrated
};

inline std::string engine_name(const testing::TestParamInfo<db::Engine>& info) {
  return info.param == db::Engine::sqlite ? "sqlite" : "postgresql";
}

}  // namespace hf::test

#define HF_BOTH_ENGINES(Suite)                                                                                 \
  INSTANTIATE_TEST_SUITE_P(Engine, Suite, testing::Values(hf::db::Engine::sqlite, hf::db::Engine::postgresql), \
                           hf::test::engine_name)
