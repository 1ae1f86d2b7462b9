#include "keys/request_state.h"

#include <algorithm>
#include <array>

namespace hf::keys {
namespace {

constexpr std::array<std::string_view, 7> kStates{"waiting", "approved",   "used",   "rejected",
                                                  "expired", "superseded", "refused"};

bool has(const std::vector<Lack>& lacks, std::string_view rule) {
  return std::ranges::find(lacks, rule, &Lack::rule) != lacks.end();
}

std::string reasons_of(const std::vector<Lack>& lacks) {
  std::vector<std::string> reasons;
  reasons.reserve(lacks.size());
  for (const auto& lack : lacks) reasons.push_back(lack.why);
  return joined(reasons);
}

}  // namespace

std::string_view name_of(RequestState state) {
  const auto at = std::size_t(state);
  return at < kStates.size() ? kStates[at] : std::string_view();
}

std::optional<RequestState> request_state_of(std::string_view name) {
  const auto found = std::ranges::find(kStates, name);
  if (found == kStates.end()) return std::nullopt;
  return RequestState(found - kStates.begin());
}

std::int64_t uses_of(const SigningRequest& request) {
  if (request.kind == RequestKind::grant) return request.grant ? request.grant->signatures : 0;
  return request.kind == RequestKind::sign ? request.uses : 1;
}

Judgement judge(const Charter& in_force, const SigningRequest& request, std::span<const Approval> approvals,
                std::int64_t used, Time now) {
  const auto verified = verified_of(in_force, request, approvals);
  Judgement judgement{RequestState::waiting, standing_of(in_force, request, approvals, verified, now),
                      lacks_of_approval(in_force, request, approvals, verified, now)};
  const auto& lacks = judgement.lacks;
  const bool decisions_help =
      std::ranges::all_of(lacks, [](const Lack& lack) { return lack.rule == "approvals" || lack.rule == "not_yet"; });
  judgement.state = used >= uses_of(request) ? RequestState::used
                    : has(lacks, "rejected") ? RequestState::rejected
                    : has(lacks, "expired")  ? RequestState::expired
                    : has(lacks, "charter")  ? RequestState::superseded
                    : lacks.empty()          ? RequestState::approved
                    : decisions_help         ? RequestState::waiting
                                             : RequestState::refused;
  return judgement;
}

std::string closed_because(const SigningRequest& request, const Judgement& judgement) {
  switch (judgement.state) {
    case RequestState::waiting:
    case RequestState::approved: return {};
    case RequestState::used:
      return request.kind == RequestKind::charter ? "the charter came into force"
             : request.kind == RequestKind::grant ? "the signatures of the grant are used up"
                                                  : "the signature has been made";
    case RequestState::rejected: return "it was rejected, and that is final";
    case RequestState::expired: return "it expired at " + format_rfc3339(request.expires_at);
    case RequestState::superseded: return "the charter of the key has changed since: ask again";
    case RequestState::refused: return "the charter of the key does not allow it: " + reasons_of(judgement.lacks);
  }
  return {};
}

std::string sentence_of(const SigningRequest& request, const Judgement& judgement, std::int64_t used) {
  const auto left = uses_of(request) - used;
  switch (judgement.state) {
    case RequestState::waiting: return "Waits for decisions: " + reasons_of(judgement.lacks) + ".";
    case RequestState::approved:
      if (request.kind == RequestKind::grant)
        return "Lives: " + std::to_string(left) + " of " + std::to_string(uses_of(request)) +
               " signatures are left, until " + format_rfc3339(request.expires_at) + ".";
      return request.kind == RequestKind::charter ? "Approved: 'holdfast sign run' puts the charter in force."
                                                  : "Approved: 'holdfast sign run' makes the signature.";
    case RequestState::rejected: return "Rejected by " + joined(judgement.standing.rejected_by) + ", for good.";
    default: return "Closed: " + closed_because(request, judgement) + ".";
  }
}

}  // namespace hf::keys
