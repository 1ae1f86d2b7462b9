#include "pki/registry.h"

#include <algorithm>
#include <array>
#include <map>

#include "crypto/der.h"
#include "keys/json_fields.h"
#include "keys/store.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
constexpr std::string_view kShard = "{shard}";
constexpr std::size_t kReasonTextMax = 500;

struct ReasonName {
  unsigned code;
  std::string_view name;
};
constexpr std::array kReasons{ReasonName{0, "unspecified"},        ReasonName{1, "keyCompromise"},
                              ReasonName{2, "cACompromise"},       ReasonName{3, "affiliationChanged"},
                              ReasonName{4, "superseded"},         ReasonName{5, "cessationOfOperation"},
                              ReasonName{9, "privilegeWithdrawn"}, ReasonName{10, "aACompromise"}};

auto not_fit(std::string why) { return fail(ErrorKind::invalid, "HF-PKI-0017", std::move(why)); }

std::string digest_text(ByteView bytes) { return to_hex(crypto::sha256({bytes})); }

Json to_json(const Publication& publication) {
  const auto list = [](const std::vector<std::string>& texts) { return JsonArray(texts.begin(), texts.end()); };
  return JsonObject{
      {"crl", list(publication.crls)}, {"ocsp", list(publication.ocsp)}, {"issuers", list(publication.issuers)}};
}

Result<Publication> publication_of(std::string_view text) {
  HF_TRY(const auto json, parse_json(text));
  Publication publication;
  for (const auto& [name, list] : {std::pair("crl", &publication.crls), std::pair("ocsp", &publication.ocsp),
                                   std::pair("issuers", &publication.issuers)})
    for (const auto& uri : json.at(name).as_array()) list->emplace_back(uri.as_string());
  return publication;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// A shard's CRL answers only for certificates that name it (RFC 5280 6.3.3 b 2), so they must be able to.
Result<void> check_shards(const NewAuthority& wanted, const std::vector<Profile>& profiles) {
  const auto bad = [](std::string why) { return fail(ErrorKind::invalid, "HF-PKI-0025", std::move(why)); };
  const auto& uris = wanted.publication.crls;
  if (uris.size() > 1) return bad("a CA has one place for its CRLs");
  const bool placed = !uris.empty() && uris[0].find(kShard) != std::string::npos;
  if (wanted.shards < 1 || wanted.shards > 256) return bad("a CA has 1 to 256 CRL shards");
  if (wanted.shards > 1 && !placed) return bad("with CRL shards, --crl-uri says where each is: with '{shard}' in it");
  if (wanted.shards == 1 && placed) return bad("'{shard}' in --crl-uri needs more than one shard");
  if (wanted.shards == 1) return {};
  for (const auto& profile : profiles) {
    const auto* const rule = profile.extension(x509::oid::kCrlPoints);
    if (rule ? rule->demand == Demand::forbid : !profile.other_extensions)
      return bad("certificates of the profile " + profile.name + " name no CRL: their CA has one complete CRL");
  }
  return {};
}

Result<std::vector<Profile>> profiles_in(const JsonArray& documents) {
  std::vector<Profile> list;
  for (const auto& one : documents) {
    HF_TRY(auto profile, profile_of(one));
    if (std::ranges::find(list, profile.name, &Profile::name) != list.end())
      return not_fit("the profile " + profile.name + " is named twice");
    list.push_back(std::move(profile));
  }
  return list;
}

StoredCertificate row_of(const Certificate& certificate, std::int64_t ca) {
  return {.ca_id = ca,
          .serial = certificate.serial_text(),
          .subject = certificate.subject.text(),
          .spki_sha256 = digest_text(certificate.spki),
          .not_before = certificate.validity.not_before,
          .not_after = certificate.validity.not_after,
          .der = certificate.der,
          .sha256 = digest_text(certificate.der)};
}

// Of a certificate that was made elsewhere: the shard whose CRL it names, if it names one.
std::int64_t shard_named(const Authority& ca, const Certificate& certificate) {
  const auto* const points = certificate.extension(x509::oid::kCrlPoints);
  for (std::int64_t shard = 0; points && ca.stored.shards > 1 && shard < ca.stored.shards; ++shard) {
    const auto uri = ca.point_of(shard);
    // An IA5String of the context class ends where its length says, so no shard's URI is a part of another's.
    const auto wanted = crypto::der::value(crypto::der::context_primitive(6), {bytes_of(uri)});
    if (!std::ranges::search(points->value, wanted).empty()) return shard;
  }
  return shard_of(certificate.serial, ca.stored.shards);
}

// With its serial number, of a certificate that was signed elsewhere.
Result<void> write_down(ledger::Transaction& transaction, ledger::EntryId entry, const Authority& ca,
                        const Certificate& certificate, std::string_view product) {
  const auto serial = certificate.serial_text();
  HF_TRY(const auto there, Store(transaction.db()).serial(ca.stored.id, serial));
  if (there)
    return fail(ErrorKind::conflict, "HF-PKI-0015",
                "the CA " + ca.stored.name + " has used the serial number " + serial + " already");
  auto row = row_of(certificate, ca.stored.id);
  row.product = product;
  HF_CHECK(insert_serial(transaction, entry, ca.stored.id,
                         {.serial = serial,
                          .shard = shard_named(ca, certificate),
                          .subject_sha256 = digest_text(certificate.subject.der),
                          .spki_sha256 = row.spki_sha256,
                          .not_after = row.not_after}));
  return insert_certificate(transaction, entry, row);
}

CrlStanding crl_standing(const std::vector<std::optional<StoredCrl>>& newest, const std::vector<bool>& revoked,
                         Time now) {
  CrlStanding standing;
  for (std::size_t shard = 0; shard < newest.size(); ++shard) {
    const auto& crl = newest[shard];
    if (crl) {
      standing.due = std::min(standing.due.value_or(Time::max()), crl->next_update);
      standing.number = std::max(standing.number.value_or(0), crl->number);
    }
    if (crl ? crl->next_update <= now : bool(revoked[shard])) standing.stale.push_back(std::int64_t(shard));
  }
  return standing;
}

}  // namespace

const Profile* Authority::profile(std::string_view name) const {
  const auto found = std::ranges::find(profiles, name, &Profile::name);
  return found == profiles.end() ? nullptr : &*found;
}

std::string Authority::point_of(std::int64_t shard) const {
  if (stored.shards == 1) return {};
  auto uri = publication.crls[0];
  return uri.replace(uri.find(kShard), kShard.size(), std::to_string(shard));
}

Publication Authority::publication_of(std::int64_t shard) const {
  auto made = publication;
  if (stored.shards > 1) made.crls = {point_of(shard)};
  return made;
}

Error no_authority(std::string_view name) {
  return {ErrorKind::not_found,
          "HF-PKI-0016",
          "there is no CA '" + std::string(name.substr(0, 64)) + "': holdfast pki ca list",
          {}};
}

Result<Authority> authority_of(StoredAuthority stored) {
  Authority made;
  HF_TRY(made.certificate, x509::certificate_of(stored.certificate));
  HF_TRY(made.key, crypto::public_key_of_spki(made.certificate.spki));
  HF_TRY(const auto documents, parse_json(stored.profiles));
  HF_TRY(made.profiles, profiles_in(documents.as_array()));
  HF_TRY(made.publication, publication_of(stored.publication));
  made.stored = std::move(stored);
  return made;
}

bool is_issued_by(const Certificate& certificate, const Authority& ca) {
  const auto key = crypto::VerificationKey::of_spki(ca.certificate.spki);
  const auto algorithm = crypto::verification_algorithm_of_der(certificate.signature_algorithm);
  return x509::same_name(certificate.issuer, ca.certificate.subject) && key && algorithm &&
         key->verify(*algorithm, certificate.tbs, certificate.signature);
}

Result<std::string> serial_of_text(std::string_view text) {
  constexpr std::size_t kOctetsMax = 21;
  std::string digits;
  for (const char c : text)
    if (c != ':') digits += c;
  if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
  auto bytes = from_hex(digits);
  if (!bytes || bytes->empty() || bytes->size() > kOctetsMax)
    return fail(ErrorKind::invalid, "HF-PKI-0008", "a serial number is its octets in hexadecimal");
  const auto first = std::ranges::find_if(*bytes, [](std::uint8_t octet) { return octet != 0; });
  bytes->erase(bytes->begin(), first == bytes->end() ? std::prev(first) : first);
  if ((bytes->front() & 0x80U) != 0) bytes->insert(bytes->begin(), 0);
  return to_hex(*bytes);
}

std::int64_t shard_of(ByteView serial, std::int64_t shards) {
  std::int64_t low = 0;
  for (const auto octet : serial.last(std::min<std::size_t>(serial.size(), 2))) low = low << 8 | octet;
  return low % shards;
}

Result<unsigned> reason_of(std::string_view text) {
  std::string names;
  for (const auto& [code, name] : kReasons) {
    if (to_lower(name) == to_lower(text) || std::to_string(code) == text) return code;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return fail(ErrorKind::invalid, "HF-PKI-0022",
              "a reason is one of " + names + "; a revocation here is for good, so there is no hold");
}

std::string_view name_of_reason(unsigned reason) {
  const auto found = std::ranges::find(kReasons, reason, &ReasonName::code);
  return found == kReasons.end() ? "" : found->name;
}

Result<Authority> Registry::add(const NewAuthority& wanted, const ledger::Actor& actor) {
  HF_TRY(const auto certificate, x509::certificate_of(wanted.certificate));
  if (!is_name(wanted.name)) return not_fit("a CA's name has 1 to 64 letters, digits, '.', '_' and '-'");
  if (!certificate.is_ca() || (certificate.key_usage.value_or(0) & x509::key_cert_sign) == 0 ||
      !certificate.subject_key_id)
    return not_fit(certificate.subject.text() + " is no CA with keyCertSign and subjectKeyIdentifier");
  const Subject judged(certificate);
  for (const auto& finding : lint(judged))
    if (finding.severity == Severity::error)
      return not_fit(certificate.subject.text() + " breaks a rule, " + finding.source + ": " + finding.message);
  if (wanted.profiles.empty()) return not_fit("name the profiles that the CA may issue");
  HF_TRY(const auto profiles, profiles_in(JsonArray(wanted.profiles.begin(), wanted.profiles.end())));
  HF_CHECK(check_shards(wanted, profiles));
  StoredAuthority row{.name = wanted.name,
                      .certificate = wanted.certificate,
                      .sha256 = digest_text(wanted.certificate),
                      .subject = certificate.subject.text(),
                      .key = wanted.key,
                      .shards = wanted.shards};
  HF_TRY(row.profiles, canonical_json(JsonArray(wanted.profiles.begin(), wanted.profiles.end())));
  HF_TRY(row.publication, canonical_json(to_json(wanted.publication)));
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    const Store store(transaction.db());
    HF_TRY(const auto owner, keys::Store(transaction.db()).key_with(digest_text(certificate.spki)));
    if (owner != wanted.key)
      return not_fit("the certificate is of another key than " + wanted.key + " of the register: " +
                     (owner ? "it is of " + *owner : "it is of none there; see holdfast key list"));
    JsonArray names;
    for (const auto& profile : profiles) names.emplace_back(profile.name);
    HF_TRY(const auto entry, transaction.append("ca.added", {"ca:" + wanted.name, "key:" + wanted.key},
                                                {{"subject", row.subject},
                                                 {"sha256", row.sha256},
                                                 {"profiles", std::move(names)},
                                                 {"crl_shards", wanted.shards}}));
    HF_TRY(const auto id, insert_authority(transaction, entry, row));
    HF_CHECK(insert_state(transaction, entry, id, false, ""));
    // Each of the others that issued it, or that it issued, now has one certificate more: it can then be revoked.
    HF_TRY(const auto all, store.authorities());
    HF_TRY(auto added, store.authority(wanted.name));
    HF_TRY(const auto own, authority_of(*std::move(added)));
    for (const auto& other : all) {
      if (other.id == id) continue;
      HF_TRY(const auto ca, authority_of(other));
      for (const auto& [issuer, subject] : {std::pair(&ca, &own), std::pair(&own, &ca)}) {
        if (!is_issued_by(subject->certificate, *issuer)) continue;
        HF_TRY(const auto known, store.serial(issuer->stored.id, subject->certificate.serial_text()));
        if (!known) HF_CHECK(write_down(transaction, entry, *issuer, subject->certificate, ""));
      }
    }
    return {};
  }));
  return authority(wanted.name);
}

Result<Authority> Registry::authority(std::string_view name) const {
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).authority(name); }));
  if (!found) return fail(no_authority(name));
  return authority_of(*std::move(found));
}

Result<std::vector<Authority>> Registry::all() const {
  HF_TRY(auto rows, database_.read([](const db::Reader& reader) { return Store(reader).authorities(); }));
  std::vector<Authority> list;
  for (auto& row : rows) {
    HF_TRY(auto one, authority_of(std::move(row)));
    list.push_back(std::move(one));
  }
  return list;
}

Result<std::vector<AuthoritySight>> Registry::authorities() const {
  const auto now = clock_.now();
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<AuthoritySight>> {
    const Store store(reader);
    HF_TRY(auto rows, store.authorities());
    std::vector<AuthoritySight> list;
    for (auto& row : rows) {
      std::vector<std::optional<StoredCrl>> newest;
      std::vector<bool> revoked;
      for (std::int64_t shard = 0; shard < row.shards; ++shard) {
        HF_TRY(auto crl, store.newest_crl(row.id, shard));
        bool any = false;
        if (!crl) {
          HF_TRY(const auto words, store.revocations(row.id, shard));
          any = !words.empty();
        }
        newest.push_back(std::move(crl));
        revoked.push_back(any);
      }
      HF_TRY(auto authority, authority_of(std::move(row)));
      list.push_back({std::move(authority), crl_standing(newest, revoked, now)});
    }
    return list;
  });
}

Result<Authority> Registry::set_frozen(std::string_view name, bool frozen, std::string_view reason,
                                       const ledger::Actor& actor) {
  if (reason.size() > kReasonTextMax || !keys::is_plain(reason))
    return not_fit("a reason has at most 500 bytes and no control characters");
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto found, Store(transaction.db()).authority(name));
    if (!found) return fail(no_authority(name));
    if (found->frozen == frozen)
      return fail(ErrorKind::conflict, "HF-PKI-0018",
                  "the CA " + found->name + (frozen ? " is frozen already" : " is not frozen"));
    HF_TRY(const auto entry,
           transaction.append(frozen ? "ca.frozen" : "ca.unfrozen", {"ca:" + found->name}, {{"reason", reason}}));
    return insert_state(transaction, entry, found->id, frozen, reason);
  }));
  return authority(name);
}

Result<StoredCertificate> Registry::record(std::string_view name, ByteView der, std::string_view product,
                                           const ledger::Actor& actor) {
  HF_TRY(const auto ca, authority(name));
  HF_TRY(const auto certificate, x509::certificate_of(der));
  if (!is_issued_by(certificate, ca))
    return not_fit("the certificate of " + certificate.subject.text() + " is not signed by the CA " + ca.stored.name);
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("certificate.recorded",
                                                {"ca:" + ca.stored.name, "certificate:" + digest_text(certificate.der)},
                                                {{"serial", certificate.serial_text()}}));
    return write_down(transaction, entry, ca, certificate, product);
  }));
  return this->certificate(name, certificate.serial_text());
}

Result<StoredCertificate> Registry::certificate(std::string_view name, std::string_view serial) const {
  HF_TRY(const auto octets, serial_of_text(serial));
  return database_.read([&](const db::Reader& reader) -> Result<StoredCertificate> {
    const Store store(reader);
    HF_TRY(const auto ca, store.authority(name));
    if (!ca) return fail(no_authority(name));
    HF_TRY(auto found, store.certificate(ca->id, octets));
    if (!found)
      return fail(ErrorKind::not_found, "HF-PKI-0020",
                  "the CA " + ca->name + " has no certificate of the serial number " + octets);
    return *std::move(found);
  });
}

Result<std::vector<StoredCertificate>> Registry::certificates(std::string_view name, std::int64_t before,
                                                              std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<StoredCertificate>> {
    const Store store(reader);
    HF_TRY(const auto ca, store.authority(name));
    if (!ca) return fail(no_authority(name));
    return store.certificates(ca->id, before, limit);
  });
}

Result<std::vector<Expiring>> Registry::expiring(Time from, Time until) const {
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<Expiring>> {
    const Store store(reader);
    HF_TRY(const auto authorities, store.authorities());
    std::vector<Expiring> list;
    for (const auto& ca : authorities) {
      HF_TRY(auto counts, store.expiring(ca.id, from, until));
      for (auto& count : counts) list.push_back({ca.name, std::move(count)});
    }
    return list;
  });
}

Result<StoredRevocation> Registry::revoke(std::string_view name, std::string_view serial, unsigned reason,
                                          std::optional<Time> at, const ledger::Actor& actor) {
  HF_TRY(const auto octets, serial_of_text(serial));
  const auto refused = [](std::string why) { return fail(ErrorKind::conflict, "HF-PKI-0021", std::move(why)); };
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<StoredRevocation> {
    const Store store(transaction.db());
    HF_TRY(const auto ca, store.authority(name));
    if (!ca) return fail(no_authority(name));
    HF_TRY(const auto drawn, store.serial(ca->id, octets));
    HF_TRY(const auto before, store.revocation(ca->id, octets));
    if (!drawn && !before)
      return fail(ErrorKind::not_found, "HF-PKI-0020",
                  "the CA " + ca->name + " never used the serial number " + octets +
                      "; one of a certificate that was made elsewhere is known after 'holdfast pki record'");
    const auto effective =
        std::chrono::floor<std::chrono::seconds>(at.value_or(before ? before->effective_at : transaction.now()));
    if (effective > transaction.now()) return refused("a revocation is in force from now or from before, not later");
    if (before) {
      if (effective > before->effective_at)
        return refused("it is revoked from " + format_rfc3339(before->effective_at) + " on: that moves earlier only");
      const bool graver = reason == 1 || reason == 2;
      if (reason != before->reason && !graver)
        return refused("it is revoked for " + std::string(name_of_reason(before->reason)) +
                       ": the reason becomes keyCompromise or cACompromise only");
      if (effective == before->effective_at && reason == before->reason)
        return refused("it is revoked already, from " + format_rfc3339(before->effective_at) + " on");
    }
    const StoredRevocation row{.serial = octets,
                               .shard = drawn ? drawn->shard : before->shard,
                               .reason = reason,
                               .effective_at = effective,
                               .not_after = drawn ? drawn->not_after : before->not_after,
                               .recorded_at = transaction.now()};
    HF_TRY(const auto entry,
           transaction.append(
               "certificate.revoked", {"ca:" + ca->name},
               {{"serial", octets}, {"reason", name_of_reason(reason)}, {"effective_at", format_rfc3339(effective)}}));
    HF_CHECK(insert_revocation(transaction, entry, ca->id, row));
    return row;
  });
}

Result<Standing> Registry::standing(std::int64_t ca, std::string_view serial) const {
  return database_.read([&](const db::Reader& reader) -> Result<Standing> {
    const Store store(reader);
    Standing standing;
    HF_TRY(standing.revoked, store.revocation(ca, serial));
    if (standing.revoked) {
      standing.issued = true;
      return standing;
    }
    HF_TRY(const auto drawn, store.serial(ca, serial));
    standing.issued = drawn.has_value();
    return standing;
  });
}

}  // namespace hf::pki
