#include "crypto/cms.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "crypto/byte_order.h"
#include "crypto/cms_read.h"
#include "crypto/der.h"
#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

using CertificatePtr = std::unique_ptr<X509, OpensslFree<&X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<&X509_STORE_free>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, OpensslFree<&CMS_ContentInfo_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<&BIO_free>>;

struct StackFree {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), StackFree>;

// Names of RFC 5652, RFC 5754 and RFC 4055.
constexpr std::string_view kSignedData = "1.2.840.113549.1.7.2", kData = "1.2.840.113549.1.7.1",
                           kContentType = "1.2.840.113549.1.9.3", kMessageDigest = "1.2.840.113549.1.9.4",
                           kSigningTime = "1.2.840.113549.1.9.5", kSha256 = "2.16.840.1.101.3.4.2.1",
                           kSha384 = "2.16.840.1.101.3.4.2.2", kSha512 = "2.16.840.1.101.3.4.2.3",
                           kRsa = "1.2.840.113549.1.1.1", kMgf1 = "1.2.840.113549.1.1.8",
                           kPss = "1.2.840.113549.1.1.10", kEcdsaSha256 = "1.2.840.10045.4.3.2",
                           kEcdsaSha384 = "1.2.840.10045.4.3.3", kEcdsaSha512 = "1.2.840.10045.4.3.4",
                           kRsaSha256 = "1.2.840.113549.1.1.11", kRsaSha384 = "1.2.840.113549.1.1.12",
                           kRsaSha512 = "1.2.840.113549.1.1.13";

Bytes sequence(const std::vector<Bytes>& parts) { return der::value(der::kSequence, parts); }

Bytes digest_algorithm(SignatureScheme scheme) {
  return sequence({der::oid(cms_digest_of(scheme) == Digest::sha384 ? kSha384 : kSha256)});
}

Bytes signature_algorithm(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::ecdsa_p256_sha256: return sequence({der::oid(kEcdsaSha256)});
    case SignatureScheme::ecdsa_p384_sha384: return sequence({der::oid(kEcdsaSha384)});
    case SignatureScheme::rsa_pkcs1_sha256: return sequence({der::oid(kRsa), der::null()});
    case SignatureScheme::rsa_pss_sha256: {
      constexpr std::uint64_t kSalt = 32;
      const auto sha256 = sequence({der::oid(kSha256)});
      return sequence({der::oid(kPss), sequence({der::value(der::context(0), {sha256}),
                                                 der::value(der::context(1), {sequence({der::oid(kMgf1), sha256})}),
                                                 der::value(der::context(2), {der::integer(kSalt)})})});
    }
    case SignatureScheme::ed25519: break;
  }
  return {};
}

auto bad_certificate(std::string_view why) {
  return fail(ErrorKind::invalid, "HF-CMS-0001", "the certificate is not usable: " + std::string(why));
}
auto not_verified(std::string_view why) {
  char text[256] = "";
  if (const auto error = ERR_peek_last_error(); error != 0) ERR_error_string_n(error, text, sizeof text);
  return fail(ErrorKind::forbidden, "HF-CMS-0002", "the CMS signature does not hold: " + std::string(why), text);
}
auto not_signed_data(std::string_view why) {
  return fail(ErrorKind::invalid, "HF-CMS-0003", "not a CMS SignedData that is accepted: " + std::string(why));
}

CertificatePtr parse_certificate(ByteView der) {
  const auto* at = der.data();
  CertificatePtr certificate(d2i_X509(nullptr, &at, long(der.size())));
  if (!certificate || at != der.data() + der.size()) return nullptr;
  return certificate;
}

template <class T, class F>
Bytes der_of(F encode, T* object) {
  std::uint8_t* out = nullptr;
  const int size = encode(object, &out);
  if (size <= 0) return {};
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  return bytes;
}

Result<PublicKey> key_of(X509* certificate) {
  return public_key_of_spki(der_of(&i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate)));
}

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, 128> text{};
  OBJ_obj2txt(text.data(), int(text.size()), object, 1);
  return text.data();
}

std::vector<std::string> extended_usage_of(X509* certificate) {
  std::vector<std::string> names;
  auto* usage = static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr));
  for (int i = 0; usage && i < sk_ASN1_OBJECT_num(usage); ++i) names.push_back(dotted(sk_ASN1_OBJECT_value(usage, i)));
  EXTENDED_KEY_USAGE_free(usage);
  return names;
}

bool may_sign(X509* certificate) {
  if ((X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0) return false;  // absent: all bits
  if (X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) < 0) return true;
  const auto usage = extended_usage_of(certificate);
  return std::ranges::any_of(usage, [](const std::string& name) {
    return name == "1.3.6.1.5.5.7.3.4" || name == "1.3.6.1.5.5.7.3.3" || name == "2.5.29.37.0";
  });
}

// What OpenSSL reads past, or takes as it comes: versions, algorithms that do not belong together, SHA-1, bytes that no
// signature covers. RFC 5652 5.1 and 5.3.
bool is_one_of(ByteView oid, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return std::ranges::equal(der::oid(name), oid); });
}
std::optional<ByteView> algorithm_in(ByteView identifier) {
  DerReader reader(identifier);
  const auto oid = reader.next(der::kOid);
  if (!oid) return std::nullopt;
  return oid->whole;
}
bool is_number(const std::optional<DerValue>& value, std::uint8_t number) {
  return value && value->content.size() == 1 && value->content[0] == number;
}
// OpenSSL digests what it would write for them, not what is there.
bool are_attributes(ByteView bytes) {
  DerReader reader(bytes);
  while (const auto attribute = reader.next(der::kSequence)) {
    DerReader parts(attribute->content);
    const auto type = parts.next(der::kOid);
    const auto values = parts.next(der::kSet);
    if (!type || !values || !parts.at_end()) return false;
    DerReader each(values->content);
    if (!each.next() || !each.at_end()) return false;  // one value, RFC 5652 11
  }
  return reader.at_end() && !bytes.empty();
}
std::uint8_t version_for(const DerValue& identifier) { return identifier.tag == der::kSequence ? 1 : 3; }
std::optional<std::string_view> fault_of_signer(ByteView info, ByteView outer_digest, DerValue& identifier) {
  DerReader reader(info);
  const auto number = reader.next(der::kInteger);
  const auto sid = reader.next();  // issuer and serial number, or [0] subject key identifier
  if (!sid || (sid->tag != der::kSequence && sid->tag != der::context_primitive(0))) return "its signer identifier";
  identifier = *sid;
  if (!is_number(number, version_for(identifier))) return "its SignerInfo version";
  const auto digest = reader.next(der::kSequence);
  if (!digest || !std::ranges::equal(digest->whole, outer_digest)) return "digest algorithms that differ";
  const auto digest_oid = algorithm_in(digest->content);
  if (!digest_oid || !is_one_of(*digest_oid, {kSha256, kSha384, kSha512})) return "a digest other than SHA-2";
  const auto digest_parameters = digest->content.subspan(digest_oid->size());
  if (!digest_parameters.empty() && !std::ranges::equal(digest_parameters, der::null())) return "digest parameters";
  if (const auto attributes = reader.next(der::context(0)); attributes && !are_attributes(attributes->content))
    return "its signed attributes";
  const auto algorithm = reader.next(der::kSequence);
  const auto oid = algorithm ? algorithm_in(algorithm->content) : std::nullopt;
  if (!oid ||
      !is_one_of(*oid, {kRsa, kPss, kEcdsaSha256, kEcdsaSha384, kEcdsaSha512, kRsaSha256, kRsaSha384, kRsaSha512}))
    return "a signature algorithm that is not accepted";
  const auto parameters = algorithm->content.subspan(oid->size());
  if (!is_one_of(*oid, {kPss}) && !parameters.empty() && !std::ranges::equal(parameters, der::null()))
    return "signature parameters";
  for (const auto& [ecdsa, sha] :
       {std::pair(kEcdsaSha256, kSha256), std::pair(kEcdsaSha384, kSha384), std::pair(kEcdsaSha512, kSha512),
        std::pair(kRsaSha256, kSha256), std::pair(kRsaSha384, kSha384), std::pair(kRsaSha512, kSha512)})
    if (is_one_of(*oid, {ecdsa}) && !is_one_of(*digest_oid, {sha})) return "a digest that is not its signature's";
  if (!reader.next(der::kOctetString)) return "no signature";
  static_cast<void>(
      reader.next(der::context(1)));  // unsigned attributes: time stamps, which are verified by themselves
  if (!reader.at_end()) return "its SignerInfo";
  return std::nullopt;
}
// Where certificates travel along, the signer's is among them as it is, and not only by its name.
bool brings(CMS_ContentInfo* cms, X509* signer) {
  const StackPtr certificates(CMS_get1_certs(cms));
  const int count = certificates ? sk_X509_num(certificates.get()) : 0;
  for (int i = 0; i < count; ++i)
    if (X509_cmp(sk_X509_value(certificates.get(), i), signer) == 0) return true;
  return count == 0;
}

int read_content(BIO* bio, char* out, int size) {
  auto* const source = static_cast<const CmsContent*>(BIO_get_data(bio));
  return int((*source)({reinterpret_cast<std::uint8_t*>(out), std::size_t(size)}));
}
long control_content(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
BIO* bio_of(const CmsContent& source) {
  static BIO_METHOD* const method = [] {
    auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "content");
    BIO_meth_set_read(made, &read_content);
    BIO_meth_set_ctrl(made, &control_content);
    return made;
  }();
  auto* bio = BIO_new(method);
  BIO_set_data(bio, const_cast<CmsContent*>(&source));
  BIO_set_init(bio, 1);
  return bio;
}

std::optional<Time> signing_time_of(CMS_SignerInfo* signer) {
  const int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
  if (at < 0) return std::nullopt;
  const auto* type = X509_ATTRIBUTE_get0_type(CMS_signed_get_attr(signer, at), 0);
  std::tm tm{};
  if (!type || (type->type != V_ASN1_UTCTIME && type->type != V_ASN1_GENERALIZEDTIME) ||
      ASN1_TIME_to_tm(type->value.asn1_string, &tm) != 1)
    return std::nullopt;
  return Time{} + std::chrono::seconds(timegm(&tm));
}

}  // namespace

std::optional<std::string_view> fault_of_signed_data(ByteView bytes, DerValue& identifier) {
  DerReader outermost(bytes);
  const auto info = outermost.next(der::kSequence);
  if (!info || !outermost.at_end()) return "not one DER value";
  DerReader content(info->content);
  const auto type = content.next(der::kOid);
  const auto wrapped = content.next(der::context(0));
  if (!type || !is_one_of(type->whole, {kSignedData}) || !wrapped || !content.at_end()) return "another content type";
  DerReader unwrapped(wrapped->content);
  const auto data = unwrapped.next(der::kSequence);
  if (!data || !unwrapped.at_end()) return "its SignedData";
  DerReader reader(data->content);
  const auto version = reader.next(der::kInteger);
  const auto digests = reader.next(der::kSet);
  const auto encapsulated = reader.next(der::kSequence);
  if (!version || !digests || !encapsulated) return "its SignedData";
  static_cast<void>(reader.next(der::context(0)));  // certificates: in a chain, or of no effect
  const auto signers = reader.next(der::kSet);      // CRLs are not taken: none would be looked at
  if (!signers || !reader.at_end()) return "its SignedData";
  DerReader digest_reader(digests->content);
  const auto digest = digest_reader.next(der::kSequence);
  if (!digest || !digest_reader.at_end()) return "more than one digest algorithm";
  DerReader signer_reader(signers->content);
  const auto signer = signer_reader.next(der::kSequence);
  if (!signer || !signer_reader.at_end()) return "not exactly one signer";
  if (const auto fault = fault_of_signer(signer->content, digest->whole, identifier)) return fault;
  // 5.1: content that is not id-data makes it version 3.
  DerReader inner(encapsulated->content);
  const auto content_type = inner.next(der::kOid);
  const bool data_content = content_type && is_one_of(content_type->whole, {kData});
  if (!is_number(version, data_content ? version_for(identifier) : std::uint8_t{3})) return "its version";
  return std::nullopt;
}

Digest cms_digest_of(SignatureScheme scheme) {
  return scheme == SignatureScheme::ecdsa_p384_sha384 ? Digest::sha384 : Digest::sha256;
}

Bytes cms_signed_attributes(ByteView content_digest, Time signing_time) {
  const auto attribute = [](std::string_view type, const Bytes& value) {
    return sequence({der::oid(type), der::value(der::kSet, {value})});
  };
  return der::set_of({attribute(kContentType, der::oid(kData)),
                      attribute(kMessageDigest, der::value(der::kOctetString, {content_digest})),
                      attribute(kSigningTime, der::time(signing_time))});
}

Result<Bytes> cms_signed_data(const CmsSigner& signer, std::optional<ByteView> content, ByteView signed_attributes,
                              ByteView signature) {
  const ErrorQueue queue;
  const auto certificate = parse_certificate(signer.certificate);
  if (!certificate) return bad_certificate("it is not an X.509 certificate in DER");
  const auto key = key_of(certificate.get());
  if (!key || *key != signer.key) return bad_certificate("it is of another key");
  std::vector<Bytes> certificates{signer.certificate};
  for (const auto& der : signer.intermediates) {
    if (!parse_certificate(der)) return bad_certificate("an intermediate is not an X.509 certificate in DER");
    certificates.push_back(der);
  }
  const auto issuer = der_of(&i2d_X509_NAME, X509_get_issuer_name(certificate.get()));
  const auto serial = der_of(&i2d_ASN1_INTEGER, X509_get_serialNumber(certificate.get()));
  const bool ecdsa =
      signer.scheme == SignatureScheme::ecdsa_p256_sha256 || signer.scheme == SignatureScheme::ecdsa_p384_sha384;
  const auto value = ecdsa ? ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end());
  const auto algorithm = signature_algorithm(signer.scheme);
  if (value.empty() || algorithm.empty()) return not_signed_data("a signature that its algorithm does not have");

  std::vector<Bytes> info{der::integer(std::uint64_t{1}), sequence({issuer, serial}), digest_algorithm(signer.scheme)};
  if (!signed_attributes.empty()) {
    DerReader reader(signed_attributes);
    const auto set = reader.next(der::kSet);
    if (!set || !reader.at_end()) return not_signed_data("signed attributes that are no SET");
    info.push_back(der::value(der::context(0), {set->content}));  // IMPLICIT: 5.4 signs it as a SET OF
  }
  info.push_back(algorithm);
  info.push_back(der::value(der::kOctetString, {value}));

  std::vector<Bytes> encapsulated{der::oid(kData)};
  if (content) encapsulated.push_back(der::value(der::context(0), {der::value(der::kOctetString, {*content})}));
  std::ranges::sort(certificates, ByteOrder());  // a SET OF
  const auto data = sequence({der::integer(std::uint64_t{1}), der::value(der::kSet, {digest_algorithm(signer.scheme)}),
                              sequence(encapsulated), der::value(der::context(0), certificates),
                              der::value(der::kSet, {sequence(info)})});
  return sequence({der::oid(kSignedData), der::value(der::context(0), {data})});
}

Result<CmsVerified> cms_verify(ByteView bytes, const std::vector<Bytes>& trusted, const CmsContent& detached) {
  const ErrorQueue queue;
  DerValue identifier;
  if (const auto fault = fault_of_signed_data(bytes, identifier)) return not_signed_data(*fault);
  const auto* at = bytes.data();
  const CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, long(bytes.size())));
  if (!cms || at != bytes.data() + bytes.size()) return not_signed_data("it does not parse");
  if (OBJ_obj2nid(CMS_get0_eContentType(cms.get())) != NID_pkcs7_data) return not_signed_data("its content is no data");
  auto** const content = CMS_get0_content(cms.get());
  if (!content || (*content != nullptr) == bool(detached))
    return not_signed_data(detached ? "it brings content of its own" : "it has no content");

  const StorePtr store(X509_STORE_new());
  const StackPtr known(sk_X509_new_null());
  for (const auto& der : trusted) {
    auto certificate = parse_certificate(der);
    if (!certificate) return bad_certificate("a trusted one is not an X.509 certificate in DER");
    X509_STORE_add_cert(store.get(), certificate.get());
    sk_X509_push(known.get(), certificate.release());
  }
  auto* const signer = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  CmsVerified verified;
  verified.signing_time = signing_time_of(signer);
  auto* const parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_ANY);  // may_sign() below says which are taken
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  if (verified.signing_time) X509_VERIFY_PARAM_set_time(parameters, micros(*verified.signing_time) / 1'000'000);
  else X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);

  const BioPtr source(detached ? bio_of(detached) : nullptr);
  const BioPtr out(BIO_new(detached ? BIO_s_null() : BIO_s_mem()));
  if (CMS_verify(cms.get(), known.get(), store.get(), source.get(), out.get(), CMS_BINARY) != 1)
    return not_verified("its signature, content or certificate chain is refused");
  X509* certificate = nullptr;
  CMS_SignerInfo_get0_algs(signer, nullptr, &certificate, nullptr, nullptr);
  if (!certificate || !may_sign(certificate))
    return not_verified("its certificate's key usage is neither e-mail protection nor code signing");
  verified.signers.push_back(der_of(&i2d_X509, certificate));
  // OpenSSL compares names without regard to case.
  auto names = der_of(&i2d_X509_NAME, X509_get_issuer_name(certificate));
  const auto serial = der_of(&i2d_ASN1_INTEGER, X509_get_serialNumber(certificate));
  names.insert(names.end(), serial.begin(), serial.end());
  if (identifier.tag == der::kSequence && !std::ranges::equal(identifier.content, names))
    return not_verified("its signer identifier is not of the certificate");
  if (!brings(cms.get(), certificate)) return not_verified("it brings another certificate under its signer's name");
  if (!detached) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &data);
    verified.content.assign(data, data + size);
  }
  return verified;
}

CmsContent content_of(ByteView bytes) {
  return [rest = bytes](std::span<std::uint8_t> out) mutable {
    const auto size = std::min(out.size(), rest.size());
    std::memcpy(out.data(), rest.data(), size);
    rest = rest.subspan(size);
    return size;
  };
}

Result<CertificateFacts> facts_of_certificate(ByteView der) {
  const ErrorQueue queue;
  const auto certificate = parse_certificate(der);
  if (!certificate) return bad_certificate("it is not an X.509 certificate in DER");
  HF_TRY(auto key, key_of(certificate.get()));
  const BioPtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &data);
  return CertificateFacts{std::string(data, std::size_t(size)), std::move(key), extended_usage_of(certificate.get())};
}

Result<Bytes> certificate_of_pem(std::string_view pem) {
  const ErrorQueue queue;
  const BioPtr text(BIO_new_mem_buf(pem.data(), int(std::min<std::size_t>(pem.size(), 1U << 20))));
  const CertificatePtr certificate(text ? PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) return bad_certificate("there is none in the PEM text");
  return der_of(&i2d_X509, certificate.get());
}

}  // namespace hf::crypto
