#include "keys/asking.h"

#include <algorithm>

#include "crypto/random.h"

namespace hf::keys {
namespace {

constexpr std::size_t kIdBytes = 16;

auto refused(std::span<const Lack> lacks) {
  return fail(refusal_of(lacks, "HF-KEYS-0014", "the charter of the key does not allow it"));
}

// What a request is about and too large or too binary for it: named there by its digest.
std::string attachment_of(const NewRequest& wanted) {
  JsonArray intermediates;
  for (const auto& der : wanted.intermediates) intermediates.emplace_back(to_base64(der));
  return to_text(JsonObject{{"evidence", to_base64(wanted.evidence)},
                            {"certificate", to_base64(wanted.certificate)},
                            {"intermediates", std::move(intermediates)}});
}

const KeyVersion* active_of(const Charter& charter) {
  const auto found = std::ranges::find(charter.versions, VersionState::active, &KeyVersion::state);
  return found == charter.versions.end() ? nullptr : &*found;
}

}  // namespace

Result<void> check_certificate(const Format& format, const NewRequest& wanted) {
  if (format.needs_certificate() && wanted.certificate.empty())
    return fail(
        ErrorKind::invalid, "HF-KEYS-0017",
        "the format " + std::string(format.name()) + " carries the signer's certificate: give it with the request");
  return {};
}

Result<crypto::SignatureScheme> scheme_for(const Charter& charter, const KeyVersion& version, const Format& format,
                                           std::optional<crypto::SignatureScheme> wanted) {
  if (wanted) return *wanted;
  const auto known = format.schemes();
  for (const auto scheme : charter.policy.schemes)
    if (crypto::fits(scheme, version.algorithm) && (known.empty() || std::ranges::find(known, scheme) != known.end()))
      return scheme;
  return fail(ErrorKind::invalid, "HF-KEYS-0016",
              "the format " + std::string(format.name()) + " and the key " + charter.key +
                  " have no signature scheme in common");
}

Result<StoredRequest> Register::insert(const SigningRequest& request, std::string_view attachment,
                                       const ledger::Actor& actor) {
  const auto digest = digest_of(request);
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto key, Store(transaction.db()).key(request.key));
    if (!key) return fail(no_key(request.key));
    JsonObject told{{"request", digest}, {"kind", name_of(request.kind)}, {"reason", request.reason}};
    if (request.artifact) told["artifact_sha256"] = request.artifact->sha256;
    HF_TRY(const auto entry,
           transaction.append("signing.requested", {"key:" + request.key, "request:" + digest}, std::move(told)));
    return insert_request(transaction, entry, key->id, request, attachment);
  }));
  return this->request(digest);
}

Result<StoredRequest> Register::ask(const NewRequest& wanted, const ledger::Actor& actor) {
  HF_TRY(const auto key, this->key(wanted.key));
  const auto* format = formats_(wanted.format);
  if (!format) return fail(ErrorKind::invalid, "HF-SIGNER-0008", "there is no format '" + wanted.format + "'");
  const auto* version = active_of(key.charter);
  if (!version) return fail(ErrorKind::conflict, "HF-KEYS-0014", "no version of the key " + wanted.key + " is active");
  HF_CHECK(check_certificate(*format, wanted));
  HF_TRY(auto view, format->view(wanted.evidence));
  HF_TRY(const auto scheme, scheme_for(key.charter, *version, *format, wanted.scheme));
  const auto now = clock_.now();
  const Use use{.requester = wanted.requester,
                .branch = wanted.branch,
                .product = wanted.product,
                .scheme = scheme,
                .view = view,
                .evidence_sha256 = to_hex(crypto::sha256({wanted.evidence})),
                .break_glass = wanted.break_glass};
  if (const auto lacks = lacks_of_policy(key.charter, version->version, use, {.of_version = key.signatures}, now);
      !lacks.empty())
    return refused(lacks);
  const auto valid = wanted.valid.value_or(std::chrono::hours(key.charter.approval.hours));
  const SigningRequest request{
      .kind = RequestKind::sign,
      .id = to_hex(crypto::random_bytes(kIdBytes)),
      .key = wanted.key,
      .key_version = version->version,
      .charter = key.charter_digest,
      .requester = wanted.requester,
      .person = wanted.person,
      .reason = wanted.reason,
      .branch = wanted.branch,
      .created_at = now,
      .expires_at = now + std::min(valid, std::chrono::hours(key.charter.approval.hours)),
      .break_glass = wanted.break_glass,
      .product = wanted.product,
      .scheme = scheme,
      .artifact = wanted.artifact,
      .evidence_sha256 = use.evidence_sha256,
      .view = to_json(view),
      .signing_time = now,
      .certificate_sha256 = wanted.certificate.empty() ? std::string() : to_hex(crypto::sha256({wanted.certificate})),
      .uses = wanted.uses};
  HF_TRY(const auto checked, request_of(to_json(request)));  // as the signer will read it
  return insert(checked, attachment_of(wanted), actor);
}

Result<StoredRequest> Register::ask(const NewGrant& wanted, const ledger::Actor& actor) {
  HF_TRY(const auto key, registered(wanted.key));
  const auto* version = active_of(key.charter);
  if (!version) return fail(ErrorKind::conflict, "HF-KEYS-0014", "no version of the key " + wanted.key + " is active");
  const auto now = clock_.now();
  const SigningRequest request{.kind = RequestKind::grant,
                               .id = to_hex(crypto::random_bytes(kIdBytes)),
                               .key = wanted.key,
                               .key_version = version->version,
                               .charter = key.charter_digest,
                               .requester = wanted.requester,
                               .person = wanted.person,
                               .reason = wanted.reason,
                               .created_at = now,
                               .expires_at = now + wanted.valid,
                               .grant = wanted.grant};
  std::vector<Lack> lacks;
  for (auto& lack : lacks_of_approval(key.charter, request, {}, now))
    if (lack.rule == "grant") lacks.push_back(std::move(lack));
  if (!lacks.empty()) return refused(lacks);
  HF_TRY(const auto checked, request_of(to_json(request)));
  return insert(checked, "", actor);
}

Result<StoredRequest> Register::ask(Charter next, std::string_view requester, std::string_view person,
                                    std::string_view reason, const ledger::Actor& actor) {
  HF_TRY(const auto key, registered(next.key));
  next.sequence = key.charter.sequence + 1;
  next.previous = key.charter_digest;
  if (const auto faults = faults_of(next); !faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0001",
                "the charter is wrong at " + faults[0].pointer + ": " + faults[0].what);
  // Whose custody was read back and recorded: 'key rotate' makes one.
  for (const auto& version : next.versions) {
    HF_TRY(const auto kept,
           database_.read([&](const db::Reader& reader) { return Store(reader).version(key.id, version.version); }));
    if (!kept || kept->fingerprint != to_hex(version.fingerprint))
      return fail(ErrorKind::conflict, "HF-KEYS-0035",
                  "version " + std::to_string(version.version) + " is not one that was made for the key " + next.key +
                      ": 'holdfast key rotate' makes the next one");
  }
  const auto now = clock_.now();
  const SigningRequest request{.kind = RequestKind::charter,
                               .id = to_hex(crypto::random_bytes(kIdBytes)),
                               .key = next.key,
                               .key_version = 1,
                               .charter = key.charter_digest,
                               .requester = std::string(requester),
                               .person = std::string(person),
                               .reason = std::string(reason),
                               .created_at = now,
                               .expires_at = now + std::chrono::hours(key.charter.approval.hours),
                               .next_charter = digest_of(next)};
  HF_TRY(const auto checked, request_of(to_json(request)));
  return insert(checked, canonical(next), actor);
}

}  // namespace hf::keys
