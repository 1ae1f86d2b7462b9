// A named query: one SQL text for SQLite and PostgreSQL, $1..$n as placeholders. Each registers itself, so that one
// test sees every plan and every text of the product.
#pragma once

#include <string_view>
#include <vector>

namespace hf::db {

class Query {
 public:
  Query(std::string_view name, std::string_view sql);
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view sql() const { return sql_; }

  // Every query of the program, sorted by name.
  static std::vector<const Query*> all();

 private:
  std::string_view name_, sql_;
  const Query* next_;
};

}  // namespace hf::db
