#include "crypto/timestamp.h"

#include <algorithm>
#include <array>

#include "crypto/byte_order.h"
#include "crypto/der.h"
#include "crypto/verification.h"
#include "crypto/x509.h"

namespace hf::crypto {
namespace {

constexpr std::string_view kSignedData = "1.2.840.113549.1.7.2", kTstInfo = "1.2.840.113549.1.9.16.1.4",
                           kContentType = "1.2.840.113549.1.9.3", kMessageDigest = "1.2.840.113549.1.9.4",
                           kSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47",
                           kTimeStampToken = "1.2.840.113549.1.9.16.2.14";
constexpr std::array<std::pair<Digest, std::string_view>, 3> kDigests{{{Digest::sha256, "2.16.840.1.101.3.4.2.1"},
                                                                       {Digest::sha384, "2.16.840.1.101.3.4.2.2"},
                                                                       {Digest::sha512, "2.16.840.1.101.3.4.2.3"}}};
constexpr std::size_t kNumberMax = 32;  // bytes of a nonce; RFC 3161 asks for serial numbers of up to 160 bits

auto not_one(std::string_view what) {
  return fail(ErrorKind::invalid, "HF-TSP-0001", "not a time stamp, or a request for one: " + std::string(what));
}

Bytes sequence(const std::vector<Bytes>& parts) { return der::value(der::kSequence, parts); }
std::string_view oid_of(Digest digest) {
  const auto found = std::ranges::find(kDigests, digest, &std::pair<Digest, std::string_view>::first);
  return found == kDigests.end() ? std::string_view() : found->second;
}
bool is(const std::optional<DerValue>& value, std::string_view oid) {
  return value && std::ranges::equal(value->whole, der::oid(oid));
}
Bytes owned(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
bool is_one(const std::optional<DerValue>& number) {
  return number && number->content.size() == 1 && number->content[0] == 1;
}
bool is_number(ByteView content) {  // in its one encoding, X.690 8.3.2
  if (content.empty() || content.size() > kNumberMax) return false;
  return content.size() == 1 || !((content[0] == 0 && content[1] < 0x80) || (content[0] == 0xff && content[1] >= 0x80));
}

Bytes to_der(const Imprint& imprint) {
  std::vector<Bytes> algorithm{der::oid(oid_of(imprint.digest))};
  if (imprint.null_parameters) algorithm.push_back(der::null());
  return sequence({sequence(algorithm), der::value(der::kOctetString, {imprint.value})});
}

Result<Imprint> imprint_of(DerReader& in) {
  const auto imprint = in.next(der::kSequence);
  if (!imprint) return not_one("its message imprint");
  DerReader parts(imprint->content);
  const auto algorithm = parts.next(der::kSequence);
  const auto value = parts.next(der::kOctetString);
  if (!algorithm || !value || !parts.at_end()) return not_one("its message imprint");
  DerReader inner(algorithm->content);
  const auto name = inner.next(der::kOid);
  const auto null = inner.next(der::kNull);
  if (!inner.at_end()) return not_one("its digest algorithm");
  for (const auto& [digest, oid] : kDigests) {
    if (!is(name, oid)) continue;
    if (value->content.size() != digest_of(digest, {}).size()) return not_one("an imprint of another size");
    return Imprint{digest, owned(value->content), null.has_value()};
  }
  return not_one("its digest is not SHA-256, SHA-384 or SHA-512");
}

// GeneralizedTime of RFC 3161 2.4.2: UTC, a fraction without trailing zeros.
std::optional<Time> time_of(ByteView content) {
  constexpr std::size_t kSeconds = 14, kFractionMax = 6;
  if (content.size() < kSeconds + 1 || content.back() != 'Z') return std::nullopt;
  auto whole = owned(content.first(kSeconds));
  whole.push_back('Z');
  auto time = x509::time_of_der(der::kGeneralizedTime, whole);
  if (!time || content.size() == kSeconds + 1) return time;
  const auto fraction = content.subspan(kSeconds, content.size() - kSeconds - 1);
  if (fraction.size() < 2 || fraction.size() > 1 + kFractionMax || fraction[0] != '.' || fraction.back() == '0')
    return std::nullopt;
  std::int64_t unit = 1'000'000;
  for (const auto digit : fraction.subspan(1)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    unit /= 10;
    *time += std::chrono::microseconds((digit - '0') * unit);
  }
  return time;
}

std::optional<std::int64_t> small_number(ByteView content) {
  if (!is_number(content) || content.size() > 5 || content[0] >= 0x80) return std::nullopt;
  std::int64_t number = 0;
  for (const auto byte : content) number = number << 8 | byte;
  return number;
}

Result<std::chrono::milliseconds> accuracy_of(ByteView content) {
  DerReader in(content);
  std::int64_t micros = 0;
  for (const auto& [tag, unit] :
       {std::pair(der::kInteger, std::int64_t{1'000'000}), std::pair(der::context_primitive(0), std::int64_t{1000}),
        std::pair(der::context_primitive(1), std::int64_t{1})}) {
    const auto value = in.next(tag);
    if (!value) continue;
    const auto number = small_number(value->content);
    if (!number || (unit < 1'000'000 && (*number < 1 || *number > 999))) return not_one("its accuracy");
    micros += *number * unit;
  }
  if (!in.at_end()) return not_one("its accuracy");
  return std::chrono::milliseconds((micros + 999) / 1000);
}

// SignedData of a CMS with one signer: what of it is moved or added to.
struct SignedData {
  DerValue version, digests, encapsulated;
  std::optional<DerValue> certificates;
  ByteView signer{}, signature{};  // SignerInfo's content, up to and with the signature; its value
  std::optional<DerValue> unsigned_attributes;
};
Result<SignedData> signed_data_of(ByteView cms) {
  const auto refuse = [] {
    return fail(ErrorKind::invalid, "HF-CMS-0003", "not a CMS SignedData of one signer, in DER");
  };
  DerReader outermost(cms);
  const auto info = outermost.next(der::kSequence);
  if (!info || !outermost.at_end()) return refuse();
  DerReader content(info->content);
  const auto type = content.next(der::kOid);
  const auto wrapped = content.next(der::context(0));
  if (!is(type, kSignedData) || !wrapped || !content.at_end()) return refuse();
  DerReader unwrapped(wrapped->content);
  const auto data = unwrapped.next(der::kSequence);
  if (!data || !unwrapped.at_end()) return refuse();
  DerReader in(data->content);
  const auto version = in.next(der::kInteger);
  const auto digests = in.next(der::kSet);
  const auto encapsulated = in.next(der::kSequence);
  if (!version || !digests || !encapsulated) return refuse();
  SignedData read{*version, *digests, *encapsulated, in.next(der::context(0)), {}, {}, {}};
  const auto signers = in.next(der::kSet);
  if (!signers || !in.at_end()) return refuse();
  DerReader each(signers->content);
  const auto signer = each.next(der::kSequence);
  if (!signer || !each.at_end()) return refuse();
  DerReader parts(signer->content);
  if (!parts.next(der::kInteger) || !parts.next() || !parts.next(der::kSequence)) return refuse();
  static_cast<void>(parts.next(der::context(0)));
  if (!parts.next(der::kSequence)) return refuse();
  const auto signature = parts.next(der::kOctetString);
  if (!signature) return refuse();
  read.signature = signature->content;
  read.signer = {signer->content.data(),
                 std::size_t(signature->whole.data() + signature->whole.size() - signer->content.data())};
  read.unsigned_attributes = parts.next(der::context(1));
  if (!parts.at_end()) return refuse();
  return read;
}

}  // namespace

bool is_oid(std::string_view dotted) {
  constexpr std::size_t kArcMax = 9, kArcsMax = 32;  // digits of one; 2^63 is far
  const auto arcs = split(dotted, '.');
  if (arcs.size() < 2 || arcs.size() > kArcsMax) return false;
  for (const auto arc : arcs)
    if (arc.empty() || arc.size() > kArcMax || (arc.size() > 1 && arc[0] == '0') ||
        !std::ranges::all_of(arc, [](char c) { return c >= '0' && c <= '9'; }))
      return false;
  return arcs[0] == "2" ||
         ((arcs[0] == "0" || arcs[0] == "1") && (arcs[1].size() == 1 || arcs[1] < "40") && arcs[1].size() <= 2);
}

Result<TimeStampRequest> timestamp_request_of(ByteView bytes) {
  DerReader outermost(bytes);
  const auto whole = outermost.next(der::kSequence);
  if (!whole || !outermost.at_end()) return not_one("it is not one DER value");
  DerReader in(whole->content);
  if (!is_one(in.next(der::kInteger))) return not_one("its version");
  TimeStampRequest request;
  HF_TRY(request.imprint, imprint_of(in));
  if (const auto policy = in.next(der::kOid)) {
    const auto text = x509::oid_text(policy->content);
    if (!text) return not_one("its policy");
    request.policy = *text;
  }
  if (const auto nonce = in.next(der::kInteger)) {
    if (!is_number(nonce->content)) return not_one("its nonce");
    request.nonce = owned(nonce->content);
  }
  if (const auto wanted = in.next(der::kBoolean)) {  // DEFAULT FALSE: DER writes it when it is true alone
    if (wanted->content.size() != 1 || wanted->content[0] != 0xff) return not_one("its certReq");
    request.certificates = true;
  }
  if (!in.at_end()) return not_one("extensions, of which none is taken, or something else behind it");
  return request;
}

Bytes to_der(const TimeStampRequest& request) {
  std::vector<Bytes> parts{der::integer(std::uint64_t{1}), to_der(request.imprint)};
  if (!request.policy.empty()) parts.push_back(der::oid(request.policy));
  if (!request.nonce.empty()) parts.push_back(der::value(der::kInteger, {request.nonce}));
  if (request.certificates) parts.push_back(der::value(der::kBoolean, {Bytes{0xff}}));
  return sequence(parts);
}

Result<TimeStamp> timestamp_of(ByteView bytes) {
  DerReader outermost(bytes);
  const auto whole = outermost.next(der::kSequence);
  if (!whole || !outermost.at_end()) return not_one("its TSTInfo is not one DER value");
  DerReader in(whole->content);
  if (!is_one(in.next(der::kInteger))) return not_one("its version");
  TimeStamp stamp;
  const auto policy = in.next(der::kOid);
  const auto text = policy ? x509::oid_text(policy->content) : std::nullopt;
  if (!text) return not_one("its policy");
  stamp.policy = *text;
  HF_TRY(stamp.imprint, imprint_of(in));
  const auto serial = in.next(der::kInteger);
  if (!serial || !is_number(serial->content)) return not_one("its serial number");
  stamp.serial = owned(serial->content);
  const auto time = in.next(der::kGeneralizedTime);
  const auto instant = time ? time_of(time->content) : std::nullopt;
  if (!instant) return not_one("its genTime");
  stamp.time = *instant;
  if (const auto accuracy = in.next(der::kSequence)) {
    HF_TRY(stamp.accuracy, accuracy_of(accuracy->content));
  }
  if (const auto ordering = in.next(der::kBoolean);
      ordering && (ordering->content.size() != 1 || ordering->content[0] != 0xff))
    return not_one("its ordering");
  if (const auto nonce = in.next(der::kInteger)) {
    if (!is_number(nonce->content)) return not_one("its nonce");
    stamp.nonce = owned(nonce->content);
  }
  static_cast<void>(in.next(der::context(0)));  // tsa: a hint at the name, which the certificate says
  if (const auto extensions = in.next(der::context(1))) {
    DerReader each(extensions->content);
    while (const auto one = each.next(der::kSequence)) {
      DerReader parts(one->content);
      if (!parts.next(der::kOid) || parts.next(der::kBoolean)) return not_one("an extension that is critical");
    }
    if (!each.at_end()) return not_one("its extensions");
  }
  if (!in.at_end()) return not_one("something is behind its TSTInfo");
  return stamp;
}

Bytes to_der(const TimeStamp& stamp) {
  std::string digits;
  for (const char c : format_rfc3339(std::chrono::floor<std::chrono::seconds>(stamp.time)))
    if (c >= '0' && c <= '9') digits += c;
  std::vector<Bytes> parts{der::integer(std::uint64_t{1}), der::oid(stamp.policy), to_der(stamp.imprint),
                           der::value(der::kInteger, {stamp.serial}),
                           der::value(der::kGeneralizedTime, {bytes_of(digits + "Z")})};
  if (stamp.accuracy) {
    const auto seconds = std::uint64_t(stamp.accuracy->count() / 1000);
    const auto millis = std::uint64_t(stamp.accuracy->count() % 1000);
    std::vector<Bytes> accuracy;
    if (seconds > 0) accuracy.push_back(der::integer(seconds));
    if (millis > 0) {
      DerReader number(ByteView(accuracy.emplace_back(der::integer(millis))));
      accuracy.back() = der::value(der::context_primitive(0), {number.next()->content});
    }
    parts.push_back(sequence(accuracy));
  }
  if (!stamp.nonce.empty()) parts.push_back(der::value(der::kInteger, {stamp.nonce}));
  return sequence(parts);
}

Bytes timestamp_signed_attributes(const TimeStamp& stamp, const CmsSigner& signer) {
  const auto attribute = [](std::string_view type, const Bytes& value) {
    return sequence({der::oid(type), der::value(der::kSet, {value})});
  };
  // RFC 5035: SEQUENCE OF ESSCertIDv2, whose digest is SHA-256 unless it says another.
  const auto certificate = sequence(
      {sequence({sequence({der::value(der::kOctetString, {digest_of(Digest::sha256, signer.certificate)})})})});
  return der::set_of({attribute(kContentType, der::oid(kTstInfo)),
                      attribute(kMessageDigest, der::value(der::kOctetString,
                                                           {digest_of(cms_digest_of(signer.scheme), to_der(stamp))})),
                      attribute(kSigningCertificateV2, certificate)});
}

Result<Bytes> timestamp_token(const TimeStamp& stamp, const CmsSigner& signer, bool certificates, ByteView signature) {
  HF_TRY(const auto certificate, x509::certificate_of(signer.certificate));
  if (!std::ranges::equal(certificate.spki, to_spki(signer.key)))
    return fail(ErrorKind::invalid, "HF-CMS-0001", "the certificate is not usable: it is of another key");
  const bool ecdsa =
      signer.scheme == SignatureScheme::ecdsa_p256_sha256 || signer.scheme == SignatureScheme::ecdsa_p384_sha384;
  const auto value = ecdsa ? ecdsa_to_der(signature) : owned(signature);
  const auto digest = sequence({der::oid(oid_of(cms_digest_of(signer.scheme)))});
  const auto attributes = timestamp_signed_attributes(stamp, signer);
  DerReader set(attributes);
  const auto info =
      sequence({der::integer(std::uint64_t{1}),
                sequence({owned(certificate.issuer.der), der::value(der::kInteger, {certificate.serial})}), digest,
                der::value(der::context(0), {set.next()->content}), algorithm_identifier_of(signer.scheme),
                der::value(der::kOctetString, {value})});
  // Version 3: the content is not id-data (RFC 5652 5.1).
  std::vector<Bytes> data{
      der::integer(std::uint64_t{3}), der::value(der::kSet, {digest}),
      sequence({der::oid(kTstInfo), der::value(der::context(0), {der::value(der::kOctetString, {to_der(stamp)})})})};
  if (certificates) {
    std::vector<Bytes> all{signer.certificate};
    all.insert(all.end(), signer.intermediates.begin(), signer.intermediates.end());
    std::ranges::sort(all, ByteOrder());
    data.push_back(der::value(der::context(0), all));
  }
  data.push_back(der::value(der::kSet, {info}));
  return sequence({der::oid(kSignedData), der::value(der::context(0), {sequence(data)})});
}

Bytes timestamp_response(ByteView token) {
  return sequence({sequence({der::integer(std::uint64_t{0})}), owned(token)});
}

Result<Bytes> token_of_response(ByteView bytes) {
  DerReader outermost(bytes);
  const auto whole = outermost.next(der::kSequence);
  if (!whole || !outermost.at_end()) return not_one("it is not one DER value");
  DerReader in(whole->content);
  const auto info = in.next(der::kSequence);
  if (!info) return not_one("its status");
  DerReader parts(info->content);
  const auto status = parts.next(der::kInteger);
  if (!status || status->content.size() != 1) return not_one("its status");
  const auto token = in.next(der::kSequence);
  constexpr std::uint8_t kGrantedWithMods = 1;
  if (status->content[0] > kGrantedWithMods || !token)
    return fail(ErrorKind::conflict, "HF-TSP-0002",
                "the time stamp was not granted: status " + std::to_string(status->content[0]) + " (RFC 3161 2.4.2)");
  if (!in.at_end()) return not_one("something is behind its token");
  return owned(token->whole);
}

Result<Bytes> cms_signature_of(ByteView cms) {
  HF_TRY(const auto data, signed_data_of(cms));
  return owned(data.signature);
}

Result<Bytes> cms_timestamp_of(ByteView cms) {
  HF_TRY(const auto data, signed_data_of(cms));
  if (!data.unsigned_attributes) return Bytes();
  const auto refuse = [] {
    return fail(ErrorKind::invalid, "HF-CMS-0003", "an unsigned attribute of the CMS is no time stamp");
  };
  DerReader attributes(data.unsigned_attributes->content);
  const auto attribute = attributes.next(der::kSequence);
  if (!attribute || !attributes.at_end()) return refuse();
  DerReader parts(attribute->content);
  const auto type = parts.next(der::kOid);
  const auto values = parts.next(der::kSet);
  if (!is(type, kTimeStampToken) || !values || !parts.at_end()) return refuse();
  DerReader each(values->content);
  const auto token = each.next(der::kSequence);
  if (!token || !each.at_end()) return refuse();
  return owned(token->whole);
}

Result<Bytes> cms_with_timestamp(ByteView cms, ByteView token) {
  HF_TRY(const auto data, signed_data_of(cms));
  if (data.unsigned_attributes)
    return fail(ErrorKind::conflict, "HF-TSP-0004", "the CMS carries unsigned attributes already");
  const auto attribute = sequence({der::oid(kTimeStampToken), der::value(der::kSet, {token})});
  const auto info = der::value(der::kSequence, {data.signer, der::value(der::context(1), {attribute})});
  std::vector<Bytes> parts{owned(data.version.whole), owned(data.digests.whole), owned(data.encapsulated.whole)};
  if (data.certificates) parts.push_back(owned(data.certificates->whole));
  parts.push_back(der::value(der::kSet, {info}));
  return sequence({der::oid(kSignedData), der::value(der::context(0), {sequence(parts)})});
}

}  // namespace hf::crypto
