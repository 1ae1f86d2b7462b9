// The signer process from outside: started on first use, watched, killed when it does not answer in time, started anew.
// A vendor's library that hangs cannot be stopped in any other way.
#pragma once

#include <condition_variable>
#include <memory>
#include <thread>

#include "crypto/token_setup.h"
#include "keys/signer/custodian.h"

namespace hf::keys {

struct SignerConfig {
  crypto::TokenConfig token;
  std::vector<crypto::TokenConfig> others{};  // of its failover group
  std::filesystem::path directory;            // charters and journal
  std::string program;                        // that calls run_signer() on descriptor kSignerChannel; "/proc/self/exe"
  std::vector<std::string> arguments;
  std::chrono::milliseconds deadline{20'000};  // of one answer; RSA-4096 key pairs take seconds
  std::chrono::milliseconds patience{1'000};   // after a failed start, doubled by each further one up to a minute
};
inline constexpr int kSignerChannel = 3;

// How often each version was used, "<key>/<version>", as a journal of so many lines has it.
struct SignerUses {
  std::int64_t lines = 0;
  std::map<std::string, std::int64_t> uses;
};

// For any number of threads. Errors are the custodian's; and HF-SIGNER-0009, it died; 0011, it did not answer in time
// and was killed; 0012, it does not start, and is not tried again before some time has passed. After 0009 and 0011 of a
// sign() the use counts as used.
class Signer {
 public:
  Signer(SignerConfig config, const Clock& clock);
  ~Signer();  // lets it finish what it has begun

  Result<JournalHead> head();
  Result<SignerUses> uses();
  Result<crypto::TokenContents> contents();
  Result<crypto::TokenKey> generate(crypto::KeyAlgorithm algorithm, std::string_view label);
  Result<void> found(const Charter& charter);
  Result<void> succeed(const Charter& next, const SigningRequest& request, std::span<const Approval> approvals);
  Result<void> reject(const SigningRequest& request, const Approval& rejection);
  Result<void> ratify(const SigningRequest& request, std::span<const Approval> approvals);
  Result<std::vector<BrokenGlass>> broken_glass(std::string_view key);
  Result<void> freeze(std::string_view key, std::string_view by);
  Result<Charter> charter(std::string_view key);
  Result<Signature> sign(const SignOrder& order);

  [[nodiscard]] int process() const;  // 0: not running

 private:
  struct Child;
  Result<JsonObject> call(std::string_view op, JsonObject message, const SignOrder* order = nullptr);
  Result<std::shared_ptr<Child>> running();  // with mutex_ held
  void end(const std::shared_ptr<Child>& child, bool kill);

  SignerConfig config_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<Child> child_;
  int failed_starts_ = 0;
  std::size_t hangs_ = 0;  // after each another member of the group comes first
  Time not_before_{};
  std::optional<Error> why_;
};

}  // namespace hf::keys
