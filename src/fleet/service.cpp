#include "fleet/service.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "fleet/configuration.h"
#include "ledger/segment.h"

namespace hf::fleet {
namespace {

// Records a transaction: bounds memory and the time that the writer is held. Fingerprints are random, so each
// transaction writes most pages of their index again, and few large ones write less than many small ones.
constexpr std::size_t kChunk = 40'000;
constexpr std::size_t kSegment = 10'000;  // events a segment: who proves one of them reads all

// Canonical JSON (RFC 8785): keys in order; every value is of an alphabet that needs no escape, or checked before.
std::string registered_event(const DeviceRecord& record, const BatchInfo& batch, const std::string& hardware,
                             const Configuration& configuration, const std::string& at) {
  std::string line = R"({"at":")" + at + R"(","batch":")" + record.batch;
  if (!record.certificate_sha256.empty()) line += R"(","certificate_sha256":")" + record.certificate_sha256;
  line +=
      R"(","configuration":")" + configuration.digest + R"(","event":"registered","hardware_revision":")" + hardware;
  if (!record.key_sha256.empty()) line += R"(","key_sha256":")" + record.key_sha256;
  return line + R"(","market":")" + record.market + R"(","product":")" + batch.product + R"(","serial":")" +
         record.serial + R"("})";
}

std::string running_event(const RunningReport& report, const Configuration& configuration, const Device& before,
                          const std::string& at) {
  return R"({"at":")" + at + R"(","configuration":")" + configuration.digest + R"(","event":"running","previous":")" +
         std::to_string(before.segment_id) + "/" + std::to_string(before.position) + R"(","product":")" +
         report.product + R"(","serial":")" + report.serial + R"("})";
}

Error error_of(ErrorKind kind, std::string_view code, std::string message) {
  return {kind, code, std::move(message), {}};
}

}  // namespace

struct Importer::Chunk {
  std::uint64_t imported = 0, unchanged = 0;
  std::vector<LineError> refused;
  bool collided = false;  // a device or credential exists: decide record by record
};

Result<void> Importer::add(ReadRecord read) {
  ++summary_.lines;
  if (!read.record) {
    if (read.record.error().code == "HF-FLEET-0002")
      return fail(read.record.error());  // no header: nothing can be read
    refuse(read.line, read.record.error());
    return {};
  }
  lines_.push_back({read.line, *std::move(read.record)});
  if (lines_.size() >= kChunk) return flush();
  return {};
}

Result<ImportSummary> Importer::finish() {
  HF_CHECK(flush());
  // Some are refused when they are read, others with their transaction.
  std::sort(summary_.errors.begin(), summary_.errors.end(),
            [](const LineError& a, const LineError& b) { return a.line < b.line; });
  return std::move(summary_);
}

void Importer::refuse(std::uint64_t line, Error error) {
  ++summary_.refused;
  if (summary_.errors.size() < kLineErrorsMax) summary_.errors.push_back({line, std::move(error)});
}

Result<void> Importer::flush() {
  if (lines_.empty()) return {};

  // One attempt assumes that every record is new, which a first import is; if one is not, the second looks at each.
  const auto attempt = [&](bool careful) {
    return database_.write([&](db::Writer& writer) -> Result<Chunk> {
      HF_TRY(auto transaction, ledger::Transaction::begin(writer, clock_, actor_));
      const Store store(writer);
      Chunk chunk;
      Interner interner(transaction);
      std::map<std::string, std::pair<BatchInfo, std::int64_t>> batches;  // with devices made so far
      std::map<std::string, std::vector<std::string>> release_builds;     // of a batch
      std::set<std::pair<std::int64_t, std::string>> seen;
      std::set<std::pair<std::string_view, std::string>> seen_credentials;
      std::deque<Device> devices;  // stable: the rows hold views
      DeviceRows rows;
      CensusChange census;
      std::deque<std::pair<std::int64_t, ledger::SegmentBuilder>> segments;
      const auto at = format_rfc3339(transaction.now());

      for (const auto& [line, record] : lines_) {
        const auto refused = [&, number = line](ErrorKind kind, std::string_view code, std::string message) {
          chunk.refused.push_back({number, error_of(kind, code, std::move(message))});
        };
        auto known = batches.find(record.batch);
        if (known == batches.end()) {
          HF_TRY(const auto batch, store.batch(record.batch));
          if (!batch) {
            refused(ErrorKind::invalid, "HF-FLEET-0003", "there is no batch '" + record.batch + "'");
            continue;
          }
          HF_TRY(const auto made, store.made(batch->id));
          known = batches.emplace(record.batch, std::pair(*batch, made)).first;
          if (batch->release_id) {
            HF_TRY(release_builds[record.batch], store.release_builds(*batch->release_id));
          }
        }
        auto& [batch, made] = known->second;
        auto hardware_id = batch.hardware_revision_id;
        if (!record.hardware_revision.empty() && record.hardware_revision != batch.hardware_revision) {
          HF_TRY(const auto other, store.hardware_revision(record.hardware_revision, batch.product_id));
          if (!other) {
            refused(ErrorKind::invalid, "HF-FLEET-0003",
                    "the product has no hardware revision '" + record.hardware_revision + "'");
            continue;
          }
          hardware_id = *other;
        }
        const auto configuration =
            interner.intern(batch.product_id, record.builds.empty() ? release_builds[record.batch] : record.builds);
        if (!configuration) {
          if (configuration.error().code != "HF-FLEET-0004") return fail(configuration.error());
          chunk.refused.push_back({line, configuration.error()});
          continue;
        }
        if (!seen.emplace(batch.product_id, record.serial).second) {
          refused(ErrorKind::conflict, "HF-FLEET-0005", "serial '" + record.serial + "' stands twice in this file");
          continue;
        }
        if (careful) {
          HF_TRY(const auto existing, store.device(batch.product_id, record.serial));
          if (existing) {
            if (existing->batch_id == batch.id && existing->market == record.market &&
                existing->hardware_revision_id == hardware_id)
              ++chunk.unchanged;
            else
              refused(ErrorKind::conflict, "HF-FLEET-0005",
                      "serial '" + record.serial +
                          "' is registered already, with another batch, market or hardware revision");
            continue;
          }
        }
        bool credential_taken = false;
        for (const auto& [kind, digest] :
             {std::pair("certificate", &record.certificate_sha256), {"key", &record.key_sha256}}) {
          if (digest->empty() || credential_taken) continue;
          credential_taken = !seen_credentials.emplace(kind, *digest).second;
          if (careful && !credential_taken) {
            HF_TRY(credential_taken, store.has_credential(kind, *digest));
          }
        }
        if (credential_taken) {
          refused(ErrorKind::conflict, "HF-FLEET-0008",
                  "its certificate or key belongs to another unit: each unit has its own");
          continue;
        }
        if (made >= batch.authorised_quantity) {
          if (!careful)
            return fail(ErrorKind::conflict, "HF-FLEET-RETRY", "");  // it may be one of those that filled the batch
          refused(ErrorKind::conflict, "HF-FLEET-0007",
                  "batch '" + record.batch + "' is full: " + std::to_string(batch.authorised_quantity) +
                      " units are authorised");
          continue;
        }
        ++made;
        if (segments.empty() || segments.back().second.size() >= kSegment) {
          HF_TRY(const auto id, writer.next_id());
          segments.emplace_back(id, ledger::SegmentBuilder());
        }
        auto& [segment_id, events] = segments.back();
        const auto position = std::int64_t(events.add(registered_event(
            record, batch, record.hardware_revision.empty() ? batch.hardware_revision : record.hardware_revision,
            *configuration, at)));
        devices.push_back({shard_of(record.serial), record.serial, batch.product_id, batch.id, hardware_id,
                           configuration->id, record.market, "active", transaction.now(), segment_id, position});
        rows.add(devices.back());
        if (!record.certificate_sha256.empty())
          rows.add_credential("certificate", record.certificate_sha256, devices.back());
        if (!record.key_sha256.empty()) rows.add_credential("key", record.key_sha256, devices.back());
        ++census[{configuration->id, record.market, batch.id, "active"}];
        ++chunk.imported;
      }
      if (chunk.imported == 0) {
        if (transaction.has_evidence()) HF_CHECK(transaction.finish());  // a configuration seen first on a refused line
        return chunk;
      }

      HF_TRY(const auto all_new, rows.insert(writer));
      if (!all_new) {
        return fail(ErrorKind::conflict, "HF-FLEET-RETRY", "");
      }
      HF_CHECK(apply_census(writer, census, transaction.now()));
      std::vector<std::string> subjects;
      for (const auto& [path, unused] : batches) subjects.push_back("batch:" + path);
      for (const auto& [segment_id, events] : segments) {
        HF_TRY(const auto entry, transaction.append("fleet.imported", subjects));
        HF_CHECK(events.write(transaction, entry, segment_id));
      }
      HF_CHECK(transaction.finish());
      return chunk;
    });
  };
  auto chunk = attempt(false);
  if (!chunk && chunk.error().code == "HF-FLEET-RETRY") chunk = attempt(true);
  if (!chunk) return fail(chunk.error());
  summary_.imported += chunk->imported;
  summary_.unchanged += chunk->unchanged;
  for (auto& refused : chunk->refused) refuse(refused.line, std::move(refused.error));
  lines_.clear();
  return {};
}

Result<std::vector<ReportOutcome>> report_running(db::Database& database, const Clock& clock,
                                                  const ledger::Actor& actor,
                                                  const std::vector<RunningReport>& reports) {
  return database.write([&](db::Writer& writer) -> Result<std::vector<ReportOutcome>> {
    HF_TRY(auto transaction, ledger::Transaction::begin(writer, clock, actor));
    const Store store(writer);
    Interner interner(transaction);
    CensusChange census;
    ledger::SegmentBuilder events;
    std::map<std::string, std::optional<std::int64_t>> products;
    HF_TRY(const auto segment_id, writer.next_id());
    const auto at = format_rfc3339(transaction.now());

    std::vector<ReportOutcome> outcomes(reports.size());
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const auto& report = reports[i];
      const auto refuse = [&](Error error) { outcomes[i] = {ReportOutcome::refused, std::move(error)}; };
      if (!products.contains(report.product)) {
        HF_TRY(products[report.product], store.product(report.product));
      }
      const auto product_id = products[report.product];
      std::optional<Device> before;
      if (product_id && is_serial(report.serial)) {
        HF_TRY(before, store.device(*product_id, report.serial));
      }
      if (!before) {
        refuse(error_of(
            ErrorKind::not_found, "HF-FLEET-0006",
            (is_serial(report.serial) ? "no unit '" + report.serial + "'" : std::string("no unit with that serial")) +
                " of this product is registered"));
        continue;
      }
      const auto configuration = interner.intern(*product_id, report.builds);
      if (!configuration) {
        if (configuration.error().code != "HF-FLEET-0004") return fail(configuration.error());
        refuse(configuration.error());
        continue;
      }
      if (configuration->id == before->configuration) continue;
      // A device that reports twice in one transaction moves once, at one instant, and has one event.
      if (before->since == transaction.now()) {
        refuse(error_of(ErrorKind::conflict, "HF-FLEET-0005", "the device stands twice in these reports"));
        continue;
      }
      Device after = *before;
      after.configuration = configuration->id;
      after.since = transaction.now();
      after.segment_id = segment_id;
      after.position = std::int64_t(events.add(running_event(report, *configuration, *before, at)));
      HF_CHECK(move_device(writer, *before, after));
      --census[{before->configuration, before->market, before->batch_id, before->state}];
      ++census[{after.configuration, after.market, after.batch_id, after.state}];
      outcomes[i].what = ReportOutcome::moved;
    }
    if (events.size() == 0) {
      if (transaction.has_evidence()) HF_CHECK(transaction.finish());
      return outcomes;
    }
    HF_CHECK(apply_census(writer, census, transaction.now()));
    HF_TRY(const auto entry, transaction.append("fleet.running", {}));
    HF_CHECK(events.write(transaction, entry, segment_id));
    HF_CHECK(transaction.finish());
    return outcomes;
  });
}

}  // namespace hf::fleet
