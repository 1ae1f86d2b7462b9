// A statement that answers a row for each place where rows contradict each other: counters and what they count,
// sums and their parts. Domains declare theirs beside their other SQL; `holdfast db check` runs them all.
#pragma once

#include <string_view>
#include <vector>

#include "db/query.h"

namespace hf::db {

class Check {
 public:
  // `sql` answers one text a contradiction: what is wrong, and where.
  Check(std::string_view name, std::string_view sql);
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;
  [[nodiscard]] const Query& query() const { return query_; }
  static std::vector<const Check*> all();  // sorted by name

 private:
  Query query_;
};

}  // namespace hf::db
