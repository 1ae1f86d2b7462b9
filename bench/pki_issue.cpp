// Device certificates on one thread, from request to certificate: read the PKCS #10 request, verify that it proves
// possession of its key, build the certificate of the profile, judge it, sign it with a P-256 key of this process. The
// peer does the same with OpenSSL's objects, without judging the outcome.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/der.h"
#include "pki/issue.h"
#include "support/bench.h"
#include "support/test_keys.h"

namespace {

using namespace hf;
namespace x509 = crypto::x509;
namespace der = crypto::der;

constexpr int kRequests = 500;
constexpr double kSeconds = 3;

Bytes signed_by(const test::TestKey& key, ByteView tbs) {
  const auto scheme = crypto::SignatureScheme::ecdsa_p256_sha256;
  return x509::signed_of(tbs, crypto::algorithm_identifier_of(scheme), crypto::ecdsa_to_der(key.sign(scheme, tbs)));
}

Bytes request_of(const test::TestKey& key, int number) {
  const auto name = bench::must(pki::name_of_text("serialNumber=GW200-" + std::to_string(number)));
  const auto info = der::value(
      der::kSequence, std::initializer_list<ByteView>{der::integer(0), name, crypto::to_spki(key.key()),
                                                      der::value(der::context(0), std::initializer_list<ByteView>{})});
  return signed_by(key, info);
}

// Calls of `call(i)` for some seconds; calls a second.
template <class F>
double rate(F call) {
  const bench::Stopwatch watch;
  std::int64_t done = 0;
  for (; watch.seconds() < kSeconds; ++done) call(std::size_t(done % kRequests));
  return double(done) / watch.seconds();
}

void add(X509* certificate, X509V3_CTX* context, int nid, const char* value) {
  auto* const extension = X509V3_EXT_conf_nid(nullptr, context, nid, value);
  if (!extension) std::abort();
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Bytes issue_with_openssl(const Bytes& request_der, X509* ca, EVP_PKEY* ca_key, std::int64_t number) {
  const auto* at = request_der.data();
  auto* const request = d2i_X509_REQ(nullptr, &at, long(request_der.size()));
  auto* const key = X509_REQ_get0_pubkey(request);
  if (!key || X509_REQ_verify(request, key) != 1) std::abort();
  auto* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), 0x4000000000000000 + number);
  X509_set_issuer_name(certificate, X509_get_subject_name(ca));
  X509_set_subject_name(certificate, X509_REQ_get_subject_name(request));
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z");
  X509_set_pubkey(certificate, key);
  X509V3_CTX context;
  X509V3_set_ctx(&context, ca, certificate, nullptr, nullptr, 0);
  add(certificate, &context, NID_basic_constraints, "critical,CA:FALSE");
  add(certificate, &context, NID_key_usage, "critical,digitalSignature");
  add(certificate, &context, NID_subject_key_identifier, "hash");
  add(certificate, &context, NID_authority_key_identifier, "keyid");
  if (X509_sign(certificate, ca_key, EVP_sha256()) == 0) std::abort();
  std::uint8_t* out = nullptr;
  const int size = i2d_X509(certificate, &out);
  Bytes bytes(out, out + size);
  OPENSSL_free(out);
  X509_free(certificate);
  X509_REQ_free(request);
  return bytes;
}

}  // namespace

int main() {
  const SystemClock clock;
  bench::Report report("pki_issue");
  const test::TestKey ca_key(crypto::KeyAlgorithm::ecdsa_p256);
  const auto scheme = crypto::SignatureScheme::ecdsa_p256_sha256;
  const auto root_request = bench::must(x509::request_of(signed_by(
      ca_key,
      der::value(der::kSequence,
                 std::initializer_list<ByteView>{
                     der::integer(0), bench::must(pki::name_of_text("CN=Bench Root CA,O=Bench")),
                     crypto::to_spki(ca_key.key()), der::value(der::context(0), std::initializer_list<ByteView>{})}))));
  const auto root_form = bench::must(pki::Template::of_root(*pki::find_profile("root-ca"), scheme));
  const auto root_der = signed_by(ca_key, bench::must(root_form.certificate(root_request, {.from = clock.now()})));
  const auto root = bench::must(x509::certificate_of(root_der));
  std::vector<Bytes> requests;
  for (int i = 0; i < kRequests; ++i)
    requests.push_back(request_of(test::TestKey(crypto::KeyAlgorithm::ecdsa_p256), i));

  const auto form = bench::must(pki::Template::of(*pki::find_profile("idevid"), root, scheme));
  const auto ours = rate([&](std::size_t i) {
    const auto request = bench::must(x509::request_of(requests[i]));
    if (!pki::proves_possession(request)) std::abort();
    const auto tbs = bench::must(form.certificate(request, {.from = clock.now()}));
    if (signed_by(ca_key, tbs).empty()) std::abort();
  });

  const auto* at = root_der.data();
  auto* const ca = d2i_X509(nullptr, &at, long(root_der.size()));
  const auto pem = ca_key.private_pem();
  auto* const bio = BIO_new_mem_buf(pem.data(), int(pem.size()));
  auto* const private_key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  if (!ca || !private_key) return 1;
  const auto theirs = rate([&](std::size_t i) {
    if (issue_with_openssl(requests[i], ca, private_key, std::int64_t(i)).empty()) std::abort();
  });
  report.figure("P-256, request to certificate", ours, "certificates/s");
  report.figure("P-256, with OpenSSL's objects", theirs, "certificates/s");
  report.figure("P-256, of OpenSSL's objects", ours / theirs, "", bench::at_least(2));
  EVP_PKEY_free(private_key);
  BIO_free(bio);
  X509_free(ca);
  return 0;
}
