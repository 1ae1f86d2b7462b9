// Who holds the keys of one token and decides about every signature. It believes its own charters, its own journal and
// its own clock, and nothing that a database says: a caller brings the request, the approvals and the evidence, and
// each is checked here.
//
//   <token directory>/signer/charters/<key>.json   the charter in force of each key
//   <token directory>/signer/journal               every use, before it happens (journal.h)
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "crypto/token.h"
#include "keys/authorize.h"
#include "keys/signer/journal.h"

namespace hf::keys {

// Beside the journal after a backup was restored (instance/backup.cpp). What was used since the backup is not known
// then: the custodian writes that down, takes the mark away, and takes no request that was made before.
inline constexpr std::string_view kRestoredMark = "restored";

// One signature that is asked for.
struct SignOrder {
  SigningRequest request;
  std::vector<Approval> approvals{};
  Bytes evidence{};
  // Under a grant: who uses it for what. Under a `sign` request these are the request's.
  std::string requester{}, branch{}, product{}, format{};
  crypto::SignatureScheme scheme{};
  Time signing_time{};  // under a grant; at most an hour from the custodian's clock
  Bytes certificate{};  // DER, for containers that carry one
  std::vector<Bytes> intermediates{};
};

struct Signature {
  Bytes signature;               // the last, of a format that takes more than one
  Bytes input;                   // what the scheme signed
  std::int64_t journal = 0;      // line of the use
  JournalHead head;              // of the journal, after it
  std::vector<Bytes> earlier{};  // the signatures before it
};

// A request that was signed by breaking glass, and that its key's approvers have not met in full yet.
struct BrokenGlass {
  std::string request;  // digest, hex
  Time due{};           // from then on the key breaks no more glass
  bool rejected = false;
};

class Custodian {
 public:
  using FormatFinder = std::function<const Format*(std::string_view)>;

  // HF-SIGNER-0001, 0002, 0004 (a charter that cannot be read).
  static Result<std::unique_ptr<Custodian>> open(std::unique_ptr<crypto::Token> token,
                                                 const std::filesystem::path& directory, const Clock& clock,
                                                 FormatFinder formats);

  [[nodiscard]] Result<crypto::TokenInfo> info() { return token_->info(); }
  [[nodiscard]] Result<crypto::TokenContents> contents() { return token_->contents(); }
  [[nodiscard]] JournalHead head() const { return journal_->head(); }
  // How often each version was used, as the journal has it: "<key>/<version>".
  [[nodiscard]] std::map<std::string, std::int64_t> uses() const;
  [[nodiscard]] Result<crypto::TokenKey> generate(crypto::KeyAlgorithm algorithm, std::string_view label);

  // The first charter of a key that has none. HF-SIGNER-0005 if it has one, or the token does not hold its versions.
  Result<void> found(const Charter& charter);
  // Another charter, as the one in force allows. HF-SIGNER-0006 with what is lacking; 0005 as found().
  Result<void> succeed(const Charter& next, const SigningRequest& request, std::span<const Approval> approvals);
  // A rejection kills a request for good, whatever approvals are shown later. HF-SIGNER-0006 if it is no approver's.
  Result<void> reject(const SigningRequest& request, const Approval& rejection);
  // The full profile of the charter in force has met a request that was signed by breaking glass, be it late.
  // HF-SIGNER-0006 with what is lacking; 0015 if no glass was broken with it. Told again it stays ratified.
  Result<void> ratify(const SigningRequest& request, std::span<const Approval> approvals);
  [[nodiscard]] std::vector<BrokenGlass> broken_glass(std::string_view key) const;  // not ratified; first due first
  // The key signs nothing, at once and by anyone's word: stopping needs no quorum, going on does. It ends when a
  // charter comes into force that was asked for after it. HF-SIGNER-0007.
  Result<void> freeze(std::string_view key, std::string_view by);
  [[nodiscard]] Result<Charter> charter(std::string_view key) const;  // HF-SIGNER-0007 if there is none

  // HF-SIGNER-0006 with everything that is lacking. Any other error: see crypto::may_have_signed().
  Result<Signature> sign(const SignOrder& order);

 private:
  Custodian(std::unique_ptr<crypto::Token> token, std::filesystem::path directory, const Clock& clock,
            FormatFinder formats)
      : token_(std::move(token)), directory_(std::move(directory)), clock_(clock), formats_(std::move(formats)) {}
  struct Begun {
    std::string request, key, version, challenge;
  };
  void replay(std::int64_t line, const JsonObject& record);
  Result<void> load_charters();
  Result<void> note_restore();
  // Why a request of before a restore is void, where there was one. With mutex_ held.
  [[nodiscard]] std::optional<Lack> outdated(const SigningRequest& request) const;
  Result<void> keep(const Charter& charter);
  Result<void> check_versions(const Charter& charter);
  [[nodiscard]] Result<void> check_apart(const Charter& charter) const;  // with mutex_ held
  [[nodiscard]] Time now();  // with mutex_ held: never before what the journal has seen
  [[nodiscard]] Counts counts_of(const std::string& request, const std::string& key, const std::string& version,
                                 const std::string& challenge, Time at);
  // Of the charter in force: verified once for as long as request, approvals and charter are the same. With mutex_
  // held.
  struct Seen {
    SigningRequest request;
    std::vector<Approval> approvals;
    std::int64_t sequence = 0;  // of the charter
    Verified verified;
  };
  [[nodiscard]] const Verified& verified(const Charter& charter, const SigningRequest& request,
                                         const std::vector<Approval>& approvals);
  void break_glass(const std::string& key, const std::string& request, Time due);
  void mend_glass(const std::string& key, const std::string& request);  // after a use was taken back
  void count(const std::string& request, const std::string& key, const std::string& version,
             const std::string& challenge, Time at, std::int64_t by);

  std::unique_ptr<crypto::Token> token_;
  std::filesystem::path directory_;
  const Clock& clock_;
  FormatFinder formats_;
  std::unique_ptr<Journal> journal_;

  mutable std::mutex mutex_;  // guards all below, and orders decisions with their journal lines
  std::map<std::string, Charter, std::less<>> charters_;
  std::map<std::string, std::int64_t, std::less<>> of_request_, of_version_, of_challenge_;
  std::map<std::string, std::deque<Time>, std::less<>> recent_;            // uses in the last hour, by key
  std::map<std::string, Time, std::less<>> rejected_;                      // requests, when
  std::map<std::string, Time, std::less<>> frozen_;                        // keys, since when
  std::optional<Time> restored_;                                           // the last time
  std::map<std::string, std::map<std::string, Time>, std::less<>> glass_;  // by key and request: due; not ratified
  std::set<std::string, std::less<>> ratified_;                            // requests
  std::map<std::string, Seen, std::less<>> seen_;                          // by the request's id
  std::map<std::int64_t, Begun> begun_;                                    // of the replay: what a later line may void
  Time latest_{};
};

}  // namespace hf::keys
