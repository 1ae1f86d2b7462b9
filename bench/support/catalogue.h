// A manufacturer's products for a bench: three, of eight modules each, 10,000 builds of 300 components out of 20,000.
//
// The catalogue and the components go through the services. What the builds consist of, three million rows, is written
// as portfolio::receive_sbom would have written it. Builds of a module differ as real ones do: 60 of its 300 packages
// are in every module, the others in a quarter of them, and each package moves through its 20 versions as time goes on.
#pragma once

#include <array>
#include <map>

#include "catalog/service.h"
#include "crypto/sha256.h"
#include "portfolio/coordinate_store.h"
#include "sbom/parse.h"
#include "support/bulk.h"
#include "vuln/match/sbom_subjects.h"

namespace hf::bench {

inline constexpr int kProducts = 3, kModules = 24, kBuilds = 10'000, kBatches = 40;
inline constexpr int kPackages = 1000, kEverywhere = 60, kVersions = 20;
inline const ledger::Actor kActor{"bench:exposure", "bench"};
inline const SystemClock kClock;
inline constexpr std::string_view kMarkets[] = {"DE", "FR", "IT", "ES", "PL", "NL", "BE", "AT",
                                                "CZ", "SE", "PT", "IE", "FI", "DK", "RO", "GR"};

inline int builds_of_module(int module) { return kBuilds / kModules + (module < kBuilds % kModules ? 1 : 0); }
inline bool contains(int module, int package) {
  return package < kEverywhere || ((package - kEverywhere) * 31 + module * 17) % 47 < 12;
}
// Of the package in the builds of that ordinal, in any module.
inline int version_at(int package, int ordinal) {
  const int most = kBuilds / kModules + 1;
  return std::min((ordinal + package % 20) * kVersions / most, kVersions - 1);
}

inline std::string digits(int number, int width) {
  auto text = std::to_string(number);
  return std::string(std::size_t(std::max(0, width - int(text.size()))), '0') + text;
}
inline std::string package_name(int package) { return "component-" + digits(package, 4); }
inline std::string vendor_name(int package) { return "vendor-" + digits(package / 3, 3); }
inline std::string version_text(int package, int version) {
  return std::to_string(1 + package % 4) + "." + std::to_string(version) + "." + std::to_string(package % 7);
}

// CycloneDX of these packages at these versions.
inline std::string sbom_of(const std::vector<std::pair<int, int>>& parts) {
  JsonArray components;
  for (const auto& [package, version] : parts) {
    const auto name = package_name(package), text = version_text(package, version),
               purl = "pkg:generic/" + name + "@" + text;
    components.push_back(
        JsonObject{{"type", "library"},
                   {"bom-ref", purl},
                   {"name", name},
                   {"version", text},
                   {"purl", purl},
                   {"cpe", "cpe:2.3:a:" + vendor_name(package) + ":" + name + ":" + text + ":*:*:*:*:*:*:*"}});
  }
  return to_text(JsonObject{
      {"bomFormat", "CycloneDX"}, {"specVersion", "1.6"}, {"version", 1}, {"components", std::move(components)}});
}

struct Catalogue {
  struct Build {
    std::int64_t id;
    std::string path;
  };
  struct Batch {
    std::int64_t id, product_id, hardware_revision_id;
    int product;
  };
  std::vector<std::pair<std::int64_t, std::string>> products;  // id, path
  std::array<std::vector<Build>, kModules> builds;             // by ordinal
  std::vector<Batch> batches;
  std::vector<portfolio::CoordinateId> coordinates;  // package * kVersions + version
};

inline const db::Query kBenchBuilds{"bench.builds", "SELECT path, build_id FROM build"};
inline const db::Query kBenchBuild{"bench.insert_build",
                                   "INSERT INTO bench_build (module, ordinal, build_id) VALUES ($1, $2, $3)"};
inline const db::Query kBenchContent{"bench.insert_content",
                                     "INSERT INTO bench_content (module, package) VALUES ($1, $2)"};
inline const db::Query kBenchCoordinate{"bench.insert_coordinate", R"sql(
    INSERT INTO bench_coordinate (coordinate_id, package, first, last, ref) VALUES ($1, $2, $3, $4, $5))sql"};
inline const db::Query kBenchSbom{"bench.insert_sbom", R"sql(
    INSERT INTO sbom (sbom_id, entry_id, build_id, sha256, size, format, spec_version, components, unidentified, received_at, replaced_at)
    VALUES ($1, $2, $3, $4, 61000, 'cyclonedx', '1.6', 300, 0, $5, 9223372036854775807))sql"};

class CatalogueFill {
 public:
  explicit CatalogueFill(db::Database& database) : database_(database) {}

  Catalogue run() {
    records();
    components();
    contents();
    return std::move(out_);
  }

 private:
  void create(std::string_view entity, const std::vector<std::string>& documents) {
    must(ledger::write(database_, kClock, kActor, [&](ledger::Transaction& transaction) -> Result<void> {
      for (const auto& document : documents) {
        HF_TRY(const auto record, parse_json(document));
        HF_CHECK(catalog::create(transaction, *catalog::find_entity(entity), record.get_object()));
      }
      return {};
    }));
  }
  std::int64_t id_of(std::string_view entity, const std::string& path) {
    return must(database_.read(
        [&](const db::Reader& reader) { return catalog::resolve(reader, *catalog::find_entity(entity), path); }));
  }

  void records() {
    create("manufacturer", {R"({"code":"acme","name":"ACME","country":"DE"})"});
    for (int p = 0; p < kProducts; ++p) {
      const auto code = "px-" + std::to_string(p);
      create("product", {R"({"code":")" + code + R"(","manufacturer":"acme","name":"PX","product_class":"default"})"});
      create("hardware_revision", {R"({"product":")" + code + R"(","code":"rev-a","name":"Rev A"})"});
      out_.products.emplace_back(id_of("product", code), code);
    }
    for (int module = 0; module < kModules; ++module) {
      const auto product = out_.products[std::size_t(module % kProducts)].second, code = "m" + std::to_string(module);
      create("module", {R"({"product":")" + product + R"(","code":")" + code + R"(","name":"M","kind":"firmware"})"});
      std::vector<std::string> documents;
      for (int ordinal = 0; ordinal < builds_of_module(module); ++ordinal)
        documents.push_back(R"({"module":")" + product + "/" + code + R"(","version":"1.)" + std::to_string(ordinal) +
                            "\"}");
      create("build", documents);
    }
    std::map<std::string, std::int64_t> ids;
    must(database_.read([&](const db::Reader& reader) {
      return reader.each(kBenchBuilds,
                         [&](const db::Row& row) { return ids.emplace(row.string(0), row.int64(1)), true; });
    }));
    for (int module = 0; module < kModules; ++module)
      for (int ordinal = 0; ordinal < builds_of_module(module); ++ordinal) {
        auto path = out_.products[std::size_t(module % kProducts)].second + "/m" + std::to_string(module) + "/1." +
                    std::to_string(ordinal);
        const auto id = ids.at(path);
        out_.builds[std::size_t(module)].push_back({id, std::move(path)});
      }
    for (int batch = 0; batch < kBatches; ++batch) {
      const int product = batch % kProducts;
      const auto& [product_id, path] = out_.products[std::size_t(product)];
      const auto code = "b" + digits(batch, 2);
      create("batch", {R"({"product":")" + path + R"(","code":")" + code + R"(","hardware_revision":")" + path +
                       R"(/rev-a","name":"B","factory":"F1","authorised_quantity":100000000})"});
      out_.batches.push_back(
          {id_of("batch", path + "/" + code), product_id, id_of("hardware_revision", path + "/rev-a"), product});
    }
  }

  void components() {
    for (int first = 0; first < kPackages; first += 50) {
      std::vector<std::pair<int, int>> parts;
      for (int package = first; package < first + 50; ++package)
        for (int version = 0; version < kVersions; ++version) parts.emplace_back(package, version);
      const auto text = sbom_of(parts);
      const auto document = must(sbom::parse(bytes_of(text)));
      const auto subjects = vuln::subjects_of(document).subjects;
      must(ledger::write(database_, kClock, kActor, [&](ledger::Transaction& transaction) -> Result<void> {
        HF_CHECK(transaction.append("bench.components", {}));
        bool made = false;
        for (const auto& subject : subjects) {
          HF_TRY(const auto id, portfolio::intern(transaction, subject, made));
          out_.coordinates.push_back(id);
        }
        return {};
      }));
    }
  }

  void contents() {
    script(database_,
           "CREATE TABLE bench_build (module BIGINT, ordinal BIGINT, build_id BIGINT, PRIMARY KEY (module, ordinal));"
           "CREATE TABLE bench_content (package BIGINT, module BIGINT, PRIMARY KEY (package, module));"
           "CREATE TABLE bench_coordinate (coordinate_id BIGINT PRIMARY KEY, package BIGINT, first BIGINT, last "
           "BIGINT, ref TEXT)");
    const auto now = micros(kClock.now());
    in_bulk(database_, [&](db::Writer& writer) {
      Rows builds(writer, kBenchBuild, 3), contents(writer, kBenchContent, 2), coordinates(writer, kBenchCoordinate, 5),
          sboms(writer, kBenchSbom, 5);
      for (int module = 0; module < kModules; ++module) {
        for (int package = 0; package < kPackages; ++package)
          if (contains(module, package)) contents.add(module, package);
        int ordinal = 0;
        for (const auto& build : out_.builds[std::size_t(module)]) {
          builds.add(module, ordinal++, build.id);
          sboms.add(must(writer.next_id()), 1, build.id, to_hex(crypto::sha256({bytes_of(build.path)})), now);
        }
      }
      for (int package = 0; package < kPackages; ++package) {
        std::array<std::pair<int, int>, kVersions> range{};  // of ordinals
        for (int ordinal = kBuilds / kModules; ordinal >= 0; --ordinal) {
          auto& [from, to] = range[std::size_t(version_at(package, ordinal))];
          from = ordinal, to = std::max(to, ordinal);
        }
        for (int version = 0; version < kVersions; ++version)
          coordinates.add(out_.coordinates[std::size_t(package * kVersions + version)].value, package,
                          range[std::size_t(version)].first, range[std::size_t(version)].second,
                          "pkg:generic/" + package_name(package) + "@" + version_text(package, version));
      }
    });
    without_index(database_, "build_coordinate_by_build", [&] {
      in_bulk(database_, [&](db::Writer& writer) {
        must(
            writer.script("INSERT INTO build_coordinate (coordinate_id, build_id, since, until, ref)"
                          " SELECT c.coordinate_id, b.build_id, " +
                          std::to_string(now) +
                          ", 9223372036854775807, c.ref"
                          "   FROM bench_coordinate AS c"
                          "   JOIN bench_content AS m ON m.package = c.package"
                          "   JOIN bench_build AS b ON b.module = m.module AND b.ordinal BETWEEN c.first AND c.last"
                          "  ORDER BY c.coordinate_id, b.build_id"));
      });
    });
    script(database_, "DROP TABLE bench_build; DROP TABLE bench_content; DROP TABLE bench_coordinate");
  }

  db::Database& database_;
  Catalogue out_;
};

}  // namespace hf::bench
