#include "factory/import.h"

#include <algorithm>
#include <map>

#include "factory/lines.h"
#include "ledger/segment.h"

namespace hf::factory {
namespace {

// What the first pass found.
struct Survey {
  BundleHeader header;
  StoredBundle row;                    // as it would be
  std::optional<StoredBundle> before;  // the longest of the same epoch
  bool continues = true;
  std::string broken;  // why not all lines hold together
  bool known = false;
};

// An export from before one that was imported: all that it says is known.
Result<bool> says_nothing_new(const db::Reader& db, const Survey& found, std::istream& in) {
  const Store store(db);
  in.clear();
  in.seekg(0);
  BundleReader reader(in);
  HF_CHECK(reader.header());
  for (;;) {
    HF_TRY(const auto line, reader.next());
    if (!line) return true;
    if (keys::text_at(line->record, "what") != "reserve") continue;
    HF_TRY(const auto identity, store.identity_at(found.row.station, found.row.epoch, line->number));
    if (!identity || identity->tbs_sha256 != keys::text_at(line->record, "tbs")) return false;
  }
}

Result<Survey> survey(db::Database& database, std::istream& in) {
  Survey found;
  BundleReader reader(in);
  HF_TRY(found.header, reader.header());
  const auto& header = found.header;
  found.row = {.station = header.station_name(),
               .factory = header.factory,
               .head = to_hex(header.head.hash),
               .epoch = header.epoch,
               .counter = header.counter,
               .lines = header.head.lines,
               .exported_at = header.exported_at};
  HF_TRY(found.before,
         database.read([&](const db::Reader& db) { return Store(db).bundle(found.row.station, found.row.epoch); }));
  const auto& before = found.before;
  for (;;) {
    const auto line = reader.next();
    if (!line) found.broken = line.error().message;
    if (!line || !*line) break;
    if (before && reader.head().lines == before->read_lines && to_hex(reader.head().hash) != before->read_head)
      found.continues = false;
  }
  found.row.read_lines = reader.head().lines;
  found.row.read_head = to_hex(reader.head().hash);
  const bool shorter = before && found.row.read_lines < before->read_lines;
  if (shorter) found.continues = false;
  HF_TRY(found.known, database.read([&](const db::Reader& db) -> Result<bool> {
    HF_TRY(const auto same, Store(db).has_bundle(found.row));
    if (same || !shorter || !found.broken.empty() || header.exported_at > before->exported_at) return same;
    return says_nothing_new(db, found, in);
  }));
  return found;
}

}  // namespace

Result<Imported> import_bundle(db::Database& database, const Clock& clock, const ledger::Actor& actor,
                               std::istream& in) {
  HF_TRY(const auto found, survey(database, in));
  Imported imported{.header = found.header, .known = found.known, .alarms = {}};
  if (found.known) return imported;
  const auto skipped = found.before && found.continues ? found.before->read_lines : 0;
  return ledger::write(database, clock, actor, [&](ledger::Transaction& transaction) -> Result<Imported> {
    imported = {.header = found.header, .known = false, .alarms = {}};  // a transaction may be tried again
    const auto& header = found.header;
    const auto station = header.station_name();
    HF_TRY(const auto entry, transaction.append("factory.imported", {"station:" + station},
                                                {{"factory", header.factory},
                                                 {"epoch", header.epoch},
                                                 {"counter", header.counter},
                                                 {"lines", header.head.lines},
                                                 {"head", to_hex(header.head.hash)},
                                                 {"from", skipped + 1}}));
    Lines lines(transaction, header, imported);
    HF_CHECK(lines.begin(entry, found.row));
    if (!found.continues)
      lines.alarm({.kind = "rollback",
                   .detail = "the bundle of " + std::to_string(header.head.lines) + " lines does not continue the " +
                             std::to_string(found.before->lines) +
                             " that were imported: the station's journal was put back"});
    else if (found.before && header.counter < found.before->counter)
      lines.alarm({.kind = "rollback", .detail = "the station's counter went back"});
    HF_CHECK(lines.check_epoch());
    in.clear();
    in.seekg(0);
    BundleReader reader(in);
    HF_CHECK(reader.header());
    while (reader.head().lines < found.row.read_lines) {
      HF_TRY(const auto line, reader.next());
      if (!line) break;
      HF_CHECK(lines.take(*line, line->number <= skipped));
    }
    if (!found.broken.empty())
      lines.alarm({.kind = "altered",
                   .line = found.row.read_lines + 1,
                   .detail = found.broken + "; " + std::to_string(header.head.lines - found.row.read_lines) +
                             " lines of it were not read"});
    HF_CHECK(lines.end());
    return std::move(imported);
  });
}

}  // namespace hf::factory
