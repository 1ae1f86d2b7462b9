// The containers of any document: cms, dsse, minisign.
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"
#include "keys/formats/minisign.h"

namespace hf::keys {
namespace {
using namespace fixture;

const std::string kInterop = std::string(HF_TEST_DATA) + "/../interop/formats/";

class CmsFormat : public testing::TestWithParam<std::pair<KeyAlgorithm, SignatureScheme>> {};

TEST_P(CmsFormat, IsVerifiedByOpenssl) {
  const auto [algorithm, scheme] = GetParam();
  const TempDir dir;
  const TestKey key(algorithm);
  const auto& format = *find_format("cms");
  const auto certificate = key.certificate({.eku = {"emailProtection"}});
  const auto file = dir.path() / "report.pdf", out = dir.path() / "report.pdf.p7s";
  write_file(file, noise(200));
  const auto done = sign(format, file, key, context_of(key, scheme, certificate), out);
  ASSERT_TRUE(done) << done.error().message << done.error().detail;
  const Trust trust{.keys = {}, .certificates = {certificate}};
  EXPECT_TRUE(format.verify({file, out}, trust)->digest_only);
  EXPECT_TRUE(uncovered(format, {file, out}, trust, file, 7).empty());
  EXPECT_TRUE(uncovered(format, {file, out}, trust, out, 7).empty());
  EXPECT_FALSE(format.verify({file, out}, {.keys = {key.key()}, .certificates = {}}));

  write_file(dir.path() / "ca.pem", test::certificate_pem(certificate));
  const auto verify = "openssl cms -verify -binary -inform DER -in " + out.string() + " -CAfile " +
                      (dir.path() / "ca.pem").string() + " -out /dev/null -content ";
  const auto openssl = run(verify + file.string());
  EXPECT_EQ(openssl.exit, 0) << openssl.output;
  write_file(dir.path() / "other", noise(200, 2));
  EXPECT_NE(run(verify + (dir.path() / "other").string()).exit, 0);
}
INSTANTIATE_TEST_SUITE_P(Schemes, CmsFormat,
                         testing::Values(std::pair(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256),
                                         std::pair(KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384),
                                         std::pair(KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256),
                                         std::pair(KeyAlgorithm::rsa_4096, SignatureScheme::rsa_pss_sha256)));

std::string statement(std::string_view digest, std::string_view predicate_type = "https://slsa.dev/provenance/v1") {
  return R"({"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "fw.bin", "digest": {"sha256": ")" +
         std::string(digest) + R"("}}], "predicateType": ")" + std::string(predicate_type) +
         R"(", "predicate": {"buildDefinition": {"buildType": "https://example.test/build/v1", "externalParameters": {}},
    "runDetails": {"builder": {"id": "https://ci.example.test"}, "metadata": {"invocationId": "run 7"}}}})";
}
const std::string kDigest(64, 'a');

class DsseFormat : public testing::TestWithParam<std::pair<KeyAlgorithm, SignatureScheme>> {};

TEST_P(DsseFormat, IsVerifiedByAnotherReader) {
  const auto [algorithm, scheme] = GetParam();
  const TempDir dir;
  const TestKey key(algorithm);
  const auto& format = *find_format("dsse");
  const auto file = dir.path() / "statement.json", out = dir.path() / "statement.dsse.json";
  write_file(file, statement(kDigest));
  const auto done = sign(format, file, key, context_of(key, scheme), out);
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format.verify({out, {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->kind, "document");
  EXPECT_EQ(view->digests, std::vector{kDigest});
  EXPECT_EQ(view->facts.at("builder").as_string(), "https://ci.example.test");
  EXPECT_FALSE(view->digest_only || view->claimed);
  EXPECT_EQ(*recognize_format(file), &format);
  EXPECT_EQ(*recognize_format(out), &format);
  // The hint which key it was, and the line end.
  const auto text = std::string(text_of(read_file(out)));
  const auto hint = text.find("\"keyid\":");
  for (const auto at : uncovered(format, {out, {}}, trust, out)) {
    const bool in_hint = at > hint && at < hint + 8 + 2 + 64;
    EXPECT_TRUE(in_hint || at == text.size() - 1) << at;
  }
  const TestKey other(algorithm);
  EXPECT_EQ(format.verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");

  write_file(dir.path() / "key.pem", to_pem(key.key()));
  if (run("/usr/bin/python3 -c 'import cryptography'").exit != 0) GTEST_SKIP() << "needs python3-cryptography";
  const auto verify =
      "/usr/bin/python3 -B " + kInterop + "dsse_verify.py " + out.string() + " " + (dir.path() / "key.pem").string();
  EXPECT_EQ(run(verify).exit, 0) << run(verify).output;
  auto changed = text;
  changed[text.find("\"payload\":\"") + 20] ^= 1;
  write_file(out, changed);
  EXPECT_NE(run(verify).exit, 0);
}
INSTANTIATE_TEST_SUITE_P(Schemes, DsseFormat,
                         testing::Values(std::pair(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256),
                                         std::pair(KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384),
                                         std::pair(KeyAlgorithm::ed25519, SignatureScheme::ed25519),
                                         std::pair(KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pss_sha256)));

TEST(DsseFormat, WhatIsNoStatementIsRefused) {
  const TempDir dir;
  const auto& format = *find_format("dsse");
  const auto refused = [&](const std::string& text) {
    write_file(dir.path() / "a", text);
    const auto evidence = format.evidence(dir.path() / "a", {});
    return evidence ? std::string("none") : std::string(evidence.error().code);
  };
  EXPECT_EQ(refused(statement(kDigest)), "none");
  EXPECT_EQ(refused(statement(kDigest, "https://holdfast.dev/signing-authorization/v1")), "none");
  EXPECT_EQ(refused(statement("abc")), "HF-FORMAT-0004");
  EXPECT_EQ(refused("{}"), "HF-FORMAT-0004");
  EXPECT_EQ(refused("[]"), "HF-FORMAT-0004");
  EXPECT_EQ(refused(R"({"_type": "https://in-toto.io/Statement/v1", "_type": ""})"), "HF-JSON-0001");
  EXPECT_EQ(refused(R"({"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "a"})"),
            "HF-FORMAT-0004");
}

TEST(DsseFormat, EvidenceIsJudged) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ed25519);
  write_file(dir.path() / "a", statement(kDigest));
  expect_evidence_is_judged(*find_format("dsse"), *find_format("dsse")->evidence(dir.path() / "a", {}),
                            context_of(key, SignatureScheme::ed25519));
}

TEST(MinisignFormat, IsVerifiedByMinisign) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ed25519);
  const auto& format = *find_format("minisign");
  const auto file = dir.path() / "tool.tar", out = dir.path() / "tool.tar.minisig";
  write_file(file, noise(300));
  const auto done = sign(format, file, key, context_of(key, SignatureScheme::ed25519), out);
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format.verify({file, out}, trust);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->facts.at("trusted_comment").as_string(), "timestamp:1780000000 file:tool.tar hashed");
  EXPECT_TRUE(uncovered(format, {file, out}, trust, file).empty());
  // The untrusted comment, and the key's name, which minisign compares with its key file.
  const auto text = std::string(text_of(read_file(out)));
  const auto line = text.find('\n') + 1;
  for (const auto at : uncovered(format, {file, out}, trust, out))
    EXPECT_TRUE((at >= 19 && at < line - 1) || (at >= line + 2 && at < line + 14)) << at;

  HF_NEED_TOOL("minisign", "minisign");
  write_file(dir.path() / "key.pub", minisign_public_key(key.key()));
  const auto verify = "minisign -V -p " + (dir.path() / "key.pub").string() + " -m " + file.string();
  const auto minisign = run(verify);
  EXPECT_EQ(minisign.exit, 0) << minisign.output;
  EXPECT_NE(minisign.output.find("comment signature verified"), std::string::npos) << minisign.output;
  write_file(file, noise(300, 2));
  EXPECT_NE(run(verify).exit, 0);
}

TEST(MinisignFormat, ASignatureOfMinisignIsVerified) {
  const fs::path data = fs::path(HF_TEST_DATA) / "keys/minisign";
  const auto text = read_file(data / "minisign.pub");
  const auto line = from_base64(split(text_of(text), '\n')[1]);
  ASSERT_TRUE(line);
  const auto key = crypto::public_key_of(KeyAlgorithm::ed25519, ByteView(*line).subspan(10));
  EXPECT_TRUE(
      find_format("minisign")->verify({data / "text", data / "text.minisig"}, {.keys = {*key}, .certificates = {}}));
}

// The second signature is over what the first one is, and never over the caller's own words.
TEST(MinisignFormat, Abuse12_TheSecondSignatureIsOverTheFirst) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ed25519), other(KeyAlgorithm::ed25519);
  const auto& format = *find_format("minisign");
  write_file(dir.path() / "a", "text");
  const auto evidence = *format.evidence(dir.path() / "a", {});
  auto context = context_of(key, SignatureScheme::ed25519);
  expect_evidence_is_judged(format, evidence, context);
  context.earlier = {Bytes(64, 1)};
  EXPECT_EQ(format.to_sign(evidence, context).error().code, "HF-FORMAT-0001");
  context.earlier = {
      other.sign(SignatureScheme::ed25519, format.to_sign(evidence, context_of(key, SignatureScheme::ed25519))->bytes)};
  EXPECT_EQ(format.to_sign(evidence, context).error().code, "HF-FORMAT-0001");
}

}  // namespace
}  // namespace hf::keys
