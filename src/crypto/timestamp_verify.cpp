// The signature of a time stamp token, its certificate and chain: OpenSSL's, over bytes that were read here first.
#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <algorithm>

#include "crypto/cms_read.h"
#include "crypto/openssl_ptr.h"
#include "crypto/timestamp.h"
#include "crypto/x509.h"

namespace hf::crypto {
namespace {

using CertificatePtr = std::unique_ptr<X509, OpensslFree<&X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, OpensslFree<&X509_STORE_free>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, OpensslFree<&PKCS7_free>>;
using VerifyPtr = std::unique_ptr<TS_VERIFY_CTX, OpensslFree<&TS_VERIFY_CTX_free>>;
struct StackFree {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
struct StackKeep {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

constexpr std::string_view kSignedData = "1.2.840.113549.1.7.2", kTstInfo = "1.2.840.113549.1.9.16.1.4",
                           kSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";

auto not_one(std::string_view what) {
  return fail(ErrorKind::invalid, "HF-TSP-0001", "not a time stamp: " + std::string(what));
}
auto not_verified(std::string_view why) {
  char text[256] = "";
  if (const auto error = ERR_peek_last_error(); error != 0) ERR_error_string_n(error, text, sizeof text);
  return fail(ErrorKind::forbidden, "HF-TSP-0003", "the time stamp does not hold: " + std::string(why), text);
}

bool is(const std::optional<DerValue>& value, std::string_view oid) {
  return value && std::ranges::equal(value->whole, der::oid(oid));
}

// TSTInfo, and whether the signed attributes name the certificate by ESSCertIDv2 (RFC 5816): OpenSSL takes SHA-1 too.
struct Parts {
  ByteView info{};
  bool names_certificate = false;
};
Result<Parts> parts_of(ByteView token) {
  DerReader outermost(token);
  const auto whole = outermost.next(der::kSequence);
  if (!whole || !outermost.at_end()) return not_one("its token is not one DER value");
  DerReader content(whole->content);
  const auto type = content.next(der::kOid);
  const auto wrapped = content.next(der::context(0));
  if (!is(type, kSignedData) || !wrapped || !content.at_end()) return not_one("its token is no SignedData");
  DerReader unwrapped(wrapped->content);
  const auto data = unwrapped.next(der::kSequence);
  if (!data || !unwrapped.at_end()) return not_one("its SignedData");
  DerReader in(data->content);
  if (!in.next(der::kInteger) || !in.next(der::kSet)) return not_one("its SignedData");
  const auto encapsulated = in.next(der::kSequence);
  if (!encapsulated) return not_one("its content");
  DerReader inner(encapsulated->content);
  const auto content_type = inner.next(der::kOid);
  const auto explicit_content = inner.next(der::context(0));
  if (!is(content_type, kTstInfo) || !explicit_content || !inner.at_end()) return not_one("its content is no TSTInfo");
  DerReader octets(explicit_content->content);
  const auto info = octets.next(der::kOctetString);
  if (!info || !octets.at_end()) return not_one("its content");
  static_cast<void>(in.next(der::context(0)));
  const auto signers = in.next(der::kSet);
  if (!signers || !in.at_end()) return not_one("its signers");
  DerReader each(signers->content);
  const auto signer = each.next(der::kSequence);
  if (!signer || !each.at_end()) return not_one("not exactly one signer");
  DerReader parts(signer->content);
  if (!parts.next(der::kInteger) || !parts.next() || !parts.next(der::kSequence)) return not_one("its signer");
  const auto attributes = parts.next(der::context(0));
  if (!attributes || !parts.next(der::kSequence) || !parts.next(der::kOctetString) || !parts.at_end())
    return not_one("its signer, or an unsigned attribute");
  Parts read{info->content};
  DerReader list(attributes->content);
  while (const auto attribute = list.next(der::kSequence)) {
    DerReader pair(attribute->content);
    if (is(pair.next(der::kOid), kSigningCertificateV2)) read.names_certificate = true;
  }
  if (!list.at_end()) return not_one("its signed attributes");
  return read;
}

CertificatePtr parse_certificate(ByteView der) {
  const auto* at = der.data();
  CertificatePtr certificate(d2i_X509(nullptr, &at, long(der.size())));
  if (!certificate || at != der.data() + der.size()) return nullptr;
  return certificate;
}

}  // namespace

Result<TimeStampVerified> timestamp_verify(ByteView token, const std::vector<Bytes>& trusted,
                                           const std::function<Bytes(Digest)>& digest) {
  const ErrorQueue queue;
  DerValue identifier;
  if (const auto fault = fault_of_signed_data(token, identifier)) return not_one(*fault);
  HF_TRY(const auto parts, parts_of(token));
  TimeStampVerified verified;
  HF_TRY(verified.stamp, timestamp_of(parts.info));
  const auto& stamp = verified.stamp;
  if (digest(stamp.imprint.digest) != stamp.imprint.value) return not_verified("it is of something else");
  if (!parts.names_certificate) return not_verified("it does not name its certificate by SHA-2 (RFC 5816)");

  const auto* at = token.data();
  const Pkcs7Ptr pkcs7(d2i_PKCS7(nullptr, &at, long(token.size())));
  if (!pkcs7 || at != token.data() + token.size()) return not_one("its token does not parse");
  StorePtr store(X509_STORE_new());
  std::unique_ptr<STACK_OF(X509), StackFree> known(sk_X509_new_null());
  for (const auto& der : trusted) {
    auto certificate = parse_certificate(der);
    if (!certificate) return fail(ErrorKind::invalid, "HF-CMS-0001", "a trusted certificate is not X.509 in DER");
    X509_STORE_add_cert(store.get(), certificate.get());
    sk_X509_push(known.get(), certificate.release());
  }
  auto* const parameters = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(parameters, micros(stamp.time) / 1'000'000);
  const VerifyPtr context(TS_VERIFY_CTX_new());
  TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE);
  // Both belong to the context from here on.
  TS_VERIFY_CTX_set_store(context.get(), store.release());
  auto* const certificates = known.release();
  TS_VERIFY_CTX_set_certs(context.get(), certificates);
  if (TS_RESP_verify_token(context.get(), pkcs7.get()) != 1)
    return not_verified("its signature, or its certificate, which must be for time stamping alone and trusted");
  const std::unique_ptr<STACK_OF(X509), StackKeep> signers(PKCS7_get0_signers(pkcs7.get(), certificates, 0));
  if (!signers || sk_X509_num(signers.get()) != 1) return not_verified("its certificate");
  std::uint8_t* out = nullptr;
  const int size = i2d_X509(sk_X509_value(signers.get(), 0), &out);
  if (size <= 0) return not_verified("its certificate");
  verified.signer.assign(out, out + size);
  OPENSSL_free(out);
  // OpenSSL compares names without regard to case.
  HF_TRY(const auto signer, x509::certificate_of(verified.signer));
  const auto serial = der::value(der::kInteger, {signer.serial});
  Bytes names(signer.issuer.der.begin(), signer.issuer.der.end());
  names.insert(names.end(), serial.begin(), serial.end());
  if (identifier.tag == der::kSequence && !std::ranges::equal(identifier.content, names))
    return not_verified("its signer identifier is not of the certificate");
  return verified;
}

}  // namespace hf::crypto
