#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"
#include "keys/formats/tar.h"

namespace hf::keys {
namespace {
using namespace fixture;

const Format& format() { return *find_format("mender"); }
const fs::path kUnsigned = fs::path(HF_TEST_DATA) / "keys/mender/unsigned.mender";  // of mender-artifact

class MenderFormat : public testing::TestWithParam<std::pair<KeyAlgorithm, SignatureScheme>> {};

TEST_P(MenderFormat, IsValidatedByMenderArtifact) {
  const auto [algorithm, scheme] = GetParam();
  const TempDir dir;
  const TestKey key(algorithm);
  const auto out = dir.path() / "signed.mender";
  const auto done = sign(format(), kUnsigned, key, context_of(key, scheme), out);
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format().verify({out, {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->version, "release-1");
  EXPECT_EQ(view->compatible, (std::vector<std::string>{"gateway", "gateway2"}));
  EXPECT_EQ(to_text(view->facts.at("files")), R"(["data/0000/payload.txt"])");
  EXPECT_FALSE(view->claimed);
  EXPECT_EQ(*recognize_format(out), &format());
  const TestKey other(algorithm);
  EXPECT_EQ(format().verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");

  // What compression and the tar within add to a payload's bytes, nothing signs: gzip's own header, for one.
  const auto members = *read_tar(*SourceFile::open(out));
  EXPECT_EQ(members[2].name, "manifest.sig");
  for (const auto at : uncovered(format(), {out, {}}, trust, out, 3))
    EXPECT_TRUE(at >= members.back().at && at < members.back().at + members.back().size) << at;

  HF_NEED_TOOL("mender-artifact", "mender-artifact");
  write_file(dir.path() / "key.pem", to_pem(key.key()));
  const auto validate = "mender-artifact validate -k " + (dir.path() / "key.pem").string() + " ";
  const auto accepted = run(validate + out.string());
  EXPECT_EQ(accepted.exit, 0) << accepted.output;
  // Not in the payload: mender-artifact 3.9 takes some flips that gzip's own sum, which we check, does not.
  for (const auto at : {members[1].at + 3, members[2].at + 20, members[3].at + 30}) {
    auto bytes = read_file(out);
    bytes[at] ^= 2;
    write_file(dir.path() / "flipped.mender", bytes);
    EXPECT_NE(run(validate + (dir.path() / "flipped.mender").string()).exit, 0) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Schemes, MenderFormat,
                         testing::Values(std::pair(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256),
                                         std::pair(KeyAlgorithm::rsa_3072, SignatureScheme::rsa_pkcs1_sha256)));

TEST(MenderFormat, AnArtifactThatMenderSignedIsVerifiedAndSignedAnew) {
  const fs::path data = fs::path(HF_TEST_DATA) / "keys/mender";
  const auto key = crypto::public_key_of_pem(text_of(read_file(data / "signer.pub.pem")));
  ASSERT_TRUE(key);
  EXPECT_TRUE(format().verify({data / "signed.mender", {}}, {.keys = {*key}, .certificates = {}}));
  const TempDir dir;
  const TestKey other(KeyAlgorithm::ecdsa_p256);
  const auto out = dir.path() / "again";
  ASSERT_TRUE(
      sign(format(), data / "signed.mender", other, context_of(other, SignatureScheme::ecdsa_p256_sha256), out));
  EXPECT_TRUE(format().verify({out, {}}, {.keys = {other.key()}, .certificates = {}}));
  EXPECT_FALSE(format().verify({out, {}}, {.keys = {*key}, .certificates = {}}));
}

TEST(MenderFormat, EvidenceIsJudged) {
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto evidence = *format().evidence(kUnsigned, {});
  expect_evidence_is_judged(format(), evidence, context_of(key, SignatureScheme::ecdsa_p256_sha256));
}

TEST(MenderFormat, WhatNoSignatureCoversIsRefused) {
  const TempDir dir;
  const auto file = dir.path() / "a.mender";
  const auto bytes = read_file(kUnsigned);
  const auto members = *read_tar(*SourceFile::open(kUnsigned));
  const auto refused = [&](const Bytes& changed) {
    write_file(file, changed);
    const auto evidence = format().evidence(file, {});
    return evidence ? std::string("none") : evidence.error().message;
  };
  EXPECT_EQ(refused(bytes), "none");
  auto augmented = Bytes(bytes.begin(), bytes.begin() + long(members[2].begin));
  put(augmented, tar_member("manifest-augment", bytes_of("x")));
  put(augmented, ByteView(bytes).subspan(members[2].begin));
  EXPECT_NE(refused(augmented).find("manifest-augment"), std::string::npos);
  auto trailing = bytes;
  trailing.back() = 1;
  EXPECT_NE(refused(trailing).find("should be zero"), std::string::npos);
  auto cut = Bytes(bytes.begin(), bytes.begin() + long(members[3].begin));
  cut.resize(cut.size() + 1024);
  EXPECT_NE(refused(cut).find("which its manifest names"), std::string::npos);
}

}  // namespace
}  // namespace hf::keys
