// Kept answers of changing requests, in the database, so that any server process gives the same answer.
#pragma once

#include "db/database.h"
#include "net/pipeline.h"

namespace hf::accounts {

class IdempotencyStore final : public net::Idempotency {
 public:
  // Answers are kept for a day. A request that never ended (its process was killed) gives its key free after ten
  // minutes: then it is asked again, and the domain's own rules (unique paths, serials) say that it was done.
  static constexpr std::chrono::hours kKept{24};
  static constexpr std::chrono::minutes kAbandoned{10};

  IdempotencyStore(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  [[nodiscard]] Result<Claim> claim(std::string_view principal, std::string_view key, ByteView digest) override;
  [[nodiscard]] Result<void> keep(std::string_view principal, std::string_view key, const Kept& kept) override;
  void give_back(std::string_view principal, std::string_view key) override;

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace hf::accounts
