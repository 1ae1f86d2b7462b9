// Entries as people and programs read them: lists, and the log as it grows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ledger/store.h"

namespace hf::ledger {

// {"id": TEXT, "index": N | null, "state": "waiting" | "integrated" | "published", "kind", "recorded_at", "body":
// {...}} `published` is the size of the newest checkpoint.
[[nodiscard]] JsonObject entry_json(const Entry& entry, std::uint64_t published);

struct Listing {
  std::vector<Entry> entries;
  std::uint64_t published = 0;  // size of the newest checkpoint in the same snapshot
};
// Newest first, ids below `before`; of one subject unless it is empty.
[[nodiscard]] Result<Listing> list_entries(db::Database& database, std::string_view subject, std::int64_t before,
                                           std::int64_t limit);

// The last `last` sequenced entries, oldest first, then each further one as it is sequenced: no entry twice, none left
// out. Whenever there is nothing more, `wait` is asked, and ends the following with false; so does `show`.
Result<void> follow_entries(db::Database& database, std::string_view subject, std::int64_t last,
                            const std::function<bool(const Listing&)>& show, const std::function<bool()>& wait);

}  // namespace hf::ledger
