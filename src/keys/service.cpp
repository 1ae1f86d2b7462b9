#include "keys/service.h"

#include <algorithm>
#include <set>

#include "crypto/random.h"

namespace hf::keys {
namespace {

constexpr std::size_t kIdBytes = 16;

std::string label_of(std::string_view key, int version) { return std::string(key) + "-" + std::to_string(version); }

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

Result<void> attach(SignOrder& order, std::string_view attachment) {
  HF_TRY(const auto json, parse_json(attachment, {.bytes_max = 4U << 20}));
  const auto bytes = [](const Json& text) { return from_base64(text.as_string()).value_or(Bytes()); };
  order.evidence = bytes(json.at("evidence"));
  order.certificate = bytes(json.at("certificate"));
  for (const auto& der : json.at("intermediates").as_array()) order.intermediates.push_back(bytes(der));
  return {};
}

Result<void> check_certificate(const Format& format, const NewRequest& wanted) {
  if (format.needs_certificate() && wanted.certificate.empty())
    return fail(
        ErrorKind::invalid, "HF-KEYS-0017",
        "the format " + std::string(format.name()) + " carries the signer's certificate: give it with the request");
  return {};
}

const KeyVersion* active_of(const Charter& charter) {
  const auto found = std::ranges::find(charter.versions, VersionState::active, &KeyVersion::state);
  return found == charter.versions.end() ? nullptr : &*found;
}

}  // namespace

Result<StoredKey> Service::create_key(const NewKey& wanted, const ledger::Actor& actor) {
  auto charter = wanted.charter;
  HF_TRY(const auto there, database_.read([&](const db::Reader& reader) { return Store(reader).key(charter.key); }));
  if (there) return fail(ErrorKind::conflict, "HF-KEYS-0010", "there is a key '" + charter.key + "' already");
  charter.sequence = 1;
  charter.previous.reset();
  // Faults first, and with a stand-in for the version: a pair that nobody needs is not made.
  charter.versions = {
      {.version = 1, .algorithm = wanted.algorithm, .id = {0}, .fingerprint = {}, .state = VersionState::active}};
  if (const auto faults = faults_of(charter); !faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0001",
                "the charter is wrong at " + faults[0].pointer + ": " + faults[0].what);

  const auto label = label_of(charter.key, 1);
  auto key = signer_.generate(wanted.algorithm, label);
  if (!key && key.error().code == "HF-KEY-0007") {  // of an interrupted try
    HF_TRY(const auto contents, signer_.contents());
    const auto found = std::ranges::find(contents.keys, label, &crypto::TokenKey::label);
    if (found == contents.keys.end() || found->public_key.algorithm != wanted.algorithm) return fail(key.error());
    key = *found;
  }
  if (!key) return fail(key.error());
  charter.versions[0].id = key->pin.id;
  charter.versions[0].fingerprint = key->pin.fingerprint;
  const auto kept = signer_.charter(charter.key);
  if (!kept) HF_CHECK(signer_.found(charter));
  else if (digest_of(*kept) != digest_of(charter))
    return fail(ErrorKind::conflict, "HF-KEYS-0010",
                "the signer has a key '" + charter.key + "' under another charter, which is not in the register");
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("key.created", {"key:" + charter.key},
                                                {{"fingerprint", to_hex(key->pin.fingerprint)},
                                                 {"charter", digest_of(charter)},
                                                 {"owner", charter.owner},
                                                 {"deputy", charter.deputy}}));
    return insert_key(transaction, entry, charter, {*key});
  }));
  return this->key(charter.key);
}

Result<std::vector<Discrepancy>> Service::discover() {
  HF_TRY(const auto contents, signer_.contents());
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<Discrepancy>> {
    const Store store(reader);
    std::vector<Discrepancy> found;
    std::set<std::string> present;
    for (const auto& key : contents.keys) {
      const auto fingerprint = to_hex(key.pin.fingerprint);
      present.insert(fingerprint);
      HF_TRY(const auto name, store.key_with(fingerprint));
      if (!name && key.label == crypto::kLedgerKey) continue;  // the installation's own, in keys.json
      if (!name)
        found.push_back({"unknown", key.label, fingerprint, "the token has a key that the register does not know"});
      if (key.custody.extractable == true || key.custody.sensitive == false || key.custody.never_extractable == false)
        found.push_back({"exportable", name.value_or(key.label), fingerprint,
                         "the private key can leave the token, or could once"});
      if (key.custody.decrypt == true || key.custody.unwrap == true || key.custody.wrap == true ||
          key.custody.derive == true)
        found.push_back({"not_only_signing", name.value_or(key.label), fingerprint, "the key can do more than sign"});
    }
    for (const auto& odd : contents.odd) found.push_back({"orphan", odd.label, to_hex(odd.id), odd.why});
    HF_TRY(const auto names, store.key_names());
    for (const auto& name : names) {
      HF_TRY(const auto key, store.key(name));
      for (const auto& version : key->charter.versions)
        if (version.state != VersionState::destroyed && !present.contains(to_hex(version.fingerprint)))
          found.push_back({"missing", name, to_hex(version.fingerprint),
                           "version " + std::to_string(version.version) + " is not on the token"});
    }
    return found;
  });
}

Result<crypto::SignatureScheme> Service::scheme_for(const Charter& charter, const KeyVersion& version,
                                                    const Format& format,
                                                    std::optional<crypto::SignatureScheme> wanted) const {
  if (wanted) return *wanted;
  const auto known = format.schemes();
  for (const auto scheme : charter.policy.schemes)
    if (crypto::fits(scheme, version.algorithm) && (known.empty() || std::ranges::find(known, scheme) != known.end()))
      return scheme;
  return fail(ErrorKind::invalid, "HF-KEYS-0016",
              "the format " + std::string(format.name()) + " and the key " + charter.key +
                  " have no signature scheme in common");
}

Result<StoredRequest> Service::insert(const SigningRequest& request, std::string_view attachment,
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

Result<StoredRequest> Service::ask(const NewRequest& wanted, const ledger::Actor& actor) {
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

Result<StoredRequest> Service::ask(const NewGrant& wanted, const ledger::Actor& actor) {
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

Result<StoredRequest> Service::ask(Charter next, std::string_view requester, std::string_view person,
                                   std::string_view reason, const ledger::Actor& actor) {
  HF_TRY(const auto key, registered(next.key));
  next.sequence = key.charter.sequence + 1;
  next.previous = key.charter_digest;
  if (const auto faults = faults_of(next); !faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0001",
                "the charter is wrong at " + faults[0].pointer + ": " + faults[0].what);
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

Result<void> Service::hand_over_rejections() {
  HF_TRY(const auto rejected, database_.read([&](const db::Reader& reader) -> Result<std::vector<StoredRequest>> {
    const Store store(reader);
    HF_TRY(const auto digests, store.rejected(clock_.now()));
    std::vector<StoredRequest> list;
    for (const auto& digest : digests) {
      HF_TRY(auto one, store.request(digest));
      if (one) list.push_back(*std::move(one));
    }
    return list;
  }));
  for (const auto& stored : rejected)
    for (const auto& approval : stored.approvals) {
      if (approval.statement.decision != Decision::reject) continue;
      const auto handed = signer_.reject(stored.request, approval);
      // Refused: the charter in force does not know the person, so it is not the request's either, and nothing is
      // signed with it. One row that the signer does not believe must not stop every other signature.
      if (!handed && handed.error().kind != ErrorKind::forbidden && handed.error().kind != ErrorKind::not_found)
        return fail(handed.error());
    }
  return {};
}

Result<StoredKey> Service::put_in_force(std::string_view digest, const ledger::Actor& actor) {
  HF_CHECK(hand_over_rejections());
  HF_TRY(const auto stored, request(digest));
  if (stored.request.kind != RequestKind::charter)
    return fail(ErrorKind::invalid, "HF-KEYS-0016", "the request is not for a charter");
  HF_TRY(const auto json, parse_json(stored.attachment));
  HF_TRY(const auto next, charter_of(json));
  HF_TRY(const auto kept, signer_.charter(next.key));
  if (digest_of(kept) != digest_of(next))
    HF_CHECK(signer_.succeed(next, stored.request, stored.approvals));  // else an interrupted try
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto key, Store(transaction.db()).key(next.key));
    if (!key) return fail(no_key(next.key));
    if (key->charter_digest == digest_of(next))
      return fail(ErrorKind::conflict, "HF-KEYS-0010", "the charter is in force already");
    HF_TRY(const auto entry, transaction.append("key.charter_changed", {"key:" + next.key, "request:" + stored.digest},
                                                {{"charter", digest_of(next)}}));
    return insert_charter(transaction, entry, key->id, next);
  }));
  return key(next.key);
}

Result<Signed> Service::make(const StoredRequest& stored, SignOrder order, const Artifact& artifact,
                             const ledger::Actor& actor) {
  HF_CHECK(hand_over_rejections());
  const auto& request = stored.request;
  const bool granted = request.kind == RequestKind::grant;
  HF_TRY(const auto key, registered(request.key));
  HF_TRY(const auto version,
         database_.read([&](const db::Reader& reader) { return Store(reader).version(key.id, request.key_version); }));
  if (!version) return fail(no_key(request.key));
  HF_TRY(const auto spki, crypto::public_key_of_spki(from_hex(version->spki).value_or(Bytes())));
  HF_TRY(auto made, signer_.sign(order));
  Signed out{.id = 0,
             .signature = made.signature,
             .evidence = order.evidence,
             .context = {.key = spki,
                         .scheme = granted ? order.scheme : request.scheme,
                         .certificate = order.certificate,
                         .intermediates = order.intermediates,
                         .signing_time = granted ? order.signing_time : request.signing_time.value_or(Time{}),
                         .earlier = made.earlier},
             .format = granted ? order.format : std::string(request.view->at("format").as_string())};
  NewSignature row{.request_id = stored.id,
                   .key_version_id = version->id,
                   .product = granted ? order.product : request.product,
                   .format = out.format,
                   .artifact_name = artifact.name,
                   .artifact_sha256 = artifact.sha256,
                   .evidence_sha256 = to_hex(crypto::sha256({order.evidence})),
                   .requester = granted ? order.requester : request.requester,
                   .scheme = out.context.scheme,
                   .made = std::move(made)};
  HF_TRY(out.id, ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<std::int64_t> {
           HF_TRY(const auto entry,
                  transaction.append("signature.made",
                                     {"key:" + request.key, "request:" + stored.digest, "artifact:" + artifact.sha256},
                                     {{"key_version", request.key_version},
                                      {"format", row.format},
                                      {"product", row.product},
                                      {"journal_line", row.made.journal},
                                      {"journal_head", to_hex(row.made.head.hash)}}));
           return insert_signature(transaction, entry, row);
         }));
  return out;
}

Result<Signed> Service::sign(std::string_view digest, const ledger::Actor& actor) {
  HF_TRY(const auto stored, request(digest));
  const auto& request = stored.request;
  if (request.kind != RequestKind::sign)
    return fail(ErrorKind::invalid, "HF-KEYS-0016", "the request is not for one artifact");
  SignOrder order{.request = request, .approvals = stored.approvals};
  HF_CHECK(attach(order, stored.attachment));
  return make(stored, std::move(order), request.artifact.value_or(Artifact{}), actor);
}

Result<Signed> Service::sign_under(std::string_view grant, const NewRequest& use, const ledger::Actor& actor) {
  HF_TRY(const auto stored, request(grant));
  if (stored.request.kind != RequestKind::grant)
    return fail(ErrorKind::invalid, "HF-KEYS-0016", "the request is not for a standing grant");
  HF_TRY(const auto key, registered(stored.request.key));
  const auto* format = formats_(use.format);
  const auto* version = key.charter.version(stored.request.key_version);
  if (!format || !version) return fail(ErrorKind::invalid, "HF-SIGNER-0008", "there is no format '" + use.format + "'");
  HF_CHECK(check_certificate(*format, use));
  HF_TRY(const auto scheme, scheme_for(key.charter, *version, *format, use.scheme));
  return make(stored,
              {.request = stored.request,
               .approvals = stored.approvals,
               .evidence = use.evidence,
               .requester = use.requester,
               .branch = use.branch,
               .product = use.product,
               .format = use.format,
               .scheme = scheme,
               .signing_time = clock_.now(),
               .certificate = use.certificate,
               .intermediates = use.intermediates},
              use.artifact, actor);
}

Result<void> Service::record_file(std::int64_t signature, std::string_view sha256, const ledger::Actor& actor) {
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry,
           transaction.append("signature.assembled", {"artifact:" + std::string(sha256)}, {{"signature", signature}}));
    return insert_signed_artifact(transaction, entry, sha256, signature);
  });
}

}  // namespace hf::keys
