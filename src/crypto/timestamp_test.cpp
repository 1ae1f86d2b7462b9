// Time stamps against OpenSSL's `ts`, in both directions, with keys of its own.
#include "crypto/timestamp.h"

#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/temp_dir.h"
#include "support/test_keys.h"

namespace hf::crypto {
namespace {

namespace fs = std::filesystem;
using hf::test::TestKey;

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const fs::path& path, ByteView bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

const Bytes kData{'d', 'a', 't', 'a'};
const Time kTime = time_of(1'780'000'000'000'000);  // 2026-05-28
Bytes digest_of_data(Digest digest) { return digest_of(digest, kData); }

class TimeStamps : public testing::TestWithParam<std::pair<KeyAlgorithm, SignatureScheme>> {
 protected:
  void SetUp() override {
    if (std::system("command -v openssl > /dev/null") != 0) GTEST_SKIP() << "openssl is not installed";
    write_file(path("data"), kData);
    write_file(path("tsa.key"), bytes_of(key_.private_pem()));
    trusted_ = {ca_.certificate({.name = "CA", .ca = true})};
    write_file(path("ca.pem"), bytes_of(hf::test::certificate_pem(trusted_[0])));
    certificate_ = tsa({"critical", "timeStamping"});
    write_file(path("tsa.pem"), bytes_of(hf::test::certificate_pem(certificate_)));
    write_file(path("ts.cnf"), bytes_of("[tsa]\ndefault_tsa = one\n[one]\nserial = serial\ncrypto_device = builtin\n"
                                        "signer_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256, sha384\n"
                                        "accuracy = secs:1, millisecs:500\ness_cert_id_alg = sha256\n"));
    write_file(path("serial"), bytes_of("0A\n"));
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return dir_.path() / name; }
  [[nodiscard]] Bytes tsa(std::vector<std::string> usage) const {
    return key_.certificate({.name = "TSA", .eku = std::move(usage), .issuer = &ca_, .issuer_name = "CA"});
  }
  void shell(const std::string& command) { ASSERT_EQ(run(command), 0) << command; }
  [[nodiscard]] int run(const std::string& command) const {
    return std::system(("cd " + dir_.path().string() + " && { " + command + "; } > log 2>&1").c_str());
  }
  [[nodiscard]] CmsSigner signer() const { return {key_.key(), GetParam().second, certificate_, {}}; }
  // Ours, for a request.
  [[nodiscard]] Bytes answer(const TimeStampRequest& request, Time at) const {
    const TimeStamp stamp{.policy = "1.2.3.4",
                          .imprint = request.imprint,
                          .serial = {0x41, 2, 3},
                          .time = at,
                          .accuracy = std::chrono::milliseconds(1500),
                          .nonce = request.nonce};
    const auto signature = key_.sign(GetParam().second, timestamp_signed_attributes(stamp, signer()));
    const auto token = timestamp_token(stamp, signer(), request.certificates, signature);
    EXPECT_TRUE(token) << token.error().message;
    return token ? timestamp_response(*token) : Bytes();
  }

  hf::test::TempDir dir_;
  TestKey key_{GetParam().first}, ca_{KeyAlgorithm::ecdsa_p256};
  Bytes certificate_;
  std::vector<Bytes> trusted_;
};
INSTANTIATE_TEST_SUITE_P(Schemes, TimeStamps,
                         testing::Values(std::pair(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256),
                                         std::pair(KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384),
                                         std::pair(KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256)));

TEST_P(TimeStamps, OursAreVerifiedByOpenssl) {
  for (const std::string options : {"-sha256 -cert", "-sha384 -no_nonce", "-sha512 -tspolicy 1.2.3.4 -cert"}) {
    shell("openssl ts -query -data data -out q.tsq " + options);
    const auto query = read_file(path("q.tsq"));
    const auto request = timestamp_request_of(query);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(to_der(*request), query) << options;
    const auto response = answer(*request, kTime);
    write_file(path("r.tsr"), response);
    const auto verify =
        std::string("openssl ts -verify -attime 1780000000 -in r.tsr -CAfile ca.pem -untrusted tsa.pem ");
    EXPECT_EQ(run(verify + "-queryfile q.tsq"), 0) << options << text_of(read_file(path("log")));
    EXPECT_EQ(run(verify + "-data data"), 0) << options;
    EXPECT_NE(run(verify + "-data ca.pem"), 0) << options;
    const auto token = token_of_response(response);
    ASSERT_TRUE(token);
    auto trusted = trusted_;
    if (!request->certificates) trusted.push_back(certificate_);
    const auto verified = timestamp_verify(*token, trusted, &digest_of_data);
    ASSERT_TRUE(verified) << verified.error().message << verified.error().detail;
    EXPECT_EQ(verified->stamp.accuracy, std::chrono::milliseconds(1500));
    EXPECT_EQ(verified->stamp.nonce, request->nonce);
    EXPECT_EQ(verified->stamp.time, kTime) << "in whole seconds, as it was given";
    EXPECT_EQ(verified->signer, certificate_);
  }
}

TEST_P(TimeStamps, OpensslsAreVerified) {
  shell(
      "openssl ts -query -data data -sha256 -cert -out q.tsq && openssl ts -reply -config ts.cnf -section one "
      "-queryfile q.tsq -signer tsa.pem -inkey tsa.key -out r.tsr");
  const auto response = read_file(path("r.tsr"));
  const auto token = token_of_response(response);
  ASSERT_TRUE(token) << token.error().message;
  const auto verified = timestamp_verify(*token, trusted_, &digest_of_data);
  ASSERT_TRUE(verified) << verified.error().message << verified.error().detail;
  EXPECT_EQ(verified->stamp.policy, "1.2.3.4");
  EXPECT_EQ(verified->stamp.accuracy, std::chrono::milliseconds(1500));
  EXPECT_EQ(verified->stamp.nonce, timestamp_request_of(read_file(path("q.tsq")))->nonce);
  EXPECT_EQ(timestamp_verify(*token, {certificate_}, &digest_of_data)->signer, certificate_) << "trusted itself";
  EXPECT_EQ(timestamp_verify(*token, {}, &digest_of_data).error().code, "HF-TSP-0003") << "trusted by nobody";
  EXPECT_EQ(timestamp_verify(*token, trusted_, [](Digest digest) { return digest_of(digest, {}); }).error().code,
            "HF-TSP-0003")
      << "of something else";
  // No byte of it that is not covered, or read one way.
  std::string taken;
  for (std::size_t at = 0; at < token->size(); at += GetParam().first == KeyAlgorithm::rsa_2048 ? 7 : 3) {
    auto flipped = *token;
    flipped[at] ^= std::uint8_t(1U << (at % 8));
    if (timestamp_verify(flipped, trusted_, &digest_of_data)) taken += std::to_string(at) + " ";
  }
  EXPECT_EQ(taken, "");
  // Named by SHA-1, as OpenSSL does unless it is told otherwise.
  write_file(path("ts1.cnf"), bytes_of("[one]\nserial = serial\ncrypto_device = builtin\nsigner_digest = sha256\n"
                                       "default_policy = 1.2.3.4\ndigests = sha256\ness_cert_id_alg = sha1\n"));
  shell("openssl ts -reply -config ts1.cnf -section one -queryfile q.tsq -signer tsa.pem -inkey tsa.key -out r1.tsr");
  EXPECT_EQ(timestamp_verify(*token_of_response(read_file(path("r1.tsr"))), trusted_, &digest_of_data).error().code,
            "HF-TSP-0003");
}

// RFC 3161 2.3: timeStamping alone, and critical.
TEST_P(TimeStamps, ACertificateOfAnotherPurposeStampsNothing) {
  const TimeStampRequest request{{Digest::sha256, digest_of(Digest::sha256, kData), true}, "", {}, true};
  for (const std::vector<std::string>& usage : {std::vector<std::string>{"timeStamping"},
                                                {"critical", "timeStamping", "codeSigning"},
                                                {"critical", "codeSigning"},
                                                {}}) {
    certificate_ = tsa(usage);
    const auto token = token_of_response(answer(request, kTime));
    EXPECT_EQ(timestamp_verify(*token, trusted_, &digest_of_data).error().code, "HF-TSP-0003")
        << (usage.empty() ? "none" : usage.back());
  }
  certificate_ = tsa({"critical", "timeStamping"});
  EXPECT_TRUE(timestamp_verify(*token_of_response(answer(request, kTime)), trusted_, &digest_of_data));
  EXPECT_EQ(timestamp_verify(*token_of_response(answer(request, kTime - std::chrono::hours(24 * 365))), trusted_,
                             &digest_of_data)
                .error()
                .code,
            "HF-TSP-0003")
      << "before its certificate was valid";
}

TEST(TimeStampReading, TakesOneEncoding) {
  const TimeStampRequest request{{Digest::sha256, digest_of(Digest::sha256, kData), false}, "1.2.3", {0x05}, true};
  const auto der = to_der(request);
  for (std::size_t size = 0; size < der.size(); ++size)
    EXPECT_EQ(timestamp_request_of(ByteView(der).first(size)).error().code, "HF-TSP-0001") << size;
  for (std::size_t at = 0; at < der.size(); ++at) {
    auto flipped = der;
    flipped[at] ^= 1;
    const auto read = timestamp_request_of(flipped);
    EXPECT_TRUE(!read || to_der(*read) == flipped) << at;
  }
  TimeStamp stamp{.policy = "1.2.3",
                  .imprint = request.imprint,
                  .serial = {1},
                  .time = kTime,
                  .accuracy = std::chrono::milliseconds(250),
                  .nonce = {}};
  const auto info = to_der(stamp);
  const auto read = timestamp_of(info);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->accuracy, stamp.accuracy);
  EXPECT_EQ(read->time, kTime);
  for (std::size_t size = 0; size < info.size(); ++size) EXPECT_FALSE(timestamp_of(ByteView(info).first(size))) << size;
  EXPECT_EQ(token_of_response(Bytes{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02}).error().code, "HF-TSP-0002")
      << "rejection";
  for (const auto* text : {"", "1", "3.1", "1.40", "1.2.", "1..2", "01.2", "1.2.x", "1.2.12345678901"})
    EXPECT_FALSE(is_oid(text)) << text;
  for (const auto* text : {"1.2", "0.9.2342", "2.16.840.1", "1.39.0"}) EXPECT_TRUE(is_oid(text)) << text;
}

}  // namespace
}  // namespace hf::crypto
