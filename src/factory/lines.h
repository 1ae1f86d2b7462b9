// The second pass of an import: journal lines, one after the other, held against orders, holds and everything that was
// imported before. A rule a function; what does not fit is an alarm and goes on.
#pragma once

#include <map>
#include <set>

#include "crypto/x509.h"
#include "factory/import.h"
#include "ledger/segment.h"

namespace hf::factory {

class Lines {
 public:
  Lines(ledger::Transaction& transaction, const BundleHeader& header, Imported& imported)
      : transaction_(transaction),
        store_(transaction.db()),
        header_(header),
        station_(header.station_name()),
        imported_(imported) {}

  Result<void> begin(ledger::EntryId entry, const StoredBundle& bundle);
  void alarm(Alarm alarm);
  Result<void> check_epoch();
  // Of a line that was imported before, only what later ones need.
  Result<void> take(const BundleReader::Line& line, bool known);
  Result<void> end();

 private:
  struct Order {  // an authorisation as this station uses it
    std::optional<FactoryAuthorisation> authorisation;
    std::int64_t last_use = 0, used = 0;
    bool closed = false;
  };
  Result<Order*> order_of(const std::string& id);
  Result<void> take_reserve(const BundleReader::Line& line, Time at);
  Result<void> take_issue(const BundleReader::Line& line);
  Result<void> take_activate(const BundleReader::Line& line);
  Result<void> take_void(const BundleReader::Line& line);
  Result<void> take_close(const BundleReader::Line& line, Time at);
  Result<void> check_order(const BundleReader::Line& line);
  Result<std::optional<StoredIdentity>> identity_of(const BundleReader::Line& line);
  [[nodiscard]] std::string fault_of_certificate(const StoredIdentity& identity, ByteView der) const;
  Result<void> event(JsonObject event);
  Result<void> flush_events();

  ledger::Transaction& transaction_;
  Store store_;
  const BundleHeader& header_;
  std::string station_;
  Imported& imported_;
  std::int64_t bundle_ = 0;
  Time latest_{};
  std::map<std::string, Order> orders_;
  std::vector<StoredHold> holds_;
  std::set<std::string> products_;  // whose holds are in holds_
  std::map<std::string, crypto::x509::Certificate> cas_;
  std::optional<ledger::SegmentBuilder> events_;
};

}  // namespace hf::factory
