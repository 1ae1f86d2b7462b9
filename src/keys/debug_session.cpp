#include "keys/debug_session.h"

#include <algorithm>
#include <map>

#include "keys/debug_policy.h"
#include "keys/debug_store.h"

namespace hf::keys {
namespace {

bool is_debug(const SigningRequest& request) { return request.view && is_debug_kind(text_at(*request.view, "kind")); }

std::string state_of(const DebugSession& session, Time now) {
  const auto& [stored, judgement, ratification] = session.judged;
  if (session.closing) return "closed";
  if (stored.used > 0) return now >= stored.request.expires_at ? "overdue" : "open";
  return std::string(name_of(judgement.state));
}

}  // namespace

const JsonObject& DebugSession::facts() const {
  static const JsonObject none;
  const auto& view = judged.stored.request.view;
  const auto* facts = view ? object_at(*view, "facts") : nullptr;
  return facts ? *facts : none;
}

std::string month_of(const DebugSession& session) {
  constexpr std::size_t kMonth = 7;
  return format_rfc3339(session.judged.stored.request.created_at).substr(0, kMonth);
}

Result<std::vector<DebugSession>> debug_sessions(const db::Reader& reader, std::int64_t limit, Time now) {
  const Store store(reader);
  std::vector<DebugSession> sessions;
  HF_TRY(const auto names, store.key_names());
  for (const auto& name : names) {
    HF_TRY(const auto key, store.key(name));
    if (!key || key->charter.key_class != KeyClass::debug) continue;
    HF_TRY(const auto handles, store.requests(name, std::numeric_limits<std::int64_t>::max(), limit));
    for (const auto& handle : handles) {
      HF_TRY(auto stored, store.request(handle.digest));
      if (!stored || !is_debug(stored->request)) continue;
      DebugSession session{judged_of(key->charter, *std::move(stored), now), {}, {}};
      HF_TRY(session.closing, closing_of(reader, session.judged.stored.id));
      session.state = state_of(session, now);
      sessions.push_back(std::move(session));
    }
  }
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  const auto counted = [](const DebugSession& session) {
    return std::pair(session.judged.stored.request.requester, month_of(session));
  };
  for (const auto& session : sessions) counts[counted(session)] += session.judged.stored.used > 0 ? 1 : 0;
  for (auto& session : sessions) session.of_requester = counts[counted(session)];
  std::ranges::sort(sessions, std::greater(), [](const DebugSession& session) { return session.judged.stored.id; });
  return sessions;
}

Result<void> close_debug_session(db::Database& database, const Clock& clock, const StoredRequest& stored,
                                 const DebugClosing& closing, const ledger::Actor& actor) {
  if (!is_debug(stored.request) || stored.used == 0)
    return fail(ErrorKind::conflict, "HF-KEYS-0030", "the request is no debug session, or nothing was signed with it");
  if (!is_plain(closing.note) || !is_plain(closing.person))
    return fail(ErrorKind::invalid, "HF-KEYS-0032", "person and note are texts without control characters");
  return ledger::write(database, clock, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto there, closing_of(transaction.db(), stored.id));
    if (there) return fail(ErrorKind::conflict, "HF-KEYS-0031", "the debug session is closed already");
    JsonObject told{{"locked", closing.locked}, {"person", closing.person}};
    if (!closing.attestation_sha256.empty()) told["attestation_sha256"] = closing.attestation_sha256;
    HF_TRY(
        const auto entry,
        transaction.append("debug.closed", {"key:" + stored.request.key, "request:" + stored.digest}, std::move(told)));
    return insert_closing(transaction, entry, stored.id, closing);
  });
}

Result<std::vector<DebugSession>> Register::debug_sessions(std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) { return keys::debug_sessions(reader, limit, clock_.now()); });
}

Result<DebugSession> Register::debug_session(std::string_view digest) const {
  constexpr std::int64_t kAll = 10'000;
  HF_TRY(const auto stored, request(digest));
  HF_TRY(auto sessions, debug_sessions(kAll));
  const auto found =
      std::ranges::find(sessions, stored.digest, [](const DebugSession& one) { return one.judged.stored.digest; });
  if (found == sessions.end()) return fail(ErrorKind::not_found, "HF-KEYS-0030", "the request is no debug session");
  return std::move(*found);
}

Result<void> Register::close_debug_session(std::string_view digest, const DebugClosing& closing,
                                           const ledger::Actor& actor) {
  HF_TRY(const auto stored, request(digest));
  return keys::close_debug_session(database_, clock_, stored, closing, actor);
}

}  // namespace hf::keys
