// Debug sessions: signing requests of a debug format, and how each ended. Nothing is kept of a session but its request,
// its signature and its closing: what state it is in is computed.
#pragma once

#include "keys/register.h"

namespace hf::keys {

struct DebugClosing {
  std::string person;
  bool locked = false;             // the device was locked again
  std::string attestation_sha256;  // hex; empty: none was read
  std::string note;
  Time closed_at;
  std::int64_t entry = 0;
};

struct DebugSession {
  JudgedRequest judged;
  std::optional<DebugClosing> closing;
  // "closed"; "open" from its signature until then, "overdue" when the request has expired meanwhile; before its
  // signature the state of the request.
  std::string state;
  std::int64_t of_requester = 0;  // sessions that this requester had in the month of this one, with a signature

  [[nodiscard]] const JsonObject& facts() const;  // of the view, as debug_policy.h names them
};

// Newest first, at most `limit` of each key.
[[nodiscard]] Result<std::vector<DebugSession>> debug_sessions(const db::Reader& reader, std::int64_t limit, Time now);
// "2026-11", of when the session was asked for.
[[nodiscard]] std::string month_of(const DebugSession& session);

// HF-KEYS-0030 unless the request is of a debug format and was signed, HF-KEYS-0031 if it is closed already.
Result<void> close_debug_session(db::Database& database, const Clock& clock, const StoredRequest& stored,
                                 const DebugClosing& closing, const ledger::Actor& actor);

}  // namespace hf::keys
