// All SQL of ceremonies.
#pragma once

#include "ceremony/transcript.h"
#include "ledger/transaction.h"

namespace hf::ceremony {

struct StoredScript {
  std::int64_t row = 0;
  std::string sha256{}, key{}, envelope{};
  CeremonyScript script{};
  Time registered_at{};
  std::int64_t entry = 0;
};
struct StoredCeremony {
  std::int64_t row = 0, script = 0;  // rows
  std::string run{}, outcome{}, token{}, head{}, transcript_sha256{};
  Time started_at{}, ended_at{}, imported_at{};
  std::int64_t lines = 0, entry = 0;
};
struct StoredStep {
  std::int64_t position = 0;  // from 1
  std::string step{}, line_sha256{}, actor{}, outcome{};
  std::vector<std::string> witnesses{};
  std::int64_t line = 0;
  std::optional<std::string> expected{}, actual{}, reason{};
  JsonArray made{};
  Time done_at{}, confirmed_at{};
  std::int64_t entry = 0;
};
struct Alarm {
  std::string kind;
  std::int64_t position = 0;
  std::string detail;
};

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::optional<StoredScript>> script(std::string_view sha256) const;
  [[nodiscard]] Result<std::vector<std::string>> digests_from(std::string_view beginning) const;  // at most two
  [[nodiscard]] Result<std::vector<StoredScript>> scripts(std::int64_t before,
                                                          std::int64_t limit) const;  // newest first
  [[nodiscard]] Result<std::optional<StoredCeremony>> ceremony(std::int64_t script) const;
  [[nodiscard]] Result<std::string> transcript(std::int64_t ceremony) const;
  [[nodiscard]] Result<std::vector<StoredStep>> steps(std::int64_t ceremony) const;
  [[nodiscard]] Result<std::vector<Alarm>> alarms(std::int64_t ceremony) const;

 private:
  const db::Reader& db_;
};

Result<std::int64_t> insert_script(ledger::Transaction& transaction, ledger::EntryId entry, const StoredScript& script);
Result<std::int64_t> insert_ceremony(ledger::Transaction& transaction, ledger::EntryId entry,
                                     const StoredCeremony& ceremony, std::string_view transcript);
Result<void> insert_step(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ceremony,
                         const StoredStep& step);
Result<void> insert_alarm(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ceremony,
                          const Alarm& alarm);

}  // namespace hf::ceremony
