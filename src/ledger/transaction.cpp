#include "ledger/transaction.h"

#include <algorithm>

#include "ledger/newest.h"
#include "ledger/segment.h"
#include "ledger/tile.h"

namespace hf::ledger {
namespace {

constexpr std::size_t kRowsMax = 256;  // digests that stand in the entry itself; more go to a segment
constexpr std::size_t kSubjectsMax = 256;

const db::Query kInsertEntry{"ledger.insert_entry", R"sql(
    INSERT INTO ledger_entry (entry_id, kind, recorded_at, body, leaf_hash) VALUES ($1, $2, $3, $4, $5))sql"};
const db::Query kInsertSubject{"ledger.insert_subject", R"sql(
    INSERT INTO ledger_subject (subject, entry_id) VALUES ($1, $2) ON CONFLICT DO NOTHING)sql"};
const db::Query kNewest{"ledger.newest", "SELECT recorded_at FROM ledger_entry ORDER BY recorded_at DESC LIMIT 1"};
const db::Query kInsertOutbox{"ledger.insert_outbox", "INSERT INTO ledger_outbox (entry_id) VALUES ($1)"};

std::vector<const ProvenTable*>& registry() {
  static std::vector<const ProvenTable*> tables;
  return tables;
}

Json json_of(const db::Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (std::abs(*integer) < (std::int64_t(1) << 53)) return Json(*integer);
    return Json(std::to_string(*integer));
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) return Json(*text);
  if (const auto* bytes = std::get_if<ByteView>(&value)) return Json(to_hex(*bytes));
  return nullptr;
}

std::vector<std::string> names_of(std::string_view columns) {
  std::vector<std::string> names;
  for (const auto part : split(columns, ',')) names.emplace_back(trim(part));
  return names;
}

}  // namespace

ProvenTable::ProvenTable(std::string_view table, std::string_view key, std::string_view columns)
    : table_(table),
      row_name_("ledger.proven_row." + table_),
      row_sql_("SELECT " + std::string(columns) + " FROM " + table_ + " WHERE " + std::string(key) + " = $1"),
      rows_name_("ledger.proven_rows." + table_),
      rows_sql_("SELECT CAST(" + std::string(key) + " AS TEXT) AS proven_key, entry_id, " + std::string(columns) +
                " FROM " + table_ + " ORDER BY " + std::string(key)),
      columns_(names_of(columns)),
      row_(row_name_, row_sql_),
      rows_(rows_name_, rows_sql_) {
  registry().push_back(this);
}

std::vector<const ProvenTable*> ProvenTable::all() {
  auto tables = registry();
  std::sort(tables.begin(), tables.end(), [](const auto* a, const auto* b) { return a->table() < b->table(); });
  return tables;
}

Hash ProvenTable::digest(const db::Row& row) const {
  JsonObject object;
  const auto first = row.size() - columns_.size();  // rows_query has the key and the entry in front
  for (std::size_t i = 0; i < columns_.size(); ++i) object[columns_[i]] = json_of(row[first + i]);
  return crypto::sha256({bytes_of(canonical_json(object).value())});
}

Result<Time> newest_time(const db::Reader& reader) {
  HF_TRY(const auto micros, reader.number(kNewest));
  return time_of(micros);
}

Result<Transaction> Transaction::begin(db::Writer& writer, const Clock& clock, Actor actor) {
  HF_TRY(const auto newest, newest_time(writer));
  return Transaction(writer, std::max(clock.now(), newest + std::chrono::microseconds(1)), std::move(actor));
}

Result<EntryId> Transaction::append(std::string kind, std::vector<std::string> subjects, JsonObject data) {
  HF_TRY(const auto id, writer_.next_id());
  entries_.push_back({{id}, std::move(kind), std::move(subjects), std::move(data), {}});
  return EntryId{id};
}

Transaction::Open& Transaction::open(EntryId entry) {
  return *std::find_if(entries_.begin(), entries_.end(), [&](const Open& o) { return o.id == entry; });
}

Result<void> Transaction::prove(EntryId entry, const ProvenTable& table, std::int64_t key) {
  HF_TRY(const auto digest, writer_.find(
                                table.row_query(), [&](const db::Row& row) { return table.digest(row); }, key));
  if (!digest)
    return fail(ErrorKind::internal, "HF-LEDGER-0006", "a row to be proven is not there",
                std::string(table.table()) + " " + std::to_string(key));
  open(entry).rows.push_back(
      JsonObject{{"table", table.table()}, {"key", std::to_string(key)}, {"sha256", to_hex(*digest)}});
  return {};
}

void Transaction::note(EntryId entry, std::string_view name, Json value) { open(entry).data[name] = std::move(value); }

Result<void> Transaction::finish() {
  if (entries_.empty())
    return fail(ErrorKind::internal, "HF-LEDGER-0005", "nothing was changed: the change carries no evidence",
                actor_.name);
  for (auto& entry : entries_) {
    // C2SP tlog-tiles frames an entry with 16 bits, so many rows are proven as the lines of a segment, and many
    // subjects by their digest.
    Json rows = entry.rows;
    if (entry.rows.size() > kRowsMax) {
      SegmentBuilder lines;
      for (const auto& row : entry.rows) {
        HF_TRY(const auto line, canonical_json(row));
        lines.add(line);
      }
      HF_TRY(const auto segment_id, writer_.next_id());
      HF_TRY(const auto root, lines.insert(writer_, entry.id, segment_id));
      rows = JsonObject{
          {"segment", std::to_string(segment_id)}, {"events", std::int64_t(entry.rows.size())}, {"root", to_hex(root)}};
    }
    std::sort(entry.subjects.begin(), entry.subjects.end());
    entry.subjects.erase(std::unique(entry.subjects.begin(), entry.subjects.end()), entry.subjects.end());
    Json subjects = JsonArray(entry.subjects.begin(), entry.subjects.end());
    if (entry.subjects.size() > kSubjectsMax) {
      HF_TRY(const auto all, canonical_json(subjects));
      subjects = JsonObject{{"count", std::int64_t(entry.subjects.size())},
                            {"sha256", to_hex(crypto::sha256({bytes_of(all)}))}};
    }
    JsonObject body{{"actor", actor_.name}, {"data", std::move(entry.data)}, {"id", std::to_string(entry.id.value)},
                    {"kind", entry.kind},   {"role", actor_.role},           {"rows", std::move(rows)},
                    {"subjects", subjects}, {"time", format_rfc3339(now_)},  {"v", 1}};
    if (!actor_.reason.empty()) body["reason"] = actor_.reason;
    HF_TRY(const auto text, canonical_json(body));
    if (text.size() > kEntryMax)
      return fail(ErrorKind::limit, "HF-LEDGER-0012",
                  "this act is too large for one entry of the ledger; do it in parts",
                  entry.kind + ", " + std::to_string(text.size()) + " bytes");
    HF_CHECK(writer_.execute(kInsertEntry, entry.id, entry.kind, now_, bytes_of(text), leaf_hash(bytes_of(text))));
    for (const auto& subject : entry.subjects) HF_CHECK(writer_.execute(kInsertSubject, subject, entry.id));
    HF_CHECK(writer_.execute(kInsertOutbox, entry.id));
  }
  entries_.clear();
  return {};
}

}  // namespace hf::ledger
