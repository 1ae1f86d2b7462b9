#include "keys/signer/custodian.h"

#include <algorithm>

#include "crypto/private_file.h"
#include "keys/ratification.h"

namespace hf::keys {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCharterMax = 1U << 20;
constexpr std::chrono::hours kSigningTimeSkew{1};

std::string version_name(std::string_view key, std::int64_t version) {
  return std::string(key) + "/" + std::to_string(version);
}

auto refused(std::span<const Lack> lacks) { return fail(refusal_of(lacks, "HF-SIGNER-0006", "the signer refuses")); }

}  // namespace

Result<std::unique_ptr<Custodian>> Custodian::open(std::unique_ptr<crypto::Token> token, const fs::path& directory,
                                                   const Clock& clock, FormatFinder formats) {
  std::error_code error;
  fs::create_directories(directory / "charters", error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error)
    return fail(ErrorKind::unavailable, "HF-SIGNER-0001", "the signer cannot use " + directory.string(),
                error.message());
  std::unique_ptr<Custodian> custodian(new Custodian(std::move(token), directory, clock, std::move(formats)));
  HF_TRY(custodian->journal_, Journal::open(directory / "journal", [&](std::int64_t line, const JsonObject& record) {
           custodian->replay(line, record);
         }));
  custodian->begun_.clear();
  HF_CHECK(custodian->note_restore());
  HF_CHECK(custodian->load_charters());
  return custodian;
}

void Custodian::replay(std::int64_t line, const JsonObject& record) {
  const auto at = parse_rfc3339(text_at(record, "at")).value_or(Time{});
  latest_ = std::max(latest_, at);
  const auto what = text_at(record, "what");
  const std::string request(text_at(record, "request")), key(text_at(record, "key"));
  if (what == "begin") {
    const auto version = version_name(key, number_at(record, "version"));
    const std::string challenge(text_at(record, "challenge"));
    count(request, key, version, challenge, at, 1);
    begun_.emplace(line, Begun{request, key, version, challenge});
    if (const auto due = parse_rfc3339(text_at(record, "ratify_by"))) break_glass(key, request, *due);
  } else if (what == "void") {
    if (const auto of = begun_.find(number_at(record, "of")); of != begun_.end()) {
      count(of->second.request, {}, of->second.version, of->second.challenge, at, -1);
      mend_glass(of->second.key, of->second.request);
      begun_.erase(of);
    }
  } else if (what == "end") {
    begun_.erase(number_at(record, "of"));
  } else if (what == "rejected") {
    rejected_[request] = at;
  } else if (what == "restored") {
    restored_ = at;
  } else if (what == "frozen") {
    frozen_[key] = at;
  } else if (what == "ratified") {
    ratified_.insert(request);
    glass_[key].erase(request);
  } else if (what == "succeeded") {
    frozen_.erase(key);
    if (const auto* settled = array_at(record, "settles"))
      for (const auto& one : *settled)
        if (one.is_string()) glass_[key].erase(std::string(one.get_string()));
  }
}

Result<void> Custodian::note_restore() {
  const auto mark = directory_ / kRestoredMark;
  if (!fs::exists(mark)) return {};
  const auto at = now();
  HF_CHECK(journal_->append(at, {{"what", "restored"}}));
  restored_ = at;
  std::error_code error;
  fs::remove(mark, error);  // where that fails the next start says it again, and later requests are void too
  return {};
}

std::optional<Lack> Custodian::outdated(const SigningRequest& request) const {
  if (restored_ && request.created_at <= *restored_)
    return Lack{"restored", "the request was made before the signer was restored from a backup at " +
                                format_rfc3339(*restored_) + ", and what was used since is not known: ask anew"};
  return std::nullopt;
}

std::map<std::string, std::int64_t> Custodian::uses() const {
  const std::lock_guard lock(mutex_);
  return {of_version_.begin(), of_version_.end()};
}

void Custodian::break_glass(const std::string& key, const std::string& request, Time due) {
  if (!ratified_.contains(request)) glass_[key].emplace(request, due);  // of several uses the first counts
}

// A use was taken back. If it was the request's only one, nothing was broken.
void Custodian::mend_glass(const std::string& key, const std::string& request) {
  if (of_request_[request] == 0) glass_[key].erase(request);
}

Result<void> Custodian::load_charters() {
  std::error_code error;
  for (const auto& file : fs::directory_iterator(directory_ / "charters", error)) {
    if (file.path().extension() != ".json") continue;  // a draft of an interrupted write
    HF_TRY(const auto text, crypto::read_private_file(file.path(), kCharterMax));
    const auto json = parse_json(text.text());
    const auto charter = json ? charter_of(*json) : Result<Charter>(fail(json.error()));
    if (!charter || file.path().stem() != charter->key)
      return fail(ErrorKind::conflict, "HF-SIGNER-0004",
                  "the signer's charter " + file.path().string() + " cannot be read",
                  charter ? "of another key" : charter.error().message);
    charters_.emplace(charter->key, *charter);
  }
  if (error)
    return fail(ErrorKind::unavailable, "HF-SIGNER-0001", "the signer cannot read its charters", error.message());
  return {};
}

Result<void> Custodian::keep(const Charter& charter) {
  return crypto::write_private_file(directory_ / "charters" / (charter.key + ".json"), bytes_of(canonical(charter)));
}

Time Custodian::now() {
  latest_ = std::max(latest_, clock_.now());
  return latest_;
}

void Custodian::count(const std::string& request, const std::string& key, const std::string& version,
                      const std::string& challenge, Time at, std::int64_t by) {
  of_request_[request] += by;
  of_version_[version] += by;
  if (!challenge.empty()) of_challenge_[challenge] += by;
  if (by > 0) recent_[key].push_back(at);
}

Counts Custodian::counts_of(const std::string& request, const std::string& key, const std::string& version,
                            const std::string& challenge, Time at) {
  auto& recent = recent_[key];
  while (!recent.empty() && recent.front() <= at - std::chrono::hours(1)) recent.pop_front();
  const auto answered = of_challenge_.find(challenge);
  return {of_request_[request], of_version_[version], std::int64_t(recent.size()),
          answered == of_challenge_.end() ? 0 : answered->second};
}

const Verified& Custodian::verified(const Charter& charter, const SigningRequest& request,
                                    const std::vector<Approval>& approvals) {
  constexpr std::size_t kSeenMax = 256;
  const auto known = seen_.find(request.id);
  if (known != seen_.end() && known->second.sequence == charter.sequence && known->second.request == request &&
      known->second.approvals == approvals)
    return known->second.verified;
  if (known == seen_.end() && seen_.size() >= kSeenMax) seen_.clear();
  auto& seen = seen_[request.id];
  seen = {request, approvals, charter.sequence, verified_of(charter, request, approvals)};
  return seen.verified;
}

Result<crypto::TokenKey> Custodian::generate(crypto::KeyAlgorithm algorithm, std::string_view label) {
  HF_TRY(auto key, token_->generate(algorithm, label));
  const std::lock_guard lock(mutex_);
  HF_CHECK(
      journal_->append(now(), {{"what", "generated"}, {"label", label}, {"fingerprint", to_hex(key.pin.fingerprint)}}));
  return key;
}

// A version that can sign must be on the token, as what the charter says it is.
Result<void> Custodian::check_versions(const Charter& charter) {
  HF_TRY(const auto contents, token_->contents());
  for (const auto& version : charter.versions) {
    if (version.state != VersionState::active && version.state != VersionState::pre_active) continue;
    const auto found = std::ranges::find_if(contents.keys, [&](const auto& key) { return key.pin.id == version.id; });
    if (found == contents.keys.end() || found->pin.fingerprint != version.fingerprint ||
        found->public_key.algorithm != version.algorithm)
      return fail(ErrorKind::conflict, "HF-SIGNER-0005",
                  "the token does not hold version " + std::to_string(version.version) + " of the key " + charter.key +
                      " as the charter says");
    const auto& custody = found->custody;
    // Refused on what the token says; what it does not say is told by `key discover`.
    if (custody.extractable == true || custody.sensitive == false || custody.sign == false || custody.decrypt == true ||
        custody.unwrap == true)
      return fail(ErrorKind::conflict, "HF-SIGNER-0005",
                  "the private key of version " + std::to_string(version.version) +
                      " could leave the token, or can do more than sign");
  }
  return {};
}

// A pair is of one key alone: else the approvers of one could give themselves what those of another decide about.
Result<void> Custodian::check_apart(const Charter& charter) const {
  for (const auto& [name, other] : charters_) {
    if (name == charter.key) continue;
    for (const auto& version : charter.versions)
      if (std::ranges::any_of(other.versions, [&](const auto& one) { return one.fingerprint == version.fingerprint; }))
        return fail(ErrorKind::conflict, "HF-SIGNER-0005", "this key is under the charter of " + name + " already");
  }
  return {};
}

Result<void> Custodian::found(const Charter& charter) {
  if (const auto faults = faults_of(charter); !faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0001",
                "the charter is wrong at " + faults[0].pointer + ": " + faults[0].what);
  HF_CHECK(check_versions(charter));
  const std::lock_guard lock(mutex_);
  if (charters_.contains(charter.key) || charter.sequence != 1 || charter.previous)
    return fail(ErrorKind::conflict, "HF-SIGNER-0005",
                "the key " + charter.key + " has a charter: another needs its approvers");
  HF_CHECK(check_apart(charter));
  HF_CHECK(journal_->append(now(), {{"what", "founded"}, {"key", charter.key}, {"charter", digest_of(charter)}}));
  HF_CHECK(keep(charter));
  charters_.emplace(charter.key, charter);
  return {};
}

Result<void> Custodian::succeed(const Charter& next, const SigningRequest& request,
                                std::span<const Approval> approvals) {
  if (const auto faults = faults_of(next); !faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0001",
                "the charter is wrong at " + faults[0].pointer + ": " + faults[0].what);
  HF_CHECK(check_versions(next));
  const std::lock_guard lock(mutex_);
  const auto in_force = charters_.find(next.key);
  if (in_force == charters_.end())
    return fail(ErrorKind::not_found, "HF-SIGNER-0007", "the key " + next.key + " has no charter yet");
  HF_CHECK(check_apart(next));
  const auto digest = digest_of(request);
  auto lacks = lacks_of_succession(in_force->second, next, request, approvals, now());
  if (rejected_.contains(digest)) lacks.push_back({"rejected", "the request was rejected"});
  // What was approved before knew nothing of what made somebody freeze the key.
  if (const auto frozen = frozen_.find(next.key); frozen != frozen_.end() && request.created_at <= frozen->second)
    lacks.push_back({"frozen", "the request was made before the key was frozen: ask anew"});
  if (auto old = outdated(request)) lacks.push_back(*std::move(old));
  if (!lacks.empty()) return refused(lacks);
  JsonObject record{{"what", "succeeded"}, {"key", next.key}, {"charter", digest_of(next)}, {"request", digest}};
  // What an approver has rejected is never ratified: the approvers answer it with another charter, as they do a freeze.
  JsonArray settled;
  for (const auto& [broken, due] : glass_[next.key]) {
    const auto rejected = rejected_.find(broken);
    if (rejected != rejected_.end() && request.created_at > rejected->second) settled.emplace_back(broken);
  }
  if (!settled.empty()) record["settles"] = settled;
  HF_CHECK(journal_->append(now(), std::move(record)));
  HF_CHECK(keep(next));
  in_force->second = next;
  frozen_.erase(next.key);
  for (const auto& one : settled) glass_[next.key].erase(std::string(one.as_string()));
  return {};
}

Result<void> Custodian::freeze(std::string_view key, std::string_view by) {
  const std::lock_guard lock(mutex_);
  if (!charters_.contains(key))
    return fail(ErrorKind::not_found, "HF-SIGNER-0007", "the key " + std::string(key) + " has no charter");
  if (frozen_.contains(key)) return {};
  const auto at = now();
  HF_CHECK(journal_->append(at, {{"what", "frozen"}, {"key", key}, {"by", by}}));
  frozen_.emplace(key, at);
  return {};
}

Result<void> Custodian::reject(const SigningRequest& request, const Approval& rejection) {
  const std::lock_guard lock(mutex_);
  const auto digest = digest_of(request);
  if (rejected_.contains(digest)) return {};  // told again: one line in the journal is enough
  const auto charter = charters_.find(request.key);
  if (charter == charters_.end())
    return fail(ErrorKind::not_found, "HF-SIGNER-0007", "the key " + request.key + " has no charter");
  const auto broken = glass_.find(request.key);
  const bool used = broken != glass_.end() && broken->second.contains(digest);
  const std::span one(&rejection, 1);
  const auto standing = used ? ratification_standing(charter->second, request, one, now())
                             : standing_of(charter->second, request, one, now());
  if (standing.rejected_by.empty()) return refused(std::vector<Lack>{{"approvals", "the rejection is no approver's"}});
  HF_CHECK(journal_->append(
      now(), {{"what", "rejected"}, {"key", request.key}, {"request", digest}, {"by", standing.rejected_by.front()}}));
  rejected_[digest] = latest_;
  return {};
}

Result<void> Custodian::ratify(const SigningRequest& request, std::span<const Approval> approvals) {
  const std::lock_guard lock(mutex_);
  const auto digest = digest_of(request);
  if (ratified_.contains(digest)) return {};
  const auto charter = charters_.find(request.key);
  const auto broken = glass_.find(request.key);
  if (charter == charters_.end() || broken == glass_.end() || !broken->second.contains(digest))
    return fail(ErrorKind::not_found, "HF-SIGNER-0015", "nothing was signed by breaking glass with this request");
  auto lacks = lacks_of_ratification(charter->second, request, approvals, now());
  if (rejected_.contains(digest)) lacks.push_back({"rejected", "the request was rejected"});
  if (!lacks.empty()) return refused(lacks);
  HF_CHECK(journal_->append(now(), {{"what", "ratified"}, {"key", request.key}, {"request", digest}}));
  ratified_.insert(digest);
  broken->second.erase(digest);
  return {};
}

std::vector<BrokenGlass> Custodian::broken_glass(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  std::vector<BrokenGlass> list;
  if (const auto broken = glass_.find(key); broken != glass_.end())
    for (const auto& [request, due] : broken->second) list.push_back({request, due, rejected_.contains(request)});
  std::ranges::sort(list, {}, &BrokenGlass::due);
  return list;
}

Result<Charter> Custodian::charter(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = charters_.find(key);
  if (found == charters_.end())
    return fail(ErrorKind::not_found, "HF-SIGNER-0007", "the key " + std::string(key) + " has no charter");
  return found->second;
}

Result<Signature> Custodian::sign(const SignOrder& order) {
  const auto& request = order.request;
  const bool granted = request.kind == RequestKind::grant;
  if (order.evidence.size() > kEvidenceMax)
    return fail(ErrorKind::limit, "HF-SIGNER-0008", "the evidence is larger than any format's");
  const auto* viewed = request.view ? request.view->if_contains("format") : nullptr;
  const std::string name = granted                         ? order.format
                           : viewed && viewed->is_string() ? std::string(viewed->get_string())
                                                           : std::string();
  const auto* format = formats_(name);
  if (!format) return fail(ErrorKind::invalid, "HF-SIGNER-0008", "there is no format '" + name + "'");
  HF_TRY(auto view, format->view(order.evidence));
  const Use use{.requester = granted ? order.requester : request.requester,
                .branch = granted ? order.branch : request.branch,
                .product = granted ? order.product : request.product,
                .scheme = granted ? order.scheme : request.scheme,
                .view = std::move(view),
                .evidence_sha256 = to_hex(crypto::sha256({order.evidence})),
                .break_glass = request.break_glass};
  const auto challenge = is_debug_kind(use.view.kind) ? challenge_of(use.view) : std::string();
  const auto version_key = version_name(request.key, request.key_version);

  // Decided and written down in one step, so that of two orders for the last use only one gets it.
  std::unique_lock lock(mutex_);
  const auto charter = charters_.find(request.key);
  if (charter == charters_.end())
    return fail(ErrorKind::not_found, "HF-SIGNER-0007", "the key " + request.key + " has no charter");
  const auto at = now();
  const auto& known = verified(charter->second, request, order.approvals);
  const auto digest = known.request;
  auto lacks = lacks_of_use(charter->second, request, order.approvals, known, use,
                            counts_of(digest, request.key, version_key, challenge, at), at);
  if (rejected_.contains(digest)) lacks.push_back({"rejected", "the request was rejected"});
  if (frozen_.contains(request.key)) lacks.push_back({"frozen", "the key " + request.key + " is frozen"});
  if (auto old = outdated(request)) lacks.push_back(*std::move(old));
  const auto ratify_by = at + std::chrono::hours(charter->second.break_glass_hours);
  if (request.break_glass)
    for (const auto& [broken, due] : glass_[request.key])
      if (at >= due || rejected_.contains(broken))
        lacks.push_back({"ratification", "glass was broken with the request " + broken.substr(0, 12) +
                                             (at >= due ? ", which had to be ratified by " + format_rfc3339(due)
                                                        : std::string(", which an approver has rejected since"))});
  SigningContext context{.key = {},
                         .scheme = use.scheme,
                         .certificate = order.certificate,
                         .intermediates = order.intermediates,
                         .signing_time = granted ? order.signing_time : request.signing_time.value_or(at)};
  // The time of a time stamp is what it is for: however it was approved, it is that of this clock, as exactly as it
  // says.
  const bool stamp = use.view.kind == "timestamp";
  const auto skew = stamp ? std::chrono::milliseconds(number_at(use.view.facts, "accuracy_ms"))
                          : std::chrono::milliseconds(kSigningTimeSkew);
  if ((granted || stamp) && (context.signing_time > at + skew || context.signing_time < at - skew))
    lacks.push_back({"signing_time", "the signing time is not now"});
  if (!granted && request.certificate_sha256 !=
                      (order.certificate.empty() ? std::string() : to_hex(crypto::sha256({order.certificate}))))
    lacks.push_back({"certificate", "the certificate is not the one that was approved"});
  if (!lacks.empty()) return refused(lacks);
  const auto* version = charter->second.version(request.key_version);
  const crypto::KeyPin pin{version->id, version->fingerprint};
  count(digest, request.key, version_key, challenge, at, 1);
  if (request.break_glass) break_glass(request.key, digest, ratify_by);
  lock.unlock();

  const auto give_back = [&](std::int64_t line) {
    const std::lock_guard again(mutex_);
    count(digest, {}, version_key, challenge, at, -1);
    mend_glass(request.key, digest);
    if (auto& recent = recent_[request.key]; !recent.empty()) recent.pop_back();
    if (line > 0) static_cast<void>(journal_->append_soon(latest_, {{"what", "void"}, {"of", line}}));
  };
  // The public key comes from the token under the charter's pin, and the input is made before the use is written down.
  const auto key = token_->public_key(pin);
  const auto to_sign =
      key ? format->to_sign(order.evidence, (context.key = *key, context)) : Result<ToSign>(fail(key.error()));
  if (!to_sign) {
    give_back(0);
    return fail(to_sign.error());
  }
  auto input = to_sign->is_digest ? to_sign->bytes : crypto::signing_input(use.scheme, to_sign->bytes);
  JsonObject begin{{"what", "begin"},
                   {"key", request.key},
                   {"version", request.key_version},
                   {"request", digest},
                   {"evidence", use.evidence_sha256},
                   {"input", to_hex(crypto::sha256({input}))},
                   {"by", use.requester}};
  if (!challenge.empty()) begin["challenge"] = challenge;
  if (request.break_glass) begin["ratify_by"] = format_rfc3339(ratify_by);
  const auto line = journal_->append(at, std::move(begin));
  if (!line) {
    give_back(0);
    return fail(line.error());
  }
  auto signature = token_->sign(pin, use.scheme, input);
  if (!signature) {
    // A reply that was lost may have been a signature: then the use stays used.
    if (!crypto::may_have_signed(signature.error())) give_back(*line);
    return fail(signature.error());
  }
  // More signatures are of the same use. Each is over what the format makes of those before it, and is written down
  // before it is made; whatever fails now, the use stays used.
  while (context.earlier.size() + 1 < format->signatures()) {
    context.earlier.push_back(*signature);
    HF_TRY(const auto next, format->to_sign(order.evidence, context));
    input = next.is_digest ? next.bytes : crypto::signing_input(use.scheme, next.bytes);
    HF_CHECK(journal_->append(at, {{"what", "also"}, {"of", *line}, {"input", to_hex(crypto::sha256({input}))}}));
    signature = token_->sign(pin, use.scheme, input);
    if (!signature) return fail(signature.error());
  }
  static_cast<void>(
      journal_->append_soon(at, {{"what", "end"}, {"of", *line}, {"signature", to_hex(crypto::sha256({*signature}))}}));
  return Signature{*std::move(signature), std::move(input), *line, journal_->head(), std::move(context.earlier)};
}

}  // namespace hf::keys
