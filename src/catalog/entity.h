// The description of a catalogue record, as data. Parsing, storage, REST, CLI and OpenAPI are made from it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "db/query.h"
#include "ledger/transaction.h"

namespace hf::catalog {

class Entity;

enum class FieldType {
  name,       // a path segment: letters, digits, . _ + ~ -; at most 64
  text,       // UTF-8 without control characters, at most 4096 bytes
  integer,    // 0 to 2^53 - 1
  time,       // RFC 3339 date or date-time
  choice,     // one of `choices`
  country,    // ISO 3166-1 alpha-2
  sha256,     // 64 hex digits
  reference,  // the path of a `target` record
};

struct Field {
  std::string_view name;  // in JSON, on the command line and as column (references: column `<name>_id`)
  FieldType type;
  bool required;
  std::string_view help;
  std::vector<std::string_view> choices{};
  std::string_view target{};  // entity name, for references
};

// Rows that belong to a record: a build's artifacts, a release's builds, a batch's placements.
struct Children {
  std::string_view name;   // "artifacts"
  std::string_view table;  // "build_artifact"
  std::vector<Field> fields;
};

struct EntitySpec {
  std::string_view name;    // "product"
  std::string_view plural;  // "products": the collection's URL
  std::string_view table;
  std::string_view noun;    // "a product"
  std::string_view parent;  // the reference field whose path comes first in this one's; empty for a root
  std::string_view key;     // the field that ends the path: "code", "version"
  std::string_view help;
  std::vector<Field> fields;
  std::vector<Children> children{};
};

// A spec with the statements made from it, once, at start.
class Entity {
 public:
  explicit Entity(EntitySpec spec);
  Entity(const Entity&) = delete;
  Entity& operator=(const Entity&) = delete;

  [[nodiscard]] const EntitySpec& spec() const { return spec_; }

  struct ChildStatements {
    const Children* children;
    std::unique_ptr<db::Query> insert, select;
    std::unique_ptr<ledger::ProvenTable> proven;
  };
  std::unique_ptr<db::Query> insert, find, list, resolve;
  std::unique_ptr<ledger::ProvenTable> proven;
  std::vector<ChildStatements> children;

 private:
  const std::string& keep(std::string text);

  EntitySpec spec_;
  std::vector<std::unique_ptr<std::string>> texts_;  // the statements' names and SQL
};

// In dependency order: a reference's target comes before it.
[[nodiscard]] const std::vector<const Entity*>& entities();
[[nodiscard]] const Entity* find_entity(std::string_view name);

}  // namespace hf::catalog
