#include "pki/issuing.h"

#include <algorithm>
#include <map>

#include "keys/formats/formats.h"
#include "keys/formats/x509.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;

// Certificates whose numbers are reserved in one transaction; a frozen CA stops within as many.
constexpr std::size_t kChunk = 64;

auto not_now(std::string why) {
  return fail(ErrorKind::conflict, "HF-PKI-0018", "the CA issues nothing: " + std::move(why));
}

std::string digest_text(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

Result<void> check_open(const Authority& ca, Time now) {
  if (ca.stored.frozen)
    return not_now(ca.stored.name + " is frozen since " + format_rfc3339(ca.stored.state_since) +
                   (ca.stored.state_reason.empty() ? "" : ": " + ca.stored.state_reason));
  const auto& validity = ca.certificate.validity;
  if (now < validity.not_before || now > validity.not_after)
    return not_now("its certificate is valid from " + format_rfc3339(validity.not_before) + " to " +
                   format_rfc3339(validity.not_after));
  return {};
}

// Templates by shard: what does not change from one certificate to the next is encoded once.
class Forms {
 public:
  Forms(const Authority& ca, const Profile& profile, crypto::SignatureScheme scheme)
      : ca_(ca), profile_(profile), scheme_(scheme) {}
  Result<const Template*> of(std::int64_t shard) {
    auto found = forms_.find(shard);
    if (found == forms_.end()) {
      HF_TRY(auto form, Template::of(profile_, ca_.certificate, scheme_, ca_.publication_of(shard)));
      found = forms_.emplace(shard, std::move(form)).first;
    }
    return &found->second;
  }

 private:
  const Authority& ca_;
  const Profile& profile_;
  crypto::SignatureScheme scheme_;
  std::map<std::int64_t, Template> forms_;
};

// On the final bytes, not on what went into them.
Result<Certificate> judged(ByteView der, const Authority& ca, const Profile& profile, ByteView tbs) {
  const auto wrong = [](std::string why) {
    return fail(ErrorKind::internal, "HF-PKI-0024",
                "what the key signed is not what was ordered, and is not handed out", std::move(why));
  };
  HF_TRY(auto certificate, x509::certificate_of(der));
  const auto key = crypto::VerificationKey::of_spki(ca.certificate.spki);
  const auto algorithm = crypto::verification_algorithm_of_der(certificate.signature_algorithm);
  if (!std::ranges::equal(certificate.tbs, tbs)) return wrong("another TBSCertificate");
  if (!key || !algorithm || !key->verify(*algorithm, certificate.tbs, certificate.signature))
    return wrong("the signature is not by the CA's key");
  const Subject subject(certificate);
  auto findings = lint(subject);
  std::ranges::move(check_profile(subject, profile), std::back_inserter(findings));
  for (const auto& finding : findings)
    if (finding.severity == Severity::error) return wrong(finding.message);
  return certificate;
}

}  // namespace

Result<Issuer::Desk> Issuer::desk(std::string_view authority, std::string_view grant, std::string_view product) const {
  Desk made;
  HF_TRY(made.ca, registry_.authority(authority));
  HF_TRY(const auto stored, service_.request(grant));
  HF_TRY(const auto found,
         database_.read([&](const db::Reader& reader) { return keys::Store(reader).key(made.ca.stored.key); }));
  if (!found) return fail(keys::no_key(made.ca.stored.key));
  const auto& key = *found;
  const auto& request = stored.request;
  const auto not_of_it = [&](std::string_view why) {
    return fail(ErrorKind::invalid, "HF-PKI-0019",
                "the request " + stored.digest.substr(0, 12) + " is no grant of the CA's key " + made.ca.stored.key +
                    ": " + std::string(why));
  };
  if (request.kind != keys::RequestKind::grant || !request.grant) return not_of_it("it is for one signature");
  const auto* const version = key.charter.version(request.key_version);
  if (request.key != made.ca.stored.key || !version) return not_of_it("it is of " + request.key);
  if (version->fingerprint != crypto::sha256({made.ca.certificate.spki}))
    return not_of_it("it is of version " + std::to_string(request.key_version) + ", the certificate of another");
  if (version->state != keys::VersionState::active)
    return not_now("version " + std::to_string(version->version) + " of its key " + request.key + " is " +
                   std::string(keys::name_of(version->state)));
  made.grant = stored.digest;
  made.product = product;
  if (made.product.empty() && request.grant->products.size() == 1) made.product = request.grant->products[0];
  const auto known = keys::find_format("x509")->schemes();
  for (const auto scheme : key.charter.policy.schemes)
    if (crypto::fits(scheme, version->algorithm) && std::ranges::find(known, scheme) != known.end()) {
      made.scheme = scheme;
      return made;
    }
  return not_of_it("its charter has no signature scheme of certificates");
}

Result<void> Issuer::reserve(const Desk& desk, std::string_view profile, std::vector<Prepared>& prepared,
                             std::vector<Result<StoredCertificate>>& answers, const ledger::Actor& actor) {
  std::vector<bool> refused;
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    refused.assign(prepared.size(), false);
    const Store store(transaction.db());
    HF_TRY(const auto ca, store.authority(desk.ca.stored.name));
    if (!ca || ca->frozen) return not_now(desk.ca.stored.name + " was frozen meanwhile");
    HF_TRY(const auto entry, transaction.append("certificate.reserved", {"ca:" + ca->name}, {{"profile", profile}}));
    for (std::size_t i = 0; i < prepared.size(); ++i) {
      // The same key in two devices is two devices that cannot be told apart.
      const auto& serial = prepared[i].serial;
      HF_TRY(const auto other, store.other_subject_has(serial.spki_sha256, serial.subject_sha256));
      refused[i] = other;
      if (!other) HF_CHECK(insert_serial(transaction, entry, ca->id, serial));
    }
    transaction.note(entry, "serials", std::ranges::count(refused, false));
    return {};
  }));
  std::vector<Prepared> kept;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    if (!refused[i]) kept.push_back(std::move(prepared[i]));
    else
      answers[prepared[i].order] =
          fail(ErrorKind::conflict, "HF-PKI-0011",
               "its key is that of another subject's certificate; make a new key for this one");
  }
  prepared = std::move(kept);
  return {};
}

Result<keys::Signed> Issuer::sign(const Desk& desk, ByteView tbs, std::string name, const ledger::Actor& actor) {
  HF_TRY(auto evidence, keys::x509_evidence(tbs));
  const auto& requester = desk.requester.empty() ? actor.name : desk.requester;
  return service_.sign_under(desk.grant,
                             {.key = desk.ca.stored.key,
                              .product = desk.product,
                              .format = "x509",
                              .scheme = desk.scheme,
                              .evidence = std::move(evidence),
                              .artifact = {std::move(name), std::int64_t(tbs.size()), digest_text(tbs)},
                              .requester = requester,
                              .person = requester,
                              .reason = "",
                              .branch = desk.branch},
                             actor);
}

Result<StoredCertificate> Issuer::make(const Desk& desk, const Profile& profile, const Prepared& prepared,
                                       const ledger::Actor& actor) {
  HF_TRY(const auto made, sign(desk, prepared.tbs, prepared.serial.serial + ".tbs", actor));
  HF_TRY(auto der, keys::x509_signed(made.evidence, made.context, made.signature));
  HF_TRY(const auto certificate, judged(der, desk.ca, profile, prepared.tbs));
  StoredCertificate row{.ca_id = desk.ca.stored.id,
                        .serial = prepared.serial.serial,
                        .subject = certificate.subject.text(),
                        .spki_sha256 = prepared.serial.spki_sha256,
                        .profile = profile.name,
                        .product = desk.product,
                        .not_before = certificate.validity.not_before,
                        .not_after = certificate.validity.not_after,
                        .der = std::move(der),
                        .signature = made.id};
  row.sha256 = digest_text(row.der);
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry,
           transaction.append("certificate.issued", {"ca:" + desk.ca.stored.name, "certificate:" + row.sha256},
                              {{"serial", row.serial}, {"profile", row.profile}, {"product", row.product}}));
    row.entry = entry.value;
    row.issued_at = transaction.now();
    HF_CHECK(insert_certificate(transaction, entry, row));
    return keys::insert_signed_artifact(transaction, entry, row.sha256, made.id);
  }));
  return row;
}

Result<std::vector<Result<StoredCertificate>>> Issuer::issue(const Issuance& wanted, std::span<const Order> orders,
                                                             const ledger::Actor& actor) {
  HF_TRY(auto desk, this->desk(wanted.authority, wanted.grant, wanted.product));
  desk.branch = wanted.branch;
  desk.requester = wanted.requester;
  HF_CHECK(check_open(desk.ca, clock_.now()));
  if (!wanted.renews) {
    HF_TRY(const auto held,
           database_.read([&](const db::Reader& reader) { return production_hold(reader, desk.product); }));
    if (held)
      return not_now("production of " + desk.product + " is on hold: " + *held + "; 'holdfast factory resume' ends it");
  }
  const auto* const profile = desk.ca.profile(wanted.profile);
  if (!profile)
    return fail(ErrorKind::conflict, "HF-PKI-0023",
                "the CA " + desk.ca.stored.name + " may not issue the profile '" + wanted.profile +
                    "': holdfast pki ca show tells which");
  Forms forms(desk.ca, *profile, desk.scheme);
  const auto own_key = digest_text(desk.ca.certificate.spki);
  std::map<std::string, std::string> keys;  // of the batch: to the subject
  std::vector<Result<StoredCertificate>> answers(orders.size(), fail(ErrorKind::internal, "HF-PKI-0024", "not tried"));
  std::optional<Error> stopped;
  for (std::size_t begin = 0; begin < orders.size(); begin += kChunk) {
    std::vector<Prepared> prepared;
    for (std::size_t i = begin; i < std::min(begin + kChunk, orders.size()); ++i) {
      const auto& request = orders[i].request;
      if (stopped) {
        answers[i] = fail(*stopped);
        continue;
      }
      if (!orders[i].key_is_known && !proves_possession(request)) {
        answers[i] = fail(ErrorKind::invalid, "HF-PKI-0010",
                          "the request is not signed by the key that it is for (RFC 2986 4.2)");
        continue;
      }
      const auto serial = random_serial();
      StoredSerial row{.serial = to_hex(serial),
                       .shard = shard_of(serial, desk.ca.stored.shards),
                       .subject_sha256 = digest_text(request.subject.der),
                       .spki_sha256 = digest_text(request.spki)};
      HF_TRY(const auto* const form, forms.of(row.shard));
      auto tbs = form->certificate(request, {.serial = serial, .from = clock_.now(), .until = wanted.until});
      if (!tbs) {
        answers[i] = fail(tbs.error());
        continue;
      }
      // Last: what is refused for something else does not hold its key.
      const auto [at, fresh] = keys.try_emplace(row.spki_sha256, row.subject_sha256);
      if (row.spki_sha256 == own_key || (!fresh && at->second != row.subject_sha256)) {
        answers[i] = fail(ErrorKind::conflict, "HF-PKI-0011",
                          "its key is that of another request of the batch, or of the CA; make a new key for this one");
        continue;
      }
      const auto algorithm = x509::algorithm_of_tbs(*tbs);
      HF_TRY(const auto unsigned_one, x509::certificate_of(x509::signed_of(*tbs, algorithm, {})));
      row.not_after = unsigned_one.validity.not_after;
      prepared.push_back({i, *std::move(tbs), std::move(row)});
    }
    if (prepared.empty()) continue;
    if (const auto reserved = reserve(desk, profile->name, prepared, answers, actor); !reserved) {
      stopped = reserved.error();
      for (const auto& one : prepared) answers[one.order] = fail(*stopped);
      continue;
    }
    for (const auto& one : prepared) {
      answers[one.order] = stopped ? Result<StoredCertificate>(fail(*stopped)) : make(desk, *profile, one, actor);
      if (!stopped && !answers[one.order]) stopped = answers[one.order].error();
    }
  }
  return answers;
}

Result<StoredCrl> Issuer::crl(const CrlOrder& wanted, const ledger::Actor& actor) {
  HF_TRY(const auto desk, this->desk(wanted.authority, wanted.grant, wanted.product));
  const auto& ca = desk.ca;
  if (wanted.shard < 0 || wanted.shard >= ca.stored.shards)
    return fail(ErrorKind::invalid, "HF-PKI-0025",
                "the CA " + ca.stored.name + " has the CRL shards 0 to " + std::to_string(ca.stored.shards - 1));
  StoredCrl row{.shard = wanted.shard};
  std::vector<RevokedEntry> entries;
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    const Store store(transaction.db());
    const auto now = transaction.now();
    entries.clear();
    row.this_update = std::chrono::floor<std::chrono::seconds>(now);
    row.next_update = row.this_update + wanted.valid;
    // Never below the microseconds since 1970, so that a restored database, whose newest number is an old one, still
    // goes on above every number that was signed before.
    HF_TRY(const auto newest, store.newest_crl_number(ca.stored.id));
    row.number = std::max({newest + 1, wanted.above + 1, micros(now)});
    // An entry may go once it was on a CRL of after its certificate's end (RFC 5280 3.3).
    HF_TRY(const auto before, store.newest_crl(ca.stored.id, wanted.shard));
    HF_TRY(const auto revoked, store.revocations(ca.stored.id, wanted.shard));
    for (const auto& one : revoked) {
      if (before && one.not_after < before->this_update && one.recorded_at <= before->this_update) continue;
      entries.push_back({from_hex(one.serial).value_or(Bytes()), one.effective_at, one.reason});
    }
    row.revoked = std::int64_t(entries.size());
    HF_TRY(const auto entry, transaction.append("crl.reserved", {"ca:" + ca.stored.name},
                                                {{"number", row.number}, {"shard", row.shard}}));
    return insert_crl_number(transaction, entry, ca.stored.id, row.number, row.shard);
  }));
  HF_TRY(const auto tbs, pki::crl(ca.certificate, desk.scheme, std::uint64_t(row.number), row.this_update,
                                  row.next_update, entries, ca.point_of(wanted.shard)));
  HF_TRY(const auto made, sign(desk, tbs, ca.stored.name + "-" + std::to_string(row.number) + ".tbs", actor));
  HF_TRY(row.der, keys::x509_signed(made.evidence, made.context, made.signature));
  HF_CHECK(x509::crl_of(row.der));
  row.signature = made.id;
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    const auto digest = digest_text(row.der);
    HF_TRY(const auto entry, transaction.append("crl.issued", {"ca:" + ca.stored.name, "artifact:" + digest},
                                                {{"number", row.number},
                                                 {"shard", row.shard},
                                                 {"revoked", row.revoked},
                                                 {"next_update", format_rfc3339(row.next_update)}}));
    HF_CHECK(insert_crl(transaction, entry, ca.stored.id, row));
    return keys::insert_signed_artifact(transaction, entry, digest, made.id);
  }));
  return row;
}

}  // namespace hf::pki
