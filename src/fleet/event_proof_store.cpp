#include "fleet/event_proof_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "base/json.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "fleet/types.h"

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

constexpr std::size_t kBuckets = 4096;
constexpr char kEnd = '\x1f';

// One thing that is said of a device: a letter for what, product, serial, and the thing.
struct Fact {
  std::string text;
  std::size_t bucket;

  Fact(char what, std::string_view product, std::string_view serial, std::initializer_list<std::string_view> parts) {
    text = what;
    text.append(product).append(1, kEnd).append(serial);
    bucket = std::hash<std::string_view>()(std::string_view(text).substr(1)) % kBuckets;
    for (const auto part : parts) text.append(1, kEnd).append(part);
  }
};
using Say = std::function<void(const Fact&, int sign)>;

constexpr char kState = 'S', kIdentity = 'I', kUntil = 'U', kNewest = 'N', kCredential = 'C';

std::string_view text(const JsonObject& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member && member->is_string() ? std::string_view(member->get_string()) : std::string_view();
}

void facts_of_event(std::int64_t segment, std::uint64_t position, std::string_view line, const Say& say) {
  const auto json = parse_json(line);
  const auto* event = json ? json->if_object() : nullptr;
  if (!event) return;
  const auto kind = text(*event, "event"), product = text(*event, "product"), serial = text(*event, "serial"), at = text(*event, "at");
  const bool registered = kind == "registered";
  if (!registered && kind != "running") return;
  say({kState, product, serial, {at, text(*event, "configuration"), "active"}}, 1);
  say({kNewest, product, serial, {std::to_string(segment) + "/" + std::to_string(position)}}, 1);
  if (registered) {
    say({kIdentity, product, serial, {text(*event, "batch"), text(*event, "hardware_revision"), text(*event, "market")}}, 1);
    for (const auto& [name, member] : {std::pair("certificate", "certificate_sha256"), {"key", "key_sha256"}})
      if (const auto digest = text(*event, member); !digest.empty()) say({kCredential, product, serial, {name, digest}}, 1);
  } else {
    say({kUntil, product, serial, {at}}, 1);
    say({kNewest, product, serial, {text(*event, "previous")}}, -1);
  }
}

Result<void> facts_of_rows(const db::Reader& reader, const Say& say) {
  HF_CHECK(reader.each(kDevices, [&](const db::Row& row) {
    const auto product = row.text(0), serial = row.text(1);
    // A row in the wrong shard is not found by any look-up: it counts as gone.
    if (row.int64(10) != shard_of(serial)) return true;
    say({kState, product, serial, {format_rfc3339(row.time(2)), row.text(3), row.text(4)}}, -1);
    say({kIdentity, product, serial, {row.text(5), row.text(6), row.text(7)}}, -1);
    say({kNewest, product, serial, {std::to_string(row.int64(8)) + "/" + std::to_string(row.int64(9))}}, -1);
    return true;
  }));
  HF_CHECK(reader.each(kPast, [&](const db::Row& row) {
    say({kState, row.text(0), row.text(1), {format_rfc3339(row.time(2)), row.text(3), row.text(4)}}, -1);
    say({kUntil, row.text(0), row.text(1), {format_rfc3339(row.time(5))}}, -1);
    return true;
  }));
  return reader.each(kCredentials, [&](const db::Row& row) {
    say({kCredential, row.text(0), row.text(1), {row.text(2), row.text(3)}}, -1);
    return true;
  });
}

class DeviceProof final : public ledger::EventProof {
 public:
  void event(std::int64_t segment, std::uint64_t position, std::string_view line) override {
    facts_of_event(segment, position, line, [this](const Fact& fact, int sign) { add(fact, sign); });
  }

  Result<void> compare(const db::Reader& reader, const std::function<Result<void>(const Visit&)>& replay, const Found& found) override {
    HF_CHECK(facts_of_rows(reader, [this](const Fact& fact, int sign) { add(fact, sign); }));
    if (std::any_of(sums_.begin(), sums_.end(), [](std::uint64_t sum) { return sum != 0; })) {
      std::map<std::string, int> counts;
      const auto count = [&](const Fact& fact, int sign) {
        if (sums_[fact.bucket] != 0) counts[fact.text] += sign;
      };
      HF_CHECK(replay([&](std::int64_t segment, std::uint64_t position, std::string_view line) { facts_of_event(segment, position, line, count); }));
      HF_CHECK(facts_of_rows(reader, count));
      name(counts, found);
    }
    HF_CHECK(reader.each(kDisorder, [&](const db::Row& row) {
      found("row device_past " + row.string(0), "it does not lie before the device's present");
      return true;
    }));
    return configurations(reader, found);
  }

 private:
  void add(const Fact& fact, int sign) {
    const auto digest = crypto::sha256({key_, bytes_of(fact.text)});
    std::uint64_t value;
    std::memcpy(&value, digest.data(), sizeof value);
    sums_[fact.bucket] += sign > 0 ? value : ~value + 1;
  }

  static void name(const std::map<std::string, int>& counts, const Found& found) {
    std::map<std::string, std::string> devices;
    for (const auto& [fact_text, count] : counts) {
      if (count == 0) continue;
      const auto product_end = fact_text.find(kEnd), serial_end = fact_text.find(kEnd, product_end + 1);
      auto& what = devices["device " + fact_text.substr(1, product_end - 1) + " " + fact_text.substr(product_end + 1, serial_end - product_end - 1)];
      const std::string_view part = fact_text[0] == kState      ? "what it runs"
                                    : fact_text[0] == kIdentity ? "batch, hardware revision or market"
                                    : fact_text[0] == kUntil    ? "when it changed"
                                    : fact_text[0] == kNewest   ? "its newest event"
                                                                : "certificate or key";
      if (what.find(part) == std::string::npos) what += (what.empty() ? "" : "; ") + std::string(part);
    }
    for (const auto& [device, what] : devices) found(device, "rows and events differ: " + what);
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
      if (to_hex(crypto::sha256({bytes_of(joined)})) != digest) found("builds of configuration " + std::to_string(id), "they are not those of its digest");
    }
    return {};
  }

  const Bytes key_ = crypto::random_bytes(32);
  std::array<std::uint64_t, kBuckets> sums_{};
};

}  // namespace

std::unique_ptr<ledger::EventProof> make_event_proof() { return std::make_unique<DeviceProof>(); }

}  // namespace hf::fleet
