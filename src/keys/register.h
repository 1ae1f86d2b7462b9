// The register of keys as whoever has no signer sees it: reads what was asked, decided and made, takes what is asked,
// and records decisions. A server runs on it alone; whether a signature may be made, the signer judges again by itself.
#pragma once

#include "keys/incident.h"
#include "keys/ratification.h"
#include "keys/request_state.h"
#include "keys/store.h"

namespace hf::keys {

[[nodiscard]] Error no_key(std::string_view name);  // HF-KEYS-0011

struct JudgedRequest {
  StoredRequest stored;
  Judgement judgement;
  std::optional<Ratification> ratification{};  // of broken glass
};

// As the key's charter and the clock are now. Of broken glass that is not ratified, standing and lacks are those of its
// ratification.
[[nodiscard]] JudgedRequest judged_of(const Charter& charter, StoredRequest stored, Time now);
// Why nothing is left to decide, for people; empty: something is. Glass that was broken is ratified, late or not.
[[nodiscard]] std::string closed_because(const JudgedRequest& judged);
[[nodiscard]] std::string sentence_of(const JudgedRequest& judged);  // where it stands, with what to do next

struct RequestQuery {
  std::vector<RequestState> states{};  // empty: in any
  std::string key{};                   // empty: of every key
};
struct RequestPage {
  std::vector<JudgedRequest> items;  // may be fewer than asked for, or none, although more follow
  std::optional<RequestPlace> next;
};
// Of one snapshot. Those that wait or are approved come by expiry, first the first to expire; all others newest first.
// A state is computed and not kept, so a page ends when a bounded number of requests has been looked at.
[[nodiscard]] Result<RequestPage> judged_requests(const db::Reader& reader, const RequestQuery& query,
                                                  const std::optional<RequestPlace>& after, std::int64_t limit,
                                                  Time now, std::optional<Time> as_of = {});

// What was signed by breaking glass and is not ratified, first due first.
[[nodiscard]] Result<std::vector<JudgedRequest>> unratified(const db::Reader& reader, std::int64_t limit, Time now,
                                                            std::optional<Time> as_of = {});

// What a signature under the request would cover, read from the evidence that is kept beside it.
struct Evidence {
  std::optional<View> view;  // of a `sign` request
  std::string problem;       // why there is none, or why it is not what the request says; empty: all is well
};
// A request with all that a decision needs to know.
struct RequestSight {
  JudgedRequest judged;
  StoredKey key;
  Evidence evidence;
  std::optional<Charter> next;  // of a charter request
};

struct KeySight {
  StoredKey key;
  std::vector<StoredVersion> versions;
  std::int64_t waiting = 0;                  // requests for decisions
  std::int64_t grants = 0;                   // that live
  std::optional<StoredIncident> incident{};  // why it is frozen
};

// What a person or a CI job asks for.
struct NewRequest {
  std::string key, product, format;
  std::optional<crypto::SignatureScheme> scheme{};  // else the first that charter, format and key have in common
  Bytes evidence{};
  Artifact artifact{};
  std::string requester{}, person{}, reason{}, branch{};
  std::int64_t uses = 1;
  Bytes certificate{};  // DER of the signer's certificate, for containers that carry one
  std::vector<Bytes> intermediates{};
  std::optional<std::chrono::hours> valid{};  // else the charter's
  bool break_glass = false;
};

struct NewGrant {
  std::string key;
  Grant grant;
  std::string requester, person, reason;
  std::chrono::hours valid{};
};

struct DebugClosing;
struct DebugSession;

class Register {
 public:
  Register(db::Database& database, const Clock& clock, Custodian::FormatFinder formats)
      : database_(database), clock_(clock), formats_(std::move(formats)) {}

  [[nodiscard]] Result<StoredKey> key(std::string_view name) const;  // HF-KEYS-0011
  [[nodiscard]] Result<KeySight> key_sight(std::string_view name) const;
  [[nodiscard]] Result<std::vector<StoredKey>> keys(std::string_view beginning, std::string_view after,
                                                    std::int64_t limit) const;
  // By its digest or a beginning of it. HF-KEYS-0011.
  [[nodiscard]] Result<StoredRequest> request(std::string_view digest) const;
  [[nodiscard]] Result<std::vector<StoredRequest>> requests(std::string_view key, std::int64_t before,
                                                            std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<StoredSignature>> signatures(std::string_view key, std::int64_t before,
                                                                std::int64_t limit) const;
  [[nodiscard]] Result<RequestPage> judged(const RequestQuery& query, const std::optional<RequestPlace>& after,
                                           std::int64_t limit) const;
  [[nodiscard]] Result<RequestSight> sight(std::string_view digest) const;  // as request()
  [[nodiscard]] Time now() const { return clock_.now(); }
  [[nodiscard]] Result<std::optional<Ratification>> ratification(const StoredRequest& request) const;
  // What is still lacking for the request's approval, now; of broken glass for its ratification.
  [[nodiscard]] Result<std::vector<Lack>> lacking(const StoredRequest& request) const;

  // Also on a request that was signed by breaking glass: until the full profile has met it (ratification.h), whenever.
  // HF-KEYS-0015 if the signature is no approver's, HF-KEYS-0013 if the person has decided already, HF-KEYS-0019 if
  // nothing is left to decide. A rejection kills the request with the signer only when it is handed over
  // (Service::hand_over_rejections).
  Result<StoredRequest> decide(std::string_view digest, const Approval& approval, const ledger::Actor& actor);

  // Refused before anyone is asked if the policy would not allow it: HF-KEYS-0014 with everything that is lacking.
  Result<StoredRequest> ask(const NewRequest& wanted, const ledger::Actor& actor);
  Result<StoredRequest> ask(const NewGrant& wanted, const ledger::Actor& actor);
  // Another charter for its key: sequence and previous are set here.
  Result<StoredRequest> ask(Charter next, std::string_view requester, std::string_view person, std::string_view reason,
                            const ledger::Actor& actor);
  // Newest first, at most `limit` of each key; and one of them, by its request (debug_session.h). HF-KEYS-0030.
  [[nodiscard]] Result<std::vector<DebugSession>> debug_sessions(std::int64_t limit) const;
  [[nodiscard]] Result<DebugSession> debug_session(std::string_view digest) const;
  // HF-KEYS-0030, 0031, 0032.
  Result<void> close_debug_session(std::string_view digest, const DebugClosing& closing, const ledger::Actor& actor);
  // What verifies with a version of the key. HF-KEYS-0011, 0026, 0027.
  Result<void> anchor(const NewAnchor& anchor, const ledger::Actor& actor);

 protected:
  [[nodiscard]] Result<StoredKey> registered(std::string_view name) const;  // as key(), without its count
  [[nodiscard]] Evidence evidence_of(const StoredRequest& stored) const;
  Result<StoredRequest> insert(const SigningRequest& request, std::string_view attachment, const ledger::Actor& actor);

  db::Database& database_;
  const Clock& clock_;
  Custodian::FormatFinder formats_;
};

}  // namespace hf::keys
