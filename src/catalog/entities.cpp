#include "catalog/entity.h"

namespace hf::catalog {
namespace {

using enum FieldType;

std::string column_of(const Field& field) {
  return field.type == reference ? std::string(field.name) + "_id" : std::string(field.name);
}

std::string id_of(std::string_view table) { return std::string(table) + "_id"; }

EntitySpec manufacturer() {
  return {
      .name = "manufacturer",
      .plural = "manufacturers",
      .table = "manufacturer",
      .noun = "a manufacturer",
      .parent = "",
      .key = "code",
      .help = "Who holds the CE mark.",
      .fields = {
          {.name = "code", .type = name, .required = true, .help = "short name, used in paths"},
          {.name = "name", .type = text, .required = true, .help = "registered name"},
          {.name = "country", .type = country, .required = true, .help = "seat, ISO 3166-1 alpha-2"},
          {.name = "contact", .type = text, .required = false, .help = "single point of contact (CRA Article 13(17))"},
          {.name = "website", .type = text, .required = false, .help = "where users find it"}}};
}

EntitySpec product() {
  return {.name = "product",
          .plural = "products",
          .table = "product",
          .noun = "a product",
          .parent = "",
          .key = "code",
          .help = "A product with digital elements.",
          .fields = {{.name = "code", .type = name, .required = true, .help = "short name, used in paths"},
                     {.name = "manufacturer",
                      .type = reference,
                      .required = true,
                      .help = "who makes it",
                      .target = "manufacturer"},
                     {.name = "name", .type = text, .required = true, .help = "as on the label"},
                     {.name = "category", .type = text, .required = false, .help = "such as 'smart meter gateway'"},
                     {.name = "product_class",
                      .type = choice,
                      .required = true,
                      .help = "CRA class (Annex III, IV)",
                      .choices = {"default", "important_class_i", "important_class_ii", "critical"}}}};
}

EntitySpec module() {
  return {
      .name = "module",
      .plural = "modules",
      .table = "module",
      .noun = "a module",
      .parent = "product",
      .key = "code",
      .help = "A part of a product that is built on its own.",
      .fields = {{.name = "code", .type = FieldType::name, .required = true, .help = "short name within the product"},
                 {.name = "product",
                  .type = reference,
                  .required = true,
                  .help = "of which it is a part",
                  .target = "product"},
                 {.name = "name", .type = text, .required = true, .help = "what it is"},
                 {.name = "kind",
                  .type = choice,
                  .required = true,
                  .help = "role in the product",
                  .choices = {"bootloader", "firmware", "image", "radio", "secure_element", "application", "other"}}}};
}

EntitySpec hardware_revision() {
  return {
      .name = "hardware_revision",
      .plural = "hardware-revisions",
      .table = "hardware_revision",
      .noun = "a hardware revision",
      .parent = "product",
      .key = "code",
      .help = "A board revision of a product.",
      .fields = {{.name = "code", .type = FieldType::name, .required = true, .help = "short name within the product"},
                 {.name = "product",
                  .type = reference,
                  .required = true,
                  .help = "of which it is a revision",
                  .target = "product"},
                 {.name = "name", .type = text, .required = true, .help = "as printed on the board"},
                 {.name = "platform", .type = text, .required = false, .help = "silicon platform"}}};
}

EntitySpec build() {
  return {
      .name = "build",
      .plural = "builds",
      .table = "build",
      .noun = "a build",
      .parent = "module",
      .key = "version",
      .help = "One result of building a module.",
      .fields = {{.name = "module", .type = reference, .required = true, .help = "what was built", .target = "module"},
                 {.name = "version", .type = FieldType::name, .required = true, .help = "as the device reports it"},
                 {.name = "source_repository", .type = text, .required = false, .help = "URL of the source"},
                 {.name = "source_revision", .type = text, .required = false, .help = "commit"},
                 {.name = "ci_run", .type = text, .required = false, .help = "URL of the CI run"},
                 {.name = "built_at", .type = time, .required = false, .help = "when"}},
      .children = {{.name = "artifacts",
                    .table = "build_artifact",
                    .fields = {{.name = "name", .type = text, .required = true, .help = "file name"},
                               {.name = "sha256", .type = sha256, .required = true, .help = "digest"},
                               {.name = "size", .type = integer, .required = true, .help = "bytes"}}}}};
}

EntitySpec release() {
  return {
      .name = "release",
      .plural = "releases",
      .table = "release",
      .noun = "a release",
      .parent = "product",
      .key = "version",
      .help = "A set of builds that is delivered together.",
      .fields =
          {{.name = "product", .type = reference, .required = true, .help = "what is released", .target = "product"},
           {.name = "version", .type = FieldType::name, .required = true, .help = "of the release"},
           {.name = "kind",
            .type = choice,
            .required = true,
            .help = "security updates are separate where feasible (Annex I Part II (2))",
            .choices = {"security", "functional", "mixed"}},
           {.name = "mixed_reason",
            .type = text,
            .required = false,
            .help = "why a mixed release could not be separated"},
           {.name = "security_version", .type = integer, .required = true, .help = "anti-rollback counter"},
           {.name = "notes", .type = text, .required = false, .help = "for users"}},
      .children = {
          {.name = "builds",
           .table = "release_build",
           .fields = {
               {.name = "build", .type = reference, .required = true, .help = "one a module", .target = "build"}}}}};
}

EntitySpec batch() {
  return {.name = "batch",
          .plural = "batches",
          .table = "batch",
          .noun = "a batch",
          .parent = "product",
          .key = "code",
          .help = "Units of one factory order, placed on the market together.",
          .fields =
              {{.name = "code", .type = FieldType::name, .required = true, .help = "order number"},
               {.name = "product", .type = reference, .required = true, .help = "what is made", .target = "product"},
               {.name = "hardware_revision",
                .type = reference,
                .required = true,
                .help = "which board",
                .target = "hardware_revision"},
               {.name = "release",
                .type = reference,
                .required = false,
                .help = "what the factory flashes",
                .target = "release"},
               {.name = "name", .type = text, .required = true, .help = "for people"},
               {.name = "factory", .type = text, .required = true, .help = "where it is made"},
               {.name = "authorised_quantity", .type = integer, .required = true, .help = "units the factory may make"},
               {.name = "support_end",
                .type = time,
                .required = false,
                .help = "end of the support period (Article 13(8))"}},
          .children = {
              {.name = "placements",
               .table = "batch_placement",
               .fields = {{.name = "market",
                           .type = country,
                           .required = true,
                           .help = "Country, ISO 3166-1 alpha-2: a Member State, or a market outside the Union"},
                          {.name = "placed_at", .type = time, .required = true, .help = "placed on the market"}}}}};
}

}  // namespace

const std::string& Entity::keep(std::string kept) {
  texts_.push_back(std::make_unique<std::string>(std::move(kept)));
  return *texts_.back();
}

Entity::Entity(EntitySpec given) : spec_(std::move(given)) {
  const std::string table(spec_.table), id = id_of(table);
  const auto query = [this](std::string_view verb, std::string_view of, std::string sql) {
    return std::make_unique<db::Query>(keep("catalog." + std::string(verb) + "." + std::string(of)),
                                       keep(std::move(sql)));
  };
  // A field "code" is the path's end and has no column of its own.
  std::string columns = id + ", entry_id, path", values = "$1, $2, $3", selected = "t." + id + ", t.entry_id, t.path",
              joins;
  std::size_t n = 3;
  for (const auto& field : spec_.fields) {
    if (field.name == "code") continue;
    columns += ", " + column_of(field);
    values += ", $" + std::to_string(++n);
    if (field.type == reference) {
      const auto alias = "r" + std::to_string(n);
      const std::string target_table(field.target);  // an entity's table has its name
      joins += " LEFT JOIN " + target_table + " AS " + alias + " ON " + alias + "." + id_of(target_table) + " = t." +
               column_of(field);
      selected += ", " + alias + ".path";
    } else {
      selected += ", t." + column_of(field);
    }
  }
  const auto from = "SELECT " + selected + " FROM " + table + " AS t" + joins;
  insert = query("insert", table, "INSERT INTO " + table + " (" + columns + ") VALUES (" + values + ")");
  find = query("find", table, from + " WHERE t.path = $1");
  // Paths of one parent stand together in the index: a listing below a parent is a range of it.
  list = query("list", table, from + " WHERE t.path > $1 AND t.path < $2 ORDER BY t.path LIMIT $3");
  resolve = query("resolve", table, "SELECT " + id + " FROM " + table + " WHERE path = $1");
  proven = std::make_unique<ledger::ProvenTable>(
      spec_.table, keep(id), keep(columns.substr(0, id.size()) + columns.substr(columns.find(", path"))));

  for (const auto& child : spec_.children) {
    const std::string child_table(child.table), child_id = id_of(child_table);
    std::string child_columns = child_id + ", entry_id, " + id, child_values = "$1, $2, $3", child_selected,
                child_joins;
    std::size_t m = 3;
    for (const auto& field : child.fields) {
      child_columns += ", " + column_of(field);
      child_values += ", $" + std::to_string(++m);
      child_selected += child_selected.empty() ? "" : ", ";
      if (field.type == reference) {
        child_joins +=
            " JOIN " + std::string(field.target) + " AS r ON r." + id_of(field.target) + " = c." + column_of(field);
        child_selected += "r.path";
      } else {
        child_selected += "c." + column_of(field);
      }
    }
    ChildStatements statements{&child, nullptr, nullptr, nullptr};
    statements.insert = query("insert", child.table,
                              "INSERT INTO " + child_table + " (" + child_columns + ") VALUES (" + child_values + ")");
    statements.select = query("select", child.table,
                              "SELECT " + child_selected + " FROM " + child_table + " AS c" + child_joins +
                                  " WHERE c." + id + " = $1 ORDER BY c." + child_id);
    statements.proven = std::make_unique<ledger::ProvenTable>(
        child.table, keep(child_id), keep(child_id + child_columns.substr(child_columns.find(", " + id))));
    children.push_back(std::move(statements));
  }
}

const std::vector<const Entity*>& entities() {
  static const Entity all[] = {Entity(manufacturer()), Entity(product()), Entity(module()), Entity(hardware_revision()),
                               Entity(build()),        Entity(release()), Entity(batch())};
  static const std::vector<const Entity*> list = [] {
    std::vector<const Entity*> pointers;
    for (const auto& entity : all) pointers.push_back(&entity);
    return pointers;
  }();
  return list;
}

const Entity* find_entity(std::string_view wanted) {
  for (const auto* entity : entities())
    if (entity->spec().name == wanted) return entity;
  return nullptr;
}

}  // namespace hf::catalog
