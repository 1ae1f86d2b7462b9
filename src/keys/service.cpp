#include "keys/service.h"

#include <algorithm>
#include <set>

#include "keys/asking.h"

namespace hf::keys {
namespace {

std::string label_of(std::string_view key, int version) { return std::string(key) + "-" + std::to_string(version); }

Result<void> attach(SignOrder& order, std::string_view attachment) {
  HF_TRY(const auto json, parse_json(attachment, {.bytes_max = 4U << 20}));
  const auto bytes = [](const Json& text) { return from_base64(text.as_string()).value_or(Bytes()); };
  order.evidence = bytes(json.at("evidence"));
  order.certificate = bytes(json.at("certificate"));
  for (const auto& der : json.at("intermediates").as_array()) order.intermediates.push_back(bytes(der));
  return {};
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

Result<void> Service::hand_over_ratifications(std::string_view key, const ledger::Actor& actor) {
  HF_TRY(const auto broken, signer_.broken_glass(key));
  for (const auto& one : broken) {
    HF_TRY(const auto stored,
           database_.read([&](const db::Reader& reader) { return Store(reader).request(one.request); }));
    if (!stored) continue;  // of another database; the signer goes on to want it
    for (const auto& approval : stored->approvals)
      if (approval.statement.decision == Decision::reject && !one.rejected) {
        const auto handed = signer_.reject(stored->request, approval);
        if (!handed && handed.error().kind != ErrorKind::forbidden) return fail(handed.error());
      }
    const auto ratified = signer_.ratify(stored->request, stored->approvals);
    if (!ratified && ratified.error().kind != ErrorKind::forbidden) return fail(ratified.error());
    // Met under a charter that came later: nobody's decision has written it down.
    if (ratified && stored->glass && !stored->glass->ratified_at)
      HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
        HF_TRY(const auto entry,
               transaction.append("signing.ratified", {"key:" + stored->request.key, "request:" + stored->digest},
                                  {{"due_at", format_rfc3339(stored->glass->due_at)},
                                   {"in_time", transaction.now() < stored->glass->due_at}}));
        return insert_ratification(transaction, entry, stored->id);
      }));
  }
  return {};
}

Result<StoredKey> Service::put_in_force(std::string_view digest, const ledger::Actor& actor) {
  HF_CHECK(hand_over_rejections());
  HF_TRY(const auto stored, request(digest));
  if (stored.request.kind != RequestKind::charter)
    return fail(ErrorKind::invalid, "HF-KEYS-0016", "the request is not for a charter");
  HF_CHECK(hand_over_ratifications(stored.request.key, actor));
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

Result<StoredIncident> Service::freeze(const NewIncident& incident, const ledger::Actor& actor) {
  HF_TRY(const auto key, registered(incident.key));
  if (incident.effective_at && *incident.effective_at > clock_.now())
    return fail(ErrorKind::invalid, "HF-KEYS-0025", "the effective time is still to come");
  HF_CHECK(signer_.freeze(key.name, actor.name));  // first stop, then tell
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<StoredIncident> {
    const auto now = transaction.now();
    StoredIncident made{incident.effective_at.value_or(now), now, incident.reason, actor.name};
    HF_TRY(const auto open, IncidentStore(transaction.db()).open(key.id));
    if (open && made.effective_at > open->effective_at) {
      if (incident.effective_at)
        return fail(
            ErrorKind::conflict, "HF-KEYS-0025",
            "the key is suspect since " + format_rfc3339(open->effective_at) + ": that can be set earlier, not later");
      made.effective_at = open->effective_at;
    }
    // The case engine will open a draft from it: a severe incident (Article 14(3)) is to be judged.
    HF_TRY(const auto entry, transaction.append("key.compromise_suspected", {"key:" + key.name},
                                                {{"effective_at", format_rfc3339(made.effective_at)},
                                                 {"reason", made.reason},
                                                 {"charter", key.charter_digest}}));
    HF_CHECK(insert_incident(transaction, entry, key.id, made));
    made.entry = entry.value;
    return made;
  });
}

Result<Signed> Service::make(const StoredRequest& stored, SignOrder order, const Artifact& artifact,
                             const ledger::Actor& actor) {
  HF_CHECK(hand_over_rejections());
  const auto& request = stored.request;
  if (request.break_glass) HF_CHECK(hand_over_ratifications(request.key, actor));
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
           if (request.break_glass)
             HF_CHECK(insert_broken_glass(transaction, entry, stored.id,
                                          transaction.now() + std::chrono::hours(key.charter.break_glass_hours)));
           return insert_signature(transaction, entry, row);
         }));
  // All may have approved before: then it is met with the signature. Else somebody's next decision tells.
  if (request.break_glass) static_cast<void>(hand_over_ratifications(request.key, actor));
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
  if (use.key != stored.request.key)
    return fail(ErrorKind::forbidden, "HF-KEYS-0024",
                "the grant is for the key " + stored.request.key + ", not for '" + use.key + "'");
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
