// Over-build is what was issued and not shipped; what was shipped and never issued has no identity of ours. Both to the
// unit.
#include <algorithm>
#include <map>

#include "crypto/sha256.h"
#include "factory/service.h"
#include "fleet/types.h"

namespace hf::factory {
namespace {

auto refuse(std::string why) {
  return fail(ErrorKind::invalid, "HF-FACTORY-0010", "the production report cannot be read: " + std::move(why));
}

struct Report {
  std::map<std::string, int, std::less<>> serials;  // how often each stands there
  std::string sha256;
};

// A cell of RFC 4180 with or without quotes; serials need no more.
std::string_view unquoted(std::string_view cell) {
  cell = trim(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
  return cell;
}

Result<Report> read_report(std::istream& in) {
  constexpr std::size_t kLineMax = 4096, kUnitsMax = 10'000'000;
  Report report;
  crypto::Sha256Stream digest;
  std::string line;
  std::optional<std::size_t> column;
  for (std::int64_t number = 1;; ++number) {
    line.clear();
    int c = in.get();
    for (; c != std::istream::traits_type::eof() && c != '\n'; c = in.get()) {
      if (line.size() >= kLineMax) return refuse("line " + std::to_string(number) + " is longer than 4096 bytes");
      line.push_back(char(c));
    }
    const bool end = c == std::istream::traits_type::eof();
    digest.update(bytes_of(line));
    if (!end) digest.update(bytes_of("\n"));
    if (!trim(line).empty()) {
      const auto cells = split(line, ',');
      if (!column) {
        const auto found = std::ranges::find_if(cells, [](auto cell) { return to_lower(unquoted(cell)) == "serial"; });
        if (found == cells.end()) return refuse("its first line has no column 'serial'");
        column = std::size_t(found - cells.begin());
      } else {
        const auto serial = *column < cells.size() ? unquoted(cells[*column]) : std::string_view();
        if (!fleet::is_serial(serial)) return refuse("line " + std::to_string(number) + " has no serial");
        if (report.serials.size() >= kUnitsMax) return refuse("it has more than ten million units");
        ++report.serials[std::string(serial)];
      }
    }
    if (end) break;
  }
  if (!column) return refuse("it is empty");
  report.sha256 = to_hex(digest.finish());
  return report;
}

}  // namespace

Result<Reconciled> reconcile(db::Database& database, const Clock& clock, const ledger::Actor& actor,
                             const FactoryAuthorisation& authorisation, std::istream& in) {
  HF_TRY(auto report, read_report(in));
  Reconciled made{.totals = {.authorisation = authorisation.id, .report_sha256 = report.sha256}, .differences = {}};
  auto& totals = made.totals;
  totals.shipped = std::int64_t(report.serials.size());
  for (const auto& [serial, times] : report.serials)
    if (times > 1) made.differences.push_back({serial, "twice"});
  HF_CHECK(database.read([&](const db::Reader& reader) {
    return Store(reader).each_identity(authorisation.id, [&](const StoredIdentity& identity) {
      if (identity.state == "voided") return true;
      ++totals.issued;
      const auto shipped = report.serials.find(identity.serial);
      if (shipped == report.serials.end()) {
        ++totals.not_shipped;
        made.differences.push_back({identity.serial, "not_shipped"});
        return true;
      }
      if (identity.state != "activated") made.differences.push_back({identity.serial, "not_activated"});
      report.serials.erase(shipped);  // a serial that was issued twice is shipped once
      return true;
    });
  }));
  for (const auto& [serial, times] : report.serials) made.differences.push_back({serial, "not_issued"});
  totals.not_issued = std::int64_t(report.serials.size());
  std::ranges::stable_sort(made.differences, {}, &Difference::serial);
  HF_CHECK(ledger::write(database, clock, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("factory.reconciled", {"authorisation:" + authorisation.id},
                                                {{"report_sha256", totals.report_sha256},
                                                 {"issued", totals.issued},
                                                 {"shipped", totals.shipped},
                                                 {"not_shipped", totals.not_shipped},
                                                 {"not_issued", totals.not_issued}}));
    return insert_reconciliation(transaction, entry, totals);
  }));
  return made;
}

}  // namespace hf::factory
