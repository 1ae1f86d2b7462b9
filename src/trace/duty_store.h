// What comes due beside vulnerabilities: certificates that end, CRLs to be made, alarms of factories, open debug
// sessions: the SQL. Each is as of the instant that was asked for.
#pragma once

#include "base/json.h"
#include "trace/exposure_store.h"

namespace hf::trace {

class DutyStore {
 public:
  DutyStore(const db::Reader& reader, AsOf as_of) : db_(reader), as_of_(as_of) {}

  // CAs with certificates that end in a span of time and are not revoked: {ca, certificates, more, first}. Counted up
  // to a bound; `more` says that it was reached. Of the CAs of one signing key, unless it is empty.
  [[nodiscard]] Result<JsonArray> ending(std::string_view key, Time from, Time until) const;
  // CRLs whose nextUpdate is before `until`: {ca, shard, next_update, overdue}. First the first that is due.
  [[nodiscard]] Result<JsonArray> crls(Time now, Time until) const;
  // Newest first, raised since: {kind, station, authorisation, serial, detail, raised_at, entry}.
  [[nodiscard]] Result<JsonArray> alarms(Time since, std::int64_t limit) const;
  // Signed and not closed: {digest, key, person, device, expires_at, overdue}. First the first that ends.
  [[nodiscard]] Result<JsonArray> debug_sessions(Time now) const;

 private:
  struct Ca {
    std::int64_t id, shards;
    std::string name, key;
  };
  [[nodiscard]] Result<std::vector<Ca>> authorities() const;

  const db::Reader& db_;
  AsOf as_of_;
};

}  // namespace hf::trace
