#include "pki/issue.h"

#include <algorithm>

#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "pki/names.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace oid = crypto::x509::oid;
namespace der = crypto::der;

using Parts = std::initializer_list<ByteView>;

Bytes extension_of(std::string_view id, bool critical, ByteView value) {
  static constexpr std::uint8_t kTrue[]{0x01, 0x01, 0xff};
  return der::value(der::kSequence, Parts{der::oid(id), critical ? ByteView(kTrue) : ByteView(),
                                          der::value(der::kOctetString, {value})});
}

void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes key_usage_value(unsigned bits) {
  Bytes content{0, 0, 0};
  unsigned last = 0;
  for (unsigned bit = 0; bit < 9; ++bit)
    if ((bits >> bit & 1U) != 0) {
      content[1 + bit / 8] = std::uint8_t(content[1 + bit / 8] | 0x80U >> bit % 8);
      last = bit;
    }
  content.resize(2 + last / 8);
  content[0] = std::uint8_t(7 - last % 8);
  return der::value(der::kBitString, {content});
}

Bytes basic_constraints_value(const Profile& profile) {
  static constexpr std::uint8_t kTrue[]{0x01, 0x01, 0xff};
  if (!profile.ca) return der::value(der::kSequence, Parts{});
  return der::value(der::kSequence, Parts{kTrue, profile.path_length ? der::integer(*profile.path_length) : Bytes()});
}

Bytes purposes_value(const Profile& profile) {
  std::vector<Bytes> oids;
  for (const auto& one : profile.purposes) oids.push_back(der::oid(one));
  return der::value(der::kSequence, oids);
}

Bytes uri_of(std::string_view text) { return der::value(der::context_primitive(6), {bytes_of(text)}); }

Bytes crl_points_value(const std::vector<std::string>& uris) {
  std::vector<Bytes> points;
  for (const auto& one : uris) {
    const auto full = der::value(der::context(0), {uri_of(one)});
    points.push_back(der::value(der::kSequence, {der::value(der::context(0), {full})}));
  }
  return der::value(der::kSequence, points);
}

Bytes authority_info_value(const Publication& publication) {
  std::vector<Bytes> list;
  for (const auto& one : publication.ocsp)
    list.push_back(der::value(der::kSequence, Parts{der::oid("1.3.6.1.5.5.7.48.1"), uri_of(one)}));
  for (const auto& one : publication.issuers)
    list.push_back(der::value(der::kSequence, Parts{der::oid("1.3.6.1.5.5.7.48.2"), uri_of(one)}));
  return der::value(der::kSequence, list);
}

// The leftmost 160 bits of the SHA-256 of the key's BIT STRING (RFC 7093 section 2, method 1).
Bytes key_id_of(ByteView spki) {
  constexpr std::size_t kSize = 20;
  crypto::DerReader outer(spki);
  const auto info = outer.next(der::kSequence);
  crypto::DerReader parts(info ? info->content : ByteView());
  static_cast<void>(parts.next());
  const auto key = parts.next(der::kBitString);
  const auto digest = crypto::sha256({key && !key->content.empty() ? key->content.subspan(1) : ByteView()});
  return {digest.begin(), digest.begin() + kSize};
}

bool may_have(const Profile& profile, std::string_view id) {
  const auto* const rule = profile.extension(id);
  return rule ? rule->demand != Demand::forbid : profile.other_extensions;
}
bool wants(const Profile& profile, std::string_view id) {
  const auto* const rule = profile.extension(id);
  return rule && rule->demand != Demand::forbid;
}
bool is_critical(const Profile& profile, std::string_view id, bool otherwise) {
  const auto* const rule = profile.extension(id);
  return rule && rule->critical ? *rule->critical : otherwise;
}

Bytes fixed_extensions(const Profile& profile, const Publication& publication) {
  Bytes out;
  const auto add = [&](std::string_view id, bool critical, ByteView value) {
    put(out, extension_of(id, is_critical(profile, id, critical), value));
  };
  if (wants(profile, oid::kBasicConstraints)) add(oid::kBasicConstraints, true, basic_constraints_value(profile));
  if (wants(profile, oid::kKeyUsage) && profile.usage_required != 0)
    add(oid::kKeyUsage, true, key_usage_value(profile.usage_required));
  if (!profile.purposes.empty()) add(oid::kExtendedKeyUsage, false, purposes_value(profile));
  if (wants(profile, oid::kOcspNoCheck)) add(oid::kOcspNoCheck, false, der::null());
  if (!publication.crls.empty() && may_have(profile, oid::kCrlPoints))
    add(oid::kCrlPoints, false, crl_points_value(publication.crls));
  if (!(publication.ocsp.empty() && publication.issuers.empty()) && may_have(profile, oid::kAuthorityInfo))
    add(oid::kAuthorityInfo, false, authority_info_value(publication));
  return out;
}

auto refuse_issuer(std::string why) {
  return fail(ErrorKind::conflict, "HF-PKI-0006", "the CA may not issue this: " + std::move(why));
}

// What the request asks for beside its key and subject: only what the profile gives anyway, or copies.
std::string fault_of_wish(const x509::Extension& wish, const Profile& profile, ByteView fixed) {
  if (wish.oid == oid::kSubjectKeyId || wish.oid == oid::kSubjectAltName) return {};
  for (crypto::DerReader reader(fixed); !reader.at_end();) {
    const auto one = reader.next();
    if (!one) break;
    crypto::DerReader parts(one->content);
    const auto id = parts.next(der::kOid);
    if (!id || x509::oid_text(id->content) != wish.oid) continue;
    static_cast<void>(parts.next(der::kBoolean));
    const auto value = parts.next(der::kOctetString);
    if (value && std::ranges::equal(value->content, wish.value)) return {};
    return "it asks for another " + x509::oid_name(wish.oid) + " than the profile " + profile.name + " gives";
  }
  return "it asks for " + x509::oid_name(wish.oid) + ", which the profile " + profile.name + " does not give";
}

std::string listed(const std::vector<std::string>& faults) {
  std::string text;
  for (const auto& one : faults) text += (text.empty() ? "" : "; ") + one;
  return text;
}

}  // namespace

Bytes random_serial() {
  constexpr std::size_t kSize = 16;
  auto serial = crypto::random_bytes(kSize);
  serial[0] = std::uint8_t((serial[0] & 0x7f) | 0x40);  // positive, and always of the same size
  return serial;
}

bool proves_possession(const Request& request) {
  const auto key = crypto::VerificationKey::of_spki(request.spki);
  const auto algorithm = crypto::verification_algorithm_of_der(request.signature_algorithm);
  return key && algorithm && algorithm->hash != crypto::HashKind::sha1 &&
         key->verify(*algorithm, request.info, request.signature);
}

Result<Template> Template::of_root(const Profile& profile, crypto::SignatureScheme scheme) {
  if (!profile.ca) return refuse_issuer("the profile " + profile.name + " is not of a CA, and no CA is given");
  Template made;
  made.profile_ = profile;
  made.algorithm_ = crypto::algorithm_identifier_of(scheme);
  made.fixed_extensions_ = fixed_extensions(profile, {});
  return made;
}

Result<Template> Template::of(const Profile& profile, const Certificate& issuer, crypto::SignatureScheme scheme,
                              const Publication& publication) {
  if (!issuer.is_ca() || (issuer.key_usage.value_or(0) & x509::key_cert_sign) == 0)
    return refuse_issuer(issuer.subject.text() + " is no CA with keyCertSign");
  if (!issuer.subject_key_id) return refuse_issuer(issuer.subject.text() + " has no subjectKeyIdentifier");
  if (profile.ca && issuer.basic_constraints->path_length == 0U)
    return refuse_issuer("the path length of " + issuer.subject.text() + " allows no further CA");
  Template made;
  made.profile_ = profile;
  made.algorithm_ = crypto::algorithm_identifier_of(scheme);
  made.issuer_.assign(issuer.subject.der.begin(), issuer.subject.der.end());
  made.authority_key_id_ =
      der::value(der::kSequence, Parts{der::value(der::context_primitive(0), {*issuer.subject_key_id})});
  made.issuer_until_ = issuer.validity.not_after;
  made.fixed_extensions_ = fixed_extensions(profile, publication);
  const auto* const names = profile.extension(oid::kSubjectAltName);
  made.copies_names_ = names ? names->demand != Demand::forbid : profile.other_extensions;
  return made;
}

Result<Bytes> Template::certificate(const Request& request, const Wanted& wanted) const {
  std::vector<std::string> faults;
  for (const auto& wish : request.extensions)
    if (auto wrong = fault_of_wish(wish, profile_, fixed_extensions_); !wrong.empty())
      faults.push_back(std::move(wrong));
  const auto* const names = request.extension(oid::kSubjectAltName);
  if (names && !copies_names_)
    faults.push_back("it asks for subjectAltName, which the profile " + profile_.name + " does not give");

  const bool root = issuer_.empty();
  const auto days = std::chrono::hours(24 * (profile_.days != 0 ? profile_.days : 365));
  const auto from = std::chrono::floor<std::chrono::seconds>(wanted.from);
  auto until = wanted.until.value_or(profile_.until.value_or(from + days));
  if (!wanted.until && !profile_.until) until = std::min(until, issuer_until_);
  // 802.1AR and Matter have certificates without an end, which outlive their CA: their end is no promise.
  if (until > issuer_until_ && !profile_.until)
    faults.push_back("it would outlive its CA, which ends at " + format_rfc3339(issuer_until_));

  Bytes extensions = fixed_extensions_;
  const auto key_id = key_id_of(request.spki);
  if (may_have(profile_, oid::kSubjectKeyId))
    put(extensions, extension_of(oid::kSubjectKeyId, false, der::value(der::kOctetString, {key_id})));
  if (!root) put(extensions, extension_of(oid::kAuthorityKeyId, false, authority_key_id_));
  if (names && copies_names_)
    put(extensions, extension_of(oid::kSubjectAltName, request.subject.empty(), names->value));

  static constexpr std::uint8_t kVersion3[]{0xa0, 0x03, 0x02, 0x01, 0x02};
  const auto serial = wanted.serial.empty() ? random_serial() : wanted.serial;
  const auto tbs = der::value(
      der::kSequence,
      Parts{kVersion3, der::value(der::kInteger, {serial}), algorithm_, root ? request.subject.der : ByteView(issuer_),
            der::value(der::kSequence, Parts{der::time(from), der::time(until)}), request.subject.der, request.spki,
            der::value(der::context(3), {der::value(der::kSequence, {extensions})})});

  const auto read = x509::certificate_of(x509::signed_of(tbs, algorithm_, {}));
  if (!read) {
    faults.push_back(read.error().message);
  } else {
    Subject subject(*read);
    subject.self_signed = root;  // it will be
    auto findings = lint(subject);
    std::ranges::move(check_profile(subject, profile_), std::back_inserter(findings));
    for (auto& finding : findings)
      if (finding.severity == Severity::error) faults.push_back(std::move(finding.message));
  }
  if (!faults.empty())
    return fail(ErrorKind::invalid, "HF-PKI-0005",
                "no certificate of the profile " + profile_.name + " comes of this request: " + listed(faults));
  return tbs;
}

Result<Bytes> crl(const Certificate& issuer, crypto::SignatureScheme scheme, std::uint64_t number, Time this_update,
                  Time next_update, std::span<const RevokedEntry> revoked) {
  if ((issuer.key_usage.value_or(0) & x509::crl_sign) == 0 || !issuer.subject_key_id)
    return refuse_issuer(issuer.subject.text() + " has no cRLSign or no subjectKeyIdentifier");
  Bytes entries;
  for (const auto& one : revoked) {
    constexpr std::uint8_t kEnumerated = 0x0a;
    const auto code = std::uint8_t(one.reason);
    const auto reason =
        one.reason == 0 ? Bytes()
                        : der::value(der::kSequence,
                                     {extension_of(oid::kReasonCode, false, der::value(kEnumerated, {{&code, 1}}))});
    put(entries,
        der::value(der::kSequence, Parts{der::value(der::kInteger, {one.serial}),
                                         der::time(std::chrono::floor<std::chrono::seconds>(one.at)), reason}));
  }
  Bytes extensions =
      extension_of(oid::kAuthorityKeyId, false,
                   der::value(der::kSequence, Parts{der::value(der::context_primitive(0), {*issuer.subject_key_id})}));
  put(extensions, extension_of(oid::kCrlNumber, false, der::integer(number)));
  return der::value(der::kSequence, Parts{der::integer(1), crypto::algorithm_identifier_of(scheme), issuer.subject.der,
                                          der::time(std::chrono::floor<std::chrono::seconds>(this_update)),
                                          der::time(std::chrono::floor<std::chrono::seconds>(next_update)),
                                          entries.empty() ? Bytes() : der::value(der::kSequence, {entries}),
                                          der::value(der::context(0), {der::value(der::kSequence, {extensions})})});
}

Result<Bytes> name_of_text(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorKind::invalid, "HF-PKI-0007",
                "'" + std::string(text) + "' is no name as \"CN=Example CA,O=Example\": " + std::string(why));
  };
  constexpr std::uint8_t kPrintable = 0x13, kIa5 = 0x16;
  static const std::vector<std::pair<std::string_view, std::string_view>> kBrief{
      {"CN", oid::kCommonName}, {"O", oid::kOrganization}, {"OU", oid::kOrganizationalUnit},    {"C", oid::kCountry},
      {"L", "2.5.4.7"},         {"ST", "2.5.4.8"},         {"DC", "0.9.2342.19200300.100.1.25"}};
  std::vector<Bytes> rdns;
  std::string type, value;
  bool in_value = false, escaped = false;
  const auto end = [&]() -> std::string {
    auto id = x509::oid_of_name(trim(type));
    for (const auto& [brief, dotted] : kBrief)
      if (brief == trim(type)) id = std::string(dotted);
    if (!id) return "'" + type + "' is no attribute that is known";
    if (!in_value || value.empty()) return "'" + type + "' has no value";
    const bool printable = *id == oid::kCountry || *id == oid::kSerialNumber;
    const auto tag = printable                                                          ? kPrintable
                     : *id == oid::kEmailAddress || *id == "0.9.2342.19200300.100.1.25" ? kIa5
                                                                                        : der::kUtf8String;
    const auto pair = der::value(der::kSequence, Parts{der::oid(*id), der::value(tag, {bytes_of(value)})});
    rdns.push_back(der::value(der::kSet, {pair}));
    type.clear(), value.clear(), in_value = false;
    return {};
  };
  for (const char c : text) {
    if (escaped) value += c, escaped = false;
    else if (in_value && c == '\\') escaped = true;
    else if (in_value && c == ',') {
      if (const auto wrong = end(); !wrong.empty()) return bad(wrong);
    } else if (!in_value && c == '=') in_value = true;
    else (in_value ? value : type) += c;
  }
  if (const auto wrong = escaped ? std::string("it ends with a backslash") : end(); !wrong.empty()) return bad(wrong);
  std::ranges::reverse(rdns);
  return der::value(der::kSequence, rdns);
}

}  // namespace hf::pki
