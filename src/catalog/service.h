// Use cases of the catalogue: create, show, list; the same for every kind of record.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "catalog/entity.h"

namespace hf::catalog {

struct Page {
  std::string after;  // the path before the page's first; empty for the first page
  std::int64_t limit = 100;
};

// A field that is missing, unknown or malformed.
struct FieldProblem {
  std::string where;    // for people: "placements[0].market"
  std::string pointer;  // RFC 6901: "/placements/0/market"
  std::string what;     // "takes two capital letters ..."
};
// All that is wrong with a record as it stands, without a look at the others.
[[nodiscard]] std::vector<FieldProblem> problems_of(const Entity& entity, const JsonObject& record);

// Creates a record from its JSON object. Within a transaction of the caller, so that an import is one.
// HF-CATALOG-0001 a field is missing, unknown or malformed (the message names all of them); HF-CATALOG-0002 a
// reference leads nowhere or out of the product; HF-CATALOG-0003 it exists already; HF-CATALOG-0004 breaks a rule.
Result<std::string> create(ledger::Transaction& transaction, const Entity& entity, const JsonObject& record);

// The record with its children, its "entry" (ledger id) and its "path". HF-CATALOG-0005 if there is none.
Result<JsonObject> show(const db::Reader& reader, const Entity& entity, std::string_view path);
// Records in the order of their paths, all or those below `parent`.
Result<std::vector<JsonObject>> list(const db::Reader& reader, const Entity& entity, std::string_view parent,
                                     const Page& page);
// The id behind a path. HF-CATALOG-0005.
Result<std::int64_t> resolve(const db::Reader& reader, const Entity& entity, std::string_view path);

}  // namespace hf::catalog
