#include "pki/ocsp.h"

#include <algorithm>

#include "crypto/der.h"
#include "crypto/sha1.h"

namespace hf::pki {
namespace {

namespace der = crypto::der;
namespace x509 = crypto::x509;
using crypto::DerReader;
using Parts = std::initializer_list<ByteView>;

constexpr std::size_t kNonceMax = 128, kExtensionsMax = 16;

auto malformed(std::string what) {
  return fail(ErrorKind::invalid, "HF-PKI-0027", "it is no OCSP request that is answered: " + std::move(what));
}

Bytes generalized_time(Time time) {
  std::string digits;
  for (const char c : format_rfc3339(std::chrono::floor<std::chrono::seconds>(time)))
    if (c >= '0' && c <= '9') digits += c;
  digits += 'Z';
  return der::value(der::kGeneralizedTime, {bytes_of(digits)});
}

// The octets of the BIT STRING: what a key hash is of (4.1.1).
ByteView key_bits(ByteView spki) {
  DerReader outer(spki);
  const auto info = outer.next(der::kSequence);
  DerReader parts(info ? info->content : ByteView());
  static_cast<void>(parts.next());
  const auto key = parts.next(der::kBitString);
  return key && !key->content.empty() ? key->content.subspan(1) : ByteView();
}

Bytes sha256_of(ByteView bytes) {
  const auto digest = crypto::sha256({bytes});
  return {digest.begin(), digest.end()};
}

// Extensions of a request or of one of its items. Only a nonce of the whole is known.
Result<void> read_extensions(ByteView content, std::optional<ByteView>* nonce) {
  DerReader outer(content);
  const auto list = outer.next(der::kSequence);
  if (!list || !outer.at_end()) return malformed("its extensions are none");
  std::size_t count = 0;
  for (DerReader reader(list->content); !reader.at_end();) {
    const auto one = reader.next(der::kSequence);
    DerReader parts(one ? one->content : ByteView());
    const auto id = parts.next(der::kOid);
    const auto critical = parts.next(der::kBoolean);
    const auto value = parts.next(der::kOctetString);
    if (!id || !value || !parts.at_end() || ++count > kExtensionsMax) return malformed("its extensions are none");
    const auto oid = x509::oid_text(id->content);
    if (nonce && oid == keys::kOcspNonce) {
      DerReader inner(value->content);
      const auto octets = inner.next(der::kOctetString);
      if (*nonce || !octets || !inner.at_end()) return malformed("its nonce is no OCTET STRING, or there are two");
      if (octets->content.empty() || octets->content.size() > kNonceMax)
        return malformed("its nonce has " + std::to_string(octets->content.size()) + " octets; 1 to 128 are taken");
      *nonce = octets->content;
    } else if (critical && critical->content.size() == 1 && critical->content[0] != 0) {
      return malformed("its critical extension " + oid.value_or("?") + " is not known");
    }
  }
  return {};
}

Bytes status_value(const OcspWord& word) {
  constexpr std::uint8_t kEnumerated = 0x0a;
  if (word.status == OcspWord::good) return der::value(der::context_primitive(0), Parts{});
  if (word.status == OcspWord::unknown) return der::value(der::context_primitive(2), Parts{});
  const auto code = std::uint8_t(word.reason);
  const auto reason = word.reason == 0 ? Bytes() : der::value(der::context(0), {der::value(kEnumerated, {{&code, 1}})});
  return der::value(der::context(1), Parts{generalized_time(word.revoked_at), reason});
}

}  // namespace

Result<OcspRequest> ocsp_request_of(ByteView bytes) {
  if (bytes.size() > kOcspRequestMax) return malformed("it has over 16 KiB");
  OcspRequest request;
  request.der.assign(bytes.begin(), bytes.end());
  DerReader outer(request.der);
  const auto whole = outer.next(der::kSequence);
  if (!whole || !outer.at_end()) return malformed("no SEQUENCE");
  DerReader signed_parts(whole->content);
  const auto tbs = signed_parts.next(der::kSequence);
  static_cast<void>(signed_parts.next(der::context(0)));  // optionalSignature
  if (!tbs || !signed_parts.at_end()) return malformed("no TBSRequest");
  DerReader parts(tbs->content);
  if (const auto version = parts.next(der::context(0))) {
    static constexpr std::uint8_t kV1[]{0x02, 0x01, 0x00};
    if (!std::ranges::equal(version->content, kV1)) return malformed("it is not of version 1");
  }
  static_cast<void>(parts.next(der::context(1)));  // requestorName
  const auto list = parts.next(der::kSequence);
  if (!list) return malformed("no list");
  for (DerReader items(list->content); !items.at_end();) {
    const auto item = items.next(der::kSequence);
    DerReader fields(item ? item->content : ByteView());
    const auto id = fields.next(der::kSequence);
    auto cert = id ? keys::ocsp_cert_id_of(id->whole) : std::nullopt;
    if (!cert) return malformed("a CertID is none");
    if (const auto extensions = fields.next(der::context(0))) HF_CHECK(read_extensions(extensions->content, nullptr));
    if (!fields.at_end()) return malformed("a CertID is followed by something else");
    if (request.ids.size() == kOcspListMax)
      return malformed("it asks for more than " + std::to_string(kOcspListMax) + " certificates");
    request.ids.push_back(*std::move(cert));
  }
  if (request.ids.empty()) return malformed("it asks for nothing");
  if (const auto extensions = parts.next(der::context(2)))
    HF_CHECK(read_extensions(extensions->content, &request.nonce));
  if (!parts.at_end()) return malformed("bytes after its end");
  return request;
}

OcspIssuer::OcspIssuer(const Certificate& issuer)
    : name_sha1_(crypto::sha1_name(issuer.subject.der)),
      key_sha1_(crypto::sha1_name(key_bits(issuer.spki))),
      name_sha256_(sha256_of(issuer.subject.der)),
      key_sha256_(sha256_of(key_bits(issuer.spki))) {}

bool OcspIssuer::is_of(const keys::OcspCertId& id) const {
  const auto same = [&](const Bytes& name, const Bytes& key) {
    return std::ranges::equal(id.name_hash, name) && std::ranges::equal(id.key_hash, key);
  };
  if (id.hash == "1.3.14.3.2.26") return same(name_sha1_, key_sha1_);
  if (id.hash == "2.16.840.1.101.3.4.2.1") return same(name_sha256_, key_sha256_);
  return false;
}

Bytes ocsp_response_data(const OcspRequest& request, const std::vector<OcspWord>& words, const Certificate& responder,
                         const OcspTimes& times, bool with_nonce) {
  std::vector<Bytes> answers;
  const auto since = generalized_time(times.this_update);
  const auto until = der::value(der::context(0), {generalized_time(times.next_update)});
  for (std::size_t i = 0; i < request.ids.size() && i < words.size(); ++i)
    answers.push_back(der::value(der::kSequence, Parts{request.ids[i].der, status_value(words[i]), since, until}));
  const auto name = der::value(der::kOctetString, {crypto::sha1_name(key_bits(responder.spki))});
  Bytes extensions;
  if (with_nonce && request.nonce) {
    const auto nonce = der::value(
        der::kSequence, Parts{der::oid(keys::kOcspNonce),
                              der::value(der::kOctetString, {der::value(der::kOctetString, {*request.nonce})})});
    extensions = der::value(der::context(1), {der::value(der::kSequence, {nonce})});
  }
  return der::value(der::kSequence, Parts{der::value(der::context(2), {name}), generalized_time(times.produced_at),
                                          der::value(der::kSequence, answers), extensions});
}

Bytes ocsp_refusal(OcspStatus status) {
  constexpr std::uint8_t kEnumerated = 0x0a;
  const auto code = std::uint8_t(status);
  return der::value(der::kSequence, {der::value(kEnumerated, {{&code, 1}})});
}

std::string fault_of_responder(const Certificate& responder, const Certificate& issuer, Time at) {
  const auto key = crypto::VerificationKey::of_spki(issuer.spki);
  const auto algorithm = crypto::verification_algorithm_of_der(responder.signature_algorithm);
  if (!x509::same_name(responder.issuer, issuer.subject) || !key || !algorithm ||
      !key->verify(*algorithm, responder.tbs, responder.signature))
    return "it is not issued by the CA itself";
  const auto& purposes = responder.extended_key_usage;
  if (!purposes || std::ranges::find(*purposes, x509::oid::kOcspSigning) == purposes->end())
    return "its purposes do not name OCSPSigning";
  if (!responder.extension(x509::oid::kOcspNoCheck)) return "it has no ocspNoCheck";
  if (responder.key_usage && (*responder.key_usage & x509::digital_signature) == 0)
    return "its key usage has no digitalSignature";
  if (at < responder.validity.not_before || at > responder.validity.not_after)
    return "it is valid from " + format_rfc3339(responder.validity.not_before) + " to " +
           format_rfc3339(responder.validity.not_after);
  return {};
}

}  // namespace hf::pki
