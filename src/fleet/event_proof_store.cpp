#include "fleet/event_proof_store.h"

#include <algorithm>
#include <map>

#include "crypto/sha256.h"
#include "fleet/types.h"
#include "ledger/fact_proof.h"

namespace hf::fleet {
namespace {

const db::Query kDevices{"fleet.proof.devices", R"sql(
    SELECT p.path, d.serial, d.since, c.digest, d.state, b.path, h.path, d.market, d.segment_id, d.position, d.shard
      FROM device AS d
      JOIN product AS p ON p.product_id = d.product_id
      JOIN batch AS b ON b.batch_id = d.batch_id
      JOIN hardware_revision AS h ON h.hardware_revision_id = d.hardware_revision_id
      JOIN configuration AS c ON c.configuration_id = d.configuration_id)sql"};
const db::Query kPast{"fleet.proof.past", R"sql(
    SELECT p.path, d.serial, d.since, c.digest, d.state, d.until
      FROM device_past AS d
      JOIN product AS p ON p.product_id = d.product_id
      JOIN configuration AS c ON c.configuration_id = d.configuration_id)sql"};
const db::Query kCredentials{"fleet.proof.credentials", R"sql(
    SELECT p.path, d.serial, d.kind, d.sha256
      FROM device_credential AS d JOIN product AS p ON p.product_id = d.product_id)sql"};
// The past of a device lies before its present, in its own shard and market.
const db::Query kDisorder{"fleet.proof.disorder", R"sql(
    SELECT p.serial
      FROM device_past AS p
      LEFT JOIN device AS d ON d.shard = p.shard AND d.serial = p.serial AND d.product_id = p.product_id
     WHERE d.serial IS NULL OR p.market <> d.market OR p.since >= p.until OR p.until > d.since)sql"};
const db::Query kConfigurations{"fleet.proof.configurations", R"sql(
    SELECT c.configuration_id, c.digest, b.path
      FROM configuration AS c
      LEFT JOIN configuration_build AS cb ON cb.configuration_id = c.configuration_id
      LEFT JOIN build AS b ON b.build_id = cb.build_id
     ORDER BY c.configuration_id)sql"};

using ledger::event_place;
using ledger::text_member;

constexpr char kState = 'S', kIdentity = 'I', kUntil = 'U', kNewest = 'N', kCredential = 'C';

class DeviceProof final : public ledger::FactProof {
  void facts_of_event(std::int64_t segment, std::uint64_t position, const JsonObject& event,
                      const Say& say) const override {
    const auto kind = text_member(event, "event"), product = text_member(event, "product"),
               serial = text_member(event, "serial"), at = text_member(event, "at");
    const bool registered = kind == "registered";
    if (!registered && kind != "running") return;
    say({kState, {"device", product, serial}, {at, text_member(event, "configuration"), "active"}}, 1);
    say({kNewest, {"device", product, serial}, {event_place(segment, position)}}, 1);
    if (registered) {
      say({kIdentity,
           {"device", product, serial},
           {text_member(event, "batch"), text_member(event, "hardware_revision"), text_member(event, "market")}},
          1);
      for (const auto& [name, member] : {std::pair("certificate", "certificate_sha256"), {"key", "key_sha256"}})
        if (const auto digest = text_member(event, member); !digest.empty())
          say({kCredential, {"device", product, serial}, {name, digest}}, 1);
    } else {
      say({kUntil, {"device", product, serial}, {at}}, 1);
      say({kNewest, {"device", product, serial}, {text_member(event, "previous")}}, -1);
    }
  }

  Result<void> facts_of_rows(const db::Reader& reader, const Say& say) const override {
    HF_CHECK(reader.each(kDevices, [&](const db::Row& row) {
      const auto product = row.text(0), serial = row.text(1);
      // A row in the wrong shard is not found by any look-up: it counts as gone.
      if (row.int64(10) != shard_of(serial)) return true;
      say({kState, {"device", product, serial}, {format_rfc3339(row.time(2)), row.text(3), row.text(4)}}, -1);
      say({kIdentity, {"device", product, serial}, {row.text(5), row.text(6), row.text(7)}}, -1);
      say({kNewest, {"device", product, serial}, {event_place(row.int64(8), std::uint64_t(row.int64(9)))}}, -1);
      return true;
    }));
    HF_CHECK(reader.each(kPast, [&](const db::Row& row) {
      say({kState, {"device", row.text(0), row.text(1)}, {format_rfc3339(row.time(2)), row.text(3), row.text(4)}}, -1);
      say({kUntil, {"device", row.text(0), row.text(1)}, {format_rfc3339(row.time(5))}}, -1);
      return true;
    }));
    return reader.each(kCredentials, [&](const db::Row& row) {
      say({kCredential, {"device", row.text(0), row.text(1)}, {row.text(2), row.text(3)}}, -1);
      return true;
    });
  }

  std::string_view name_of(char what) const override {
    switch (what) {
      case kState: return "what it runs";
      case kIdentity: return "batch, hardware revision or market";
      case kUntil: return "when it changed";
      case kNewest: return "its newest event";
      default: return "certificate or key";
    }
  }

  Result<void> check_more(const db::Reader& reader, const Found& found) const override {
    HF_CHECK(reader.each(kDisorder, [&](const db::Row& row) {
      found("row device_past " + row.string(0), "it does not lie before the device's present");
      return true;
    }));
    return configurations(reader, found);
  }

  // The digest is of the sorted paths of the builds, one a line (see Interner).
  static Result<void> configurations(const db::Reader& reader, const Found& found) {
    std::map<std::int64_t, std::pair<std::string, std::vector<std::string>>> all;
    HF_CHECK(reader.each(kConfigurations, [&](const db::Row& row) {
      auto& [digest, builds] = all[row.int64(0)];
      digest = row.string(1);
      if (!row.is_null(2)) builds.push_back(row.string(2));
      return true;
    }));
    for (auto& [id, configuration] : all) {
      auto& [digest, builds] = configuration;
      std::sort(builds.begin(), builds.end());
      std::string joined;
      for (const auto& path : builds) joined += (joined.empty() ? "" : "\n") + path;
      if (to_hex(crypto::sha256({bytes_of(joined)})) != digest)
        found("builds of configuration " + std::to_string(id), "they are not those of its digest");
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<ledger::EventProof> make_event_proof() { return std::make_unique<DeviceProof>(); }

}  // namespace hf::fleet
