#include "crypto/self_signed.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace hf::crypto {
namespace {

X509* read(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), int(pem.size()));
  X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return certificate;
}

TEST(SelfSigned, NamesTheHostForNinetyDaysAndIsNoCa) {
  const auto start = *parse_rfc3339("2026-11-23T09:30:00Z");
  const auto made =
      make_self_signed({.common_name = "hf", .dns_names = {"localhost", "hf.example"}, .not_before = start});
  ASSERT_TRUE(made) << made.error().detail;
  X509* certificate = read(made->certificate_pem);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_host(certificate, "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate, "hf.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate, "other.example", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate, "::1", 0), 1);
  EXPECT_EQ(X509_check_ca(certificate), 0);
  EXPECT_EQ(X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_EQ(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
  time_t first = micros(start) / 1'000'000, last = first + 90 * 86'400;
  EXPECT_GT(X509_cmp_time(X509_get0_notAfter(certificate), &first), 0);
  EXPECT_LT(X509_cmp_time(X509_get0_notAfter(certificate), &last), 0);
  EXPECT_NE(made->private_key_pem.find("BEGIN PRIVATE KEY"), std::string::npos);
  X509_free(certificate);
  EXPECT_EQ(format_rfc3339(*end_of_certificate(made->certificate_pem)), "2027-02-21T09:29:59Z");
  EXPECT_EQ(end_of_certificate(made->private_key_pem).error().code, "HF-CRYPTO-0103");
  EXPECT_NE(make_self_signed({.not_before = start})->certificate_der,
            make_self_signed({.not_before = start})->certificate_der);
}

TEST(SelfSigned, NamesThatCouldMeanSomethingElseAreRefused) {
  const std::string long_name(65, 'a');
  for (const auto& name :
       {std::string(), std::string("a b"), std::string("a\nDNS:b"), std::string("\xc3\xa4"), long_name})
    EXPECT_EQ(make_self_signed({.dns_names = {name}}).error().code, "HF-CRYPTO-0101") << name;
  EXPECT_EQ(make_self_signed({.ip_addresses = {"300.1.1.1"}}).error().code, "HF-CRYPTO-0101");
  EXPECT_EQ(local_dns_names().front(), "localhost");
}

}  // namespace
}  // namespace hf::crypto
