// Units for a bench, as fleet::Importer would have registered them, but for the events of the ledger: rows of device,
// credentials for one in a hundred, census and its history. The importer's chunks are here too: 10,000 units, of one
// batch each, with one instant and one segment.
#pragma once

#include "fleet/configuration.h"
#include "fleet/service.h"
#include "support/catalogue.h"

namespace hf::bench {

inline constexpr int kConfigurations = 130;  // of each product
inline constexpr int kChunk = 10'000, kSlots = 100;

inline const db::Query kBenchHigh{"bench.insert_high", R"sql(
    INSERT INTO bench_high (high, state, batch, since, segment_id) VALUES ($1, $2, $3, $4, $5))sql"};
inline const db::Query kBenchLow{"bench.insert_low", "INSERT INTO bench_low (state, shard, low) VALUES ($1, $2, $3)"};
inline const db::Query kBenchPlace{"bench.insert_place", R"sql(
    INSERT INTO bench_place (batch, slot, configuration_id, batch_id, product_id, hardware_revision_id) VALUES ($1, $2, $3, $4, $5, $6))sql"};
inline const db::Query kBenchMarket{"bench.insert_market", "INSERT INTO bench_market (slot, market) VALUES ($1, $2)"};
inline const db::Query kBenchCredential{"bench.insert_credential", R"sql(
    INSERT INTO device_credential (kind, sha256, shard, serial, product_id) VALUES ($1, $2, $3, $4, $5))sql"};
inline const db::Query kBenchCensus{
    "bench.census", "SELECT configuration_id, market, batch_id, devices FROM census WHERE state = 'active'"};
inline const db::Query kBenchCount{"bench.count", R"sql(
    INSERT INTO census (configuration_id, market, batch_id, state, devices) VALUES ($1, $2, $3, 'active', $4)
    ON CONFLICT (configuration_id, market, batch_id, state) DO UPDATE SET devices = excluded.devices)sql"};
inline const db::Query kBenchHistory{"bench.insert_history", R"sql(
    INSERT INTO census_history (configuration_id, market, batch_id, state, since, devices) VALUES ($1, $2, $3, 'active', $4, $5))sql"};

struct Unit {
  std::int64_t number;

  [[nodiscard]] int high() const { return int(number / kChunk); }
  [[nodiscard]] int low() const { return int(number % kChunk); }
  [[nodiscard]] std::string serial() const { return "HF-" + digits(int(number), 8); }
  [[nodiscard]] int batch() const { return high() % kBatches; }
  // Slots are what SQL computes too: keep both the same.
  [[nodiscard]] int place_slot() const { return int((std::int64_t{low()} * 7919 + high() * 131) % 9973 % kSlots); }
  [[nodiscard]] int market_slot() const { return int((std::int64_t{low()} * 6011 + high() * 37) % 9967 % kSlots); }
};

// A third of the units are in the first two markets, as markets differ in size.
inline std::string_view market_of(int slot) {
  return kMarkets[slot < 20 ? 0 : slot < 34 ? 1 : 2 + std::size_t(slot) % 14];
}
// A batch was flashed with a release of its time and has moved on since; most units run one of the newer.
inline int configuration_of(int batch, int slot) {
  return batch * 100 / kBatches + 29 - (kSlots - 1 - slot) * (kSlots - 1 - slot) * 29 / ((kSlots - 1) * (kSlots - 1));
}

class DeviceFill {
 public:
  DeviceFill(db::Database& database, const Catalogue& catalogue) : database_(database), catalogue_(catalogue) {}

  // Configurations of every product, through the service's own interning.
  void configurations() {
    must(ledger::write(database_, kClock, kActor, [&](ledger::Transaction& transaction) -> Result<void> {
      fleet::Interner interner(transaction);
      for (int product = 0; product < kProducts; ++product)
        for (int i = 0; i < kConfigurations; ++i) {
          HF_TRY(const auto made,
                 interner.intern(catalogue_.products[std::size_t(product)].first, builds_of(product, i)));
          ids_.push_back(made.id.value);
        }
      return {};
    }));
    if (database_.engine() == db::Engine::postgresql)
      script(database_, "ANALYZE configuration; ANALYZE configuration_build");
  }
  [[nodiscard]] std::vector<std::string> builds_of(int product, int configuration) const {
    std::vector<std::string> paths;
    for (int module = product; module < kModules; module += kProducts) {
      const auto& builds = catalogue_.builds[std::size_t(module)];
      paths.push_back(builds[std::min(builds.size() - 1,
                                      std::size_t(configuration * int(builds.size()) / kConfigurations + module % 3))]
                          .path);
    }
    return paths;
  }
  [[nodiscard]] const std::string& product_of(Unit unit) const {
    return catalogue_.products[std::size_t(unit.batch() % kProducts)].second;
  }

  // Units with numbers from `first` to before `last`, both multiples of kChunk.
  void units(std::int64_t first, std::int64_t last) {
    tables(int(first / kChunk), int(last / kChunk));
    without_index(database_, "device_by_configuration", [&] {
      // In the order of the clustered table there, in the order of import here.
      const bool by_shard = database_.engine() == db::Engine::sqlite;
      for (int shard = 0; shard < (by_shard ? int(fleet::kShards) : 1); ++shard)
        in_bulk(database_, [&](db::Writer& writer) {
          must(writer.script(
              "INSERT INTO device (shard, serial, product_id, batch_id, hardware_revision_id, configuration_id, "
              "market, state, since, segment_id, position)"
              " SELECT l.shard, 'HF-' || substr(CAST(100000000 + h.high * 10000 + l.low AS TEXT), 2), p.product_id, "
              "p.batch_id,"
              "        p.hardware_revision_id, p.configuration_id, m.market, 'active', h.since, h.segment_id, l.low"
              "   FROM bench_high AS h CROSS JOIN bench_low AS l"
              "   JOIN bench_place AS p ON p.batch = h.batch AND p.slot = (l.low * 7919 + h.high * 131) % 9973 % 100"
              "   JOIN bench_market AS m ON m.slot = (l.low * 6011 + h.high * 37) % 9967 % 100"
              "  WHERE l.state = h.state" +
              (by_shard ? " AND l.shard = " + std::to_string(shard) : std::string()) + " ORDER BY h.high, l.low"));
        });
    });
    credentials(first, last);
    census(int(first / kChunk), int(last / kChunk));
    script(database_, "DROP TABLE bench_high; DROP TABLE bench_low; DROP TABLE bench_place; DROP TABLE bench_market");
    if (database_.engine() == db::Engine::postgresql)
      script(database_, "ANALYZE device; ANALYZE device_credential; ANALYZE census; ANALYZE census_history");
  }

 private:
  [[nodiscard]] std::int64_t configuration_id(int batch, int slot) const {
    return ids_[std::size_t(batch % kProducts * kConfigurations + configuration_of(batch, slot))];
  }

  void tables(int first, int last) {
    script(database_,
           "CREATE TABLE bench_high (high BIGINT PRIMARY KEY, state BIGINT, batch BIGINT, since BIGINT, segment_id "
           "BIGINT);"
           "CREATE TABLE bench_low (state BIGINT, shard BIGINT, low BIGINT, PRIMARY KEY (state, shard, low));"
           "CREATE TABLE bench_place (batch BIGINT, slot BIGINT, configuration_id BIGINT, batch_id BIGINT, product_id "
           "BIGINT,"
           "                          hardware_revision_id BIGINT, PRIMARY KEY (batch, slot));"
           "CREATE TABLE bench_market (slot BIGINT PRIMARY KEY, market TEXT)");
    started_ = micros(kClock.now());
    in_bulk(database_, [&](db::Writer& writer) {
      Rows highs(writer, kBenchHigh, 5), lows(writer, kBenchLow, 3), places(writer, kBenchPlace, 6),
          markets(writer, kBenchMarket, 2);
      // The shard of a serial depends on the hash of what comes before only by its shard: 16 is a power of two.
      std::map<int, int> example;  // a chunk with that shard before its last four digits
      for (int high = first; high < last; ++high) {
        const auto state = int(fleet::shard_of("HF-" + digits(high, 4)));
        example.emplace(state, high);
        highs.add(high, state, high % kBatches, since(high), must(writer.next_id()));
      }
      for (const auto& [state, high] : example)
        for (int low = 0; low < kChunk; ++low)
          lows.add(state, fleet::shard_of(Unit{std::int64_t{high} * kChunk + low}.serial()), low);
      for (int batch = 0; batch < kBatches; ++batch)
        for (int slot = 0; slot < kSlots; ++slot) {
          const auto& made = catalogue_.batches[std::size_t(batch)];
          places.add(batch, slot, configuration_id(batch, slot), made.id, made.product_id, made.hardware_revision_id);
        }
      for (int slot = 0; slot < kSlots; ++slot) markets.add(slot, std::string(market_of(slot)));
    });
    if (database_.engine() == db::Engine::postgresql)
      script(database_, "ANALYZE bench_high; ANALYZE bench_low; ANALYZE bench_place; ANALYZE bench_market");
  }

  void credentials(std::int64_t first, std::int64_t last) {
    in_bulk(database_, [&](db::Writer& writer) {
      Rows rows(writer, kBenchCredential, 5);
      for (auto number = first; number < last; number += 100)
        for (const char* kind : {"certificate", "key"}) {
          const auto serial = Unit{number}.serial();
          rows.add(kind, to_hex(crypto::sha256({bytes_of(kind + serial)})), fleet::shard_of(serial), serial,
                   catalogue_.batches[std::size_t(Unit{number}.batch())].product_id);
        }
    });
  }

  void census(int first, int last) {
    using Key = std::tuple<std::int64_t, std::string, std::int64_t>;
    std::map<Key, std::int64_t> counts;
    must(database_.read([&](const db::Reader& reader) {
      return reader.each(kBenchCensus, [&](const db::Row& row) {
        return counts.emplace(Key{row.int64(0), row.string(1), row.int64(2)}, row.int64(3)), true;
      });
    }));
    in_bulk(database_, [&](db::Writer& writer) {
      Rows history(writer, kBenchHistory, 5);
      for (int high = first; high < last; ++high) {
        const int batch = high % kBatches;
        std::array<std::array<int, kSlots>, kSlots> slots{};
        for (int low = 0; low < kChunk; ++low) {
          const Unit unit{std::int64_t{high} * kChunk + low};
          ++slots[std::size_t(unit.place_slot())][std::size_t(unit.market_slot())];
        }
        std::map<Key, std::int64_t> change;
        for (int place = 0; place < kSlots; ++place)
          for (int market = 0; market < kSlots; ++market)
            if (const int devices = slots[std::size_t(place)][std::size_t(market)]; devices > 0)
              change[{configuration_id(batch, place), std::string(market_of(market)),
                      catalogue_.batches[std::size_t(batch)].id}] += devices;
        for (const auto& [key, devices] : change) {
          auto& [configuration, market, batch_id] = key;
          history.add(configuration, market, batch_id, since(high), counts[key] += devices);
        }
      }
    });
    in_bulk(database_, [&](db::Writer& writer) {
      Rows rows(writer, kBenchCount, 4);
      for (const auto& [key, devices] : counts) rows.add(std::get<0>(key), std::get<1>(key), std::get<2>(key), devices);
    });
  }
  [[nodiscard]] std::int64_t since(int high) const { return started_ + high; }  // after all that was before

  db::Database& database_;
  const Catalogue& catalogue_;
  std::vector<std::int64_t> ids_;  // of configurations
  std::int64_t started_ = 0;
};

}  // namespace hf::bench
