// What the tests of certificates share: software keys that play the CA, and requests as devices make them.
#pragma once

#include <gtest/gtest.h>

#include "crypto/der.h"
#include "keys/formats/formats_fixture.h"
#include "pki/issue.h"

namespace hf::pki::fixture {

namespace x509 = crypto::x509;
namespace der = crypto::der;
using crypto::KeyAlgorithm, crypto::SignatureScheme;
using hf::test::TempDir, hf::test::TestKey;
using keys::fixture::run, keys::fixture::write_file;

inline const Time kNow = time_of(1'795'000'000'000'000);  // 2026-11-18

inline Bytes signature_of(const TestKey& key, ByteView message) {
  const auto scheme = crypto::default_scheme_of(key.key().algorithm);
  const auto raw = key.sign(scheme, message);
  return crypto::fits(SignatureScheme::ecdsa_p256_sha256, key.key().algorithm) ||
                 crypto::fits(SignatureScheme::ecdsa_p384_sha384, key.key().algorithm)
             ? crypto::ecdsa_to_der(raw)
             : raw;
}

inline Bytes sign(const TestKey& key, ByteView tbs) {
  const auto scheme = crypto::default_scheme_of(key.key().algorithm);
  return x509::signed_of(tbs, crypto::algorithm_identifier_of(scheme), signature_of(key, tbs));
}

struct Wish {
  std::string oid;
  Bytes value;
  bool critical = false;
};

inline Bytes request_der(const TestKey& key, std::string_view subject, const std::vector<Wish>& wishes = {},
                         const TestKey* signer = nullptr) {
  static const Bytes kTrue{0x01, 0x01, 0xff};
  std::vector<Bytes> extensions;
  for (const auto& wish : wishes)
    extensions.push_back(
        der::value(der::kSequence,
                   std::initializer_list<ByteView>{der::oid(wish.oid), wish.critical ? ByteView(kTrue) : ByteView(),
                                                   der::value(der::kOctetString, {wish.value})}));
  Bytes attributes;
  if (!extensions.empty())
    attributes =
        der::value(der::kSequence,
                   std::initializer_list<ByteView>{
                       der::oid("1.2.840.113549.1.9.14"),
                       der::value(der::kSet, std::initializer_list<ByteView>{der::value(der::kSequence, extensions)})});
  const auto name =
      subject.empty() ? der::value(der::kSequence, std::initializer_list<ByteView>{}) : name_of_text(subject).value();
  const auto info =
      der::value(der::kSequence, std::initializer_list<ByteView>{der::integer(0), name, crypto::to_spki(key.key()),
                                                                 der::value(der::context(0), {attributes})});
  return sign(signer ? *signer : key, info);
}
inline Request request(const TestKey& key, std::string_view subject, const std::vector<Wish>& wishes = {}) {
  auto read = x509::request_of(request_der(key, subject, wishes));
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return *std::move(read);
}

// A CA of tests: its key and its certificate.
struct Authority {
  TestKey key;
  Certificate certificate;
};

inline Certificate issued(const Template& by, const TestKey& ca, const Request& wanted, Time from = kNow) {
  const auto tbs = by.certificate(wanted, {.from = from});
  EXPECT_TRUE(tbs) << (tbs ? "" : tbs.error().message);
  return x509::certificate_of(sign(ca, tbs ? *tbs : Bytes())).value();
}

inline Authority root(std::string_view profile = "root-ca", std::string_view subject = "CN=Example Root CA,O=Example",
                      KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256) {
  TestKey key(algorithm);
  const auto form = Template::of_root(*find_profile(profile), crypto::default_scheme_of(algorithm)).value();
  auto certificate = issued(form, key, request(key, subject));
  return {std::move(key), std::move(certificate)};
}

inline Template template_of(const Authority& ca, std::string_view profile, const Publication& publication = {}) {
  return Template::of(*find_profile(profile), ca.certificate, crypto::default_scheme_of(ca.key.key().algorithm),
                      publication)
      .value();
}

inline Authority subordinate(const Authority& ca, std::string_view profile = "issuing-ca",
                             std::string_view subject = "CN=Example Device CA,O=Example") {
  TestKey key(KeyAlgorithm::ecdsa_p256);
  auto certificate = issued(template_of(ca, profile), ca.key, request(key, subject));
  return {std::move(key), std::move(certificate)};
}

inline std::string pem(const Certificate& certificate) { return hf::test::certificate_pem(certificate.der); }

}  // namespace hf::pki::fixture
