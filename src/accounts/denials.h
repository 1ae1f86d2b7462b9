// Denied attempts (401, 403) become evidence, and nobody can fill the disk with them.
//
// The first attempt of a (principal, address) in a minute is an entry at once; the further ones of that minute are
// counted and become one more entry when the minute is over. At most kKeysMax pairs a minute are told apart, all
// others are one pair: at most 2 * (kKeysMax + 1) entries a minute, whatever comes.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "accounts/denial_store.h"
#include "db/database.h"
#include "net/log.h"
#include "net/pipeline.h"

namespace hf::accounts {

class DenialRecorder final : public net::Denials {
 public:
  static constexpr std::size_t kKeysMax = 16;

  DenialRecorder(db::Database& database, const Clock& clock, const net::Log* log = nullptr)
      : database_(database), clock_(clock), log_(log) {}
  ~DenialRecorder() override;  // flush()

  void denied(const net::Request& request, int status, std::string_view code) override;
  // Writes what was only counted; call it when the server stops, and now and then.
  void flush();

 private:
  using Key = std::pair<std::string, std::string>;  // principal, address
  using Pending = std::map<Key, DeniedAttempts>;

  void write(const DeniedAttempts& attempts);

  db::Database& database_;
  const Clock& clock_;
  const net::Log* log_;
  std::mutex mutex_;
  std::int64_t minute_ = 0;
  Pending pending_;  // of this minute; count 0: all of them are written
};

}  // namespace hf::accounts
