#include "keys/register.h"

#include <algorithm>
#include <map>

namespace hf::keys {
namespace {

// Requests that one page looks at, each with the approvals' signatures.
constexpr std::size_t kExaminedMax = 500;
constexpr std::int64_t kBatch = 100;
constexpr std::size_t kAttachmentMax = 4U << 20;
constexpr auto kLast = std::numeric_limits<std::int64_t>::max();

auto no_request(std::string_view digest) {
  return fail(ErrorKind::not_found, "HF-KEYS-0011",
              "there is no signing request '" + std::string(digest.substr(0, 64)) + "'");
}

}  // namespace

Error no_key(std::string_view name) {
  return {ErrorKind::not_found, "HF-KEYS-0011", "there is no key '" + std::string(name.substr(0, 64)) + "'", {}};
}

JudgedRequest judged_of(const Charter& charter, StoredRequest stored, Time now) {
  auto judgement = judge(charter, stored.request, stored.approvals, stored.used, now);
  std::optional<Ratification> ratification;
  if (const auto& glass = stored.glass; glass && glass->ratified_at) {
    ratification = Ratification::ratified;
  } else if (glass) {
    judgement.standing = ratification_standing(charter, stored.request, stored.approvals, now);
    judgement.lacks = lacks_of_ratification(charter, stored.request, stored.approvals, now);
    ratification = ratification_of(judgement.standing, glass->due_at, now);
  }
  return {std::move(stored), std::move(judgement), ratification};
}

std::string closed_because(const JudgedRequest& judged) {
  if (judged.ratification == Ratification::open || judged.ratification == Ratification::overdue) return {};
  if (judged.ratification == Ratification::rejected) return "it was rejected, and that is final";
  return closed_because(judged.stored.request, judged.judgement);
}

std::string sentence_of(const JudgedRequest& judged) {
  const auto& [stored, judgement, ratification] = judged;
  if (!ratification) return sentence_of(stored.request, judgement, stored.used);
  std::vector<std::string> reasons;
  for (const auto& lack : judgement.lacks) reasons.push_back(lack.why);
  const auto due = format_rfc3339(stored.glass->due_at);
  switch (*ratification) {
    case Ratification::open: return "Signed by breaking glass. To be ratified by " + due + ": " + joined(reasons) + ".";
    case Ratification::overdue:
      return "Signed by breaking glass, and not ratified by " + due + ": " + joined(reasons) +
             ". Until it is, the key breaks no more glass.";
    case Ratification::rejected:
      return "Signed by breaking glass, and rejected by " + joined(judgement.standing.rejected_by) +
             ": the key breaks no more glass until its approvers agree to another charter.";
    case Ratification::ratified:
      return "Signed by breaking glass, and ratified" +
             (stored.glass->ratified_at ? " at " + format_rfc3339(*stored.glass->ratified_at) : std::string()) + ".";
  }
  return {};
}

Result<StoredKey> Register::key(std::string_view name) const {
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).counted_key(name); }));
  if (!found) return fail(no_key(name));
  return *std::move(found);
}

Result<StoredKey> Register::registered(std::string_view name) const {
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).key(name); }));
  if (!found) return fail(no_key(name));
  return *std::move(found);
}

Result<std::vector<StoredKey>> Register::keys(std::string_view beginning, std::string_view after,
                                              std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) { return Store(reader).keys(beginning, after, limit); });
}

Result<KeySight> Register::key_sight(std::string_view name) const {
  const auto now = clock_.now();
  return database_.read([&](const db::Reader& reader) -> Result<KeySight> {
    const Store store(reader);
    HF_TRY(auto found, store.key(name));
    if (!found) return fail(no_key(name));
    KeySight sight{*std::move(found), {}};
    HF_TRY(sight.versions, store.versions(sight.key.id));
    HF_TRY(sight.incident, IncidentStore(reader).open(sight.key.id));
    for (const auto& version : sight.versions) sight.key.signatures += version.signatures;
    const RequestQuery open{{RequestState::waiting, RequestState::approved}, std::string(name)};
    std::optional<RequestPlace> after;
    do {
      HF_TRY(const auto page, judged_requests(reader, open, after, std::int64_t(kExaminedMax), now));
      for (const auto& [stored, judgement, ratification] : page.items) {
        const bool waiting = judgement.state == RequestState::waiting;
        sight.waiting += waiting ? 1 : 0;
        sight.grants += !waiting && stored.request.kind == RequestKind::grant ? 1 : 0;
      }
      after = page.next;
    } while (after);
    return sight;
  });
}

Result<StoredRequest> Register::request(std::string_view digest) const {
  constexpr std::size_t kBeginningMin = 8, kDigest = 64;
  return database_.read([&](const db::Reader& reader) -> Result<StoredRequest> {
    const Store store(reader);
    std::string whole(digest);
    if (digest.size() >= kBeginningMin && digest.size() < kDigest) {
      HF_TRY(const auto found, store.digest_from(digest));
      if (!found) return no_request(digest);
      whole = *found;
    }
    HF_TRY(auto stored, store.request(whole));
    if (!stored) return no_request(digest);
    return *std::move(stored);
  });
}

Result<std::vector<StoredRequest>> Register::requests(std::string_view key, std::int64_t before,
                                                      std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<StoredRequest>> {
    const Store store(reader);
    HF_TRY(const auto handles, store.requests(key, before, limit));
    std::vector<StoredRequest> list;
    for (const auto& handle : handles) {
      HF_TRY(auto one, store.request(handle.digest));
      if (one) list.push_back(*std::move(one));
    }
    return list;
  });
}

Result<std::vector<StoredSignature>> Register::signatures(std::string_view key, std::int64_t before,
                                                          std::int64_t limit) const {
  HF_TRY(const auto found, registered(key));
  return database_.read([&](const db::Reader& reader) { return Store(reader).signatures(found.id, before, limit); });
}

Result<RequestPage> judged_requests(const db::Reader& reader, const RequestQuery& query,
                                    const std::optional<RequestPlace>& after, std::int64_t limit, Time now,
                                    std::optional<Time> as_of) {
  const Store store(reader, as_of);
  const auto at = as_of.value_or(now);
  const bool open = !query.states.empty() && std::ranges::all_of(query.states, [](RequestState state) {
    return state == RequestState::waiting || state == RequestState::approved;
  });
  auto place = after.value_or(open ? RequestPlace{micros(at), kLast} : RequestPlace{0, kLast});
  std::map<std::string, std::optional<StoredKey>, std::less<>> keys;
  RequestPage page;
  for (std::size_t examined = 0;;) {
    HF_TRY(const auto handles, open ? store.by_expiry(place, kBatch) : store.requests(query.key, place.id, kBatch));
    for (const auto& handle : handles) {
      if (std::int64_t(page.items.size()) == limit || examined == kExaminedMax) {
        page.next = place;
        return page;
      }
      place = handle.place;
      ++examined;
      HF_TRY(auto stored, store.request(handle.digest));
      const auto& name = stored->request.key;
      if (!query.key.empty() && name != query.key) continue;
      auto known = keys.find(name);
      if (known == keys.end()) {
        HF_TRY(auto key, store.key(name));
        known = keys.emplace(name, std::move(key)).first;
      }
      if (!known->second) continue;  // a key without a charter then
      auto judged = judged_of(known->second->charter, *std::move(stored), at);
      if (query.states.empty() || std::ranges::find(query.states, judged.judgement.state) != query.states.end())
        page.items.push_back(std::move(judged));
    }
    if (std::int64_t(handles.size()) < kBatch) return page;
  }
}

Result<std::vector<JudgedRequest>> unratified(const db::Reader& reader, std::int64_t limit, Time now,
                                              std::optional<Time> as_of) {
  const Store store(reader, as_of);
  HF_TRY(const auto digests, GlassStore(reader, as_of).unratified(limit));
  std::vector<JudgedRequest> list;
  for (const auto& digest : digests) {
    HF_TRY(auto stored, store.request(digest));
    if (!stored) continue;
    HF_TRY(const auto key, store.key(stored->request.key));
    if (key) list.push_back(judged_of(key->charter, *std::move(stored), as_of.value_or(now)));
  }
  return list;
}

Result<RequestPage> Register::judged(const RequestQuery& query, const std::optional<RequestPlace>& after,
                                     std::int64_t limit) const {
  return database_.read(
      [&](const db::Reader& reader) { return judged_requests(reader, query, after, limit, clock_.now()); });
}

Evidence Register::evidence_of(const StoredRequest& stored) const {
  const auto& request = stored.request;
  if (request.kind != RequestKind::sign || !request.view) return {};
  const auto named = text_at(*request.view, "format");
  const auto* format = formats_(named);
  if (!format) return {{}, "there is no format '" + std::string(named) + "' here"};
  const auto json = parse_json(stored.attachment, {.bytes_max = kAttachmentMax});
  const auto* object = json ? json->if_object() : nullptr;
  const auto bytes = object ? from_base64(text_at(*object, "evidence")) : std::nullopt;
  if (!bytes) return {{}, "the evidence that was kept cannot be read"};
  auto view = format->view(*bytes);
  if (!view) return {{}, "the evidence that was kept cannot be read: " + view.error().message};
  const bool same = to_hex(crypto::sha256({*bytes})) == request.evidence_sha256 && to_json(*view) == *request.view;
  return {*std::move(view),
          same ? "" : "the evidence that was kept is not what the request names: the signer refuses it"};
}

Result<RequestSight> Register::sight(std::string_view digest) const {
  HF_TRY(auto stored, this->request(digest));
  HF_TRY(auto key, registered(stored.request.key));
  auto judged = judged_of(key.charter, std::move(stored), clock_.now());
  const auto& request = judged.stored.request;
  auto evidence = evidence_of(judged.stored);
  std::optional<Charter> next;
  if (request.kind == RequestKind::charter) {
    const auto json = parse_json(judged.stored.attachment, {.bytes_max = kAttachmentMax});
    auto charter = json ? charter_of(*json) : Result<Charter>(fail(json.error()));
    if (!charter) evidence.problem = "the charter that was kept cannot be read: " + charter.error().message;
    else if (digest_of(*charter) != request.next_charter)
      evidence.problem = "the charter that was kept is not the one that the request names: the signer refuses it";
    if (charter) next = *std::move(charter);
  }
  return RequestSight{std::move(judged), std::move(key), std::move(evidence), std::move(next)};
}

Result<std::optional<Ratification>> Register::ratification(const StoredRequest& request) const {
  if (!request.glass) return std::optional<Ratification>();
  HF_TRY(const auto key, registered(request.request.key));
  return judged_of(key.charter, request, clock_.now()).ratification;
}

Result<std::vector<Lack>> Register::lacking(const StoredRequest& request) const {
  HF_TRY(const auto key, registered(request.request.key));
  if (request.glass && request.glass->ratified_at) return std::vector<Lack>();
  if (request.glass) return lacks_of_ratification(key.charter, request.request, request.approvals, clock_.now());
  return lacks_of_approval(key.charter, request.request, request.approvals, clock_.now());
}

Result<StoredRequest> Register::decide(std::string_view digest, const Approval& approval, const ledger::Actor& actor) {
  HF_TRY(auto found, request(digest));
  HF_TRY(const auto key, registered(found.request.key));
  const auto now = clock_.now();
  const auto judged = judged_of(key.charter, std::move(found), now);
  const auto& stored = judged.stored;
  const auto* approver = signer_of(approval, key.charter.approvers);
  if (!approver || approval.statement.request != stored.digest)
    return fail(ErrorKind::forbidden, "HF-KEYS-0015",
                "the signature is no approver's of the key " + key.name + ", or not over this request's statement");
  if (stored.request.person == approver->person || stored.request.requester == approver->person)
    return fail(ErrorKind::forbidden, "HF-KEYS-0015", "whoever asks for a signature does not decide on it");
  if (const auto why = closed_because(judged); !why.empty())
    return fail(ErrorKind::conflict, "HF-KEYS-0019", "there is nothing left to decide: " + why);
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    const bool approves = approval.statement.decision == Decision::approve;
    const std::vector<std::string> about{"key:" + key.name, "request:" + stored.digest};
    HF_TRY(const auto entry, transaction.append(approves ? "signing.approved" : "signing.rejected", about,
                                                {{"person", approver->person}}));
    HF_CHECK(insert_approval(transaction, entry, stored.id, approval));
    if (!stored.glass) return {};
    HF_TRY(const auto after, Store(transaction.db()).request(stored.digest));
    if (!lacks_of_ratification(key.charter, after->request, after->approvals, now).empty()) return {};
    HF_TRY(const auto ratified, transaction.append("signing.ratified", about,
                                                   {{"due_at", format_rfc3339(stored.glass->due_at)},
                                                    {"in_time", transaction.now() < stored.glass->due_at}}));
    return insert_ratification(transaction, ratified, stored.id);
  }));
  return request(stored.digest);
}

Result<void> Register::anchor(const NewAnchor& anchor, const ledger::Actor& actor) {
  HF_TRY(const auto key, registered(anchor.key));
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto version, Store(transaction.db()).version(key.id, anchor.version));
    if (!version)
      return fail(ErrorKind::not_found, "HF-KEYS-0011",
                  "the key " + key.name + " has no version " + std::to_string(anchor.version));
    HF_TRY(const auto entry, transaction.append("key.anchored", {"key:" + key.name},
                                                {{"version", anchor.version},
                                                 {"hardware_revision", anchor.hardware_revision},
                                                 {"fused", anchor.fused},
                                                 {"slots", anchor.slots},
                                                 {"platform", anchor.platform}}));
    return insert_anchor(transaction, entry, version->id, anchor);
  });
}

}  // namespace hf::keys
