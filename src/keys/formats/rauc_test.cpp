#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"
#include "keys/formats/verity.h"

namespace hf::keys {
namespace {
using namespace fixture;

const Format& format() { return *find_format("rauc"); }

// A squashfs with one image, made by mksquashfs; and the manifest of it.
struct Content {
  explicit Content(std::size_t size = 9000) {
    fs::create_directory(dir.path() / "content");
    write_file(dir.path() / "content/rootfs.img", noise(size));
    const auto image = read_file(dir.path() / "content/rootfs.img");
    manifest_text =
        "[update]\ncompatible=gateway\nversion=2026.05-1\ndescription=Security fix\n\n[image.rootfs]\nsha256=" +
        to_hex(digest_of(crypto::Digest::sha256, image)) + "\nsize=" + std::to_string(image.size()) +
        "\nfilename=rootfs.img\n";
    write_file(manifest, manifest_text);
    // A plain bundle has its manifest inside.
    write_file(dir.path() / "content/manifest.raucm", manifest_text);
    made = run("mksquashfs " + (dir.path() / "content").string() + " " + squashfs.string() +
               " -all-root -noappend -no-progress -quiet -mkfs-time 0 -all-time 0");
    write_file(dir.path() / "ca.pem", test::certificate_pem(certificate));
  }
  Result<void> sign_it(const JsonObject& options, SignatureScheme scheme = SignatureScheme::ecdsa_p256_sha256) const {
    return sign(format(), squashfs, key, context_of(key, scheme, certificate), out, options);
  }
  Run rauc(const std::string& verb, const fs::path& bundle, const std::string& after = "") const {
    return run("rauc " + verb + " --keyring=" + (dir.path() / "ca.pem").string() + " " + bundle.string() + " " + after);
  }

  TempDir dir;
  TestKey key{KeyAlgorithm::ecdsa_p256};
  Bytes certificate = key.certificate({.eku = {"emailProtection"}});
  Trust trust{.keys = {}, .certificates = {certificate}};
  fs::path squashfs = dir.path() / "content.squashfs", manifest = dir.path() / "manifest.raucm",
           out = dir.path() / "bundle.raucb";
  std::string manifest_text{};
  Run made{};
};
#define HF_NEED_SQUASHFS() HF_NEED_TOOL("mksquashfs", "squashfs-tools")

TEST(RaucFormat, AVerityBundleIsAcceptedByRauc) {
  HF_NEED_SQUASHFS();
  const Content content(1'200'000);  // more than 128 blocks: a tree of two levels
  ASSERT_EQ(content.made.exit, 0) << content.made.output;
  const auto done = content.sign_it({{"manifest", content.manifest.string()}});
  ASSERT_TRUE(done) << done.error().message << done.error().detail;
  const auto view = format().verify({content.out, {}}, content.trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->version, "2026.05-1");
  EXPECT_EQ(view->compatible, std::vector<std::string>{"gateway"});
  EXPECT_EQ(view->facts.at("bundle").as_string(), "verity");
  EXPECT_FALSE(view->claimed || view->digest_only);

  HF_NEED_TOOL("rauc", "rauc");
  const auto info = content.rauc("info", content.out);
  EXPECT_EQ(info.exit, 0) << info.output;
  EXPECT_NE(info.output.find("2026.05-1"), std::string::npos) << info.output;
  EXPECT_NE(info.output.find("verity"), std::string::npos) << info.output;
  const auto extract = content.rauc("extract", content.out, (content.dir.path() / "extracted").string());
  EXPECT_EQ(extract.exit, 0) << extract.output;
  EXPECT_EQ(read_file(content.dir.path() / "extracted/rootfs.img"),
            read_file(content.dir.path() / "content/rootfs.img"));
  auto bytes = read_file(content.out);
  bytes[5000] ^= 1;
  write_file(content.dir.path() / "flipped.raucb", bytes);
  EXPECT_NE(content.rauc("extract", content.dir.path() / "flipped.raucb", (content.dir.path() / "none").string()).exit,
            0);
  EXPECT_EQ(format().verify({content.dir.path() / "flipped.raucb", {}}, content.trust).error().code, "HF-FORMAT-0001");
  bytes[5000] ^= 1, bytes[bytes.size() - 100] ^= 1;
  write_file(content.dir.path() / "flipped.raucb", bytes);
  EXPECT_NE(content.rauc("info", content.dir.path() / "flipped.raucb").exit, 0);
}

TEST(RaucFormat, APlainBundleIsAcceptedByRauc) {
  HF_NEED_SQUASHFS();
  const Content content;
  ASSERT_EQ(content.made.exit, 0) << content.made.output;
  const auto done = content.sign_it({});
  ASSERT_TRUE(done) << done.error().message;
  const auto view = format().verify({content.out, {}}, content.trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_TRUE(view->digest_only);
  EXPECT_TRUE(uncovered(format(), {content.out, {}}, content.trust, content.out, 41).empty());

  HF_NEED_TOOL("rauc", "rauc");
  const auto info = content.rauc("info", content.out);
  EXPECT_EQ(info.exit, 0) << info.output;
  EXPECT_NE(info.output.find("2026.05-1"), std::string::npos) << info.output;
  auto bytes = read_file(content.out);
  bytes[5000] ^= 1;
  write_file(content.dir.path() / "flipped.raucb", bytes);
  EXPECT_NE(content.rauc("info", content.dir.path() / "flipped.raucb").exit, 0);
}

TEST(RaucFormat, EveryByteOfAVerityBundleIsCovered) {
  HF_NEED_SQUASHFS();
  const Content content;
  ASSERT_TRUE(content.sign_it({{"manifest", content.manifest.string()}}));
  EXPECT_TRUE(uncovered(format(), {content.out, {}}, content.trust, content.out, 11).empty());
  // The CMS and its length, byte by byte.
  const auto bytes = read_file(content.out);
  const auto cms = std::size_t(be64(bytes, bytes.size() - 8));
  for (std::size_t at = bytes.size() - 8 - cms; at < bytes.size(); ++at) {
    auto changed = bytes;
    changed[at] ^= 1;
    write_file(content.dir.path() / "flipped", changed);
    EXPECT_FALSE(format().verify({content.dir.path() / "flipped", {}}, content.trust)) << bytes.size() - at;
  }
}

// Development bundles are signed by a key that CI has; a release is that bundle, signed anew.
TEST(RaucFormat, ABundleOfRaucIsSignedAnew) {
  HF_NEED_SQUASHFS();
  HF_NEED_TOOL("rauc", "rauc");
  const Content content;
  const TestKey development(KeyAlgorithm::rsa_2048);
  const auto certificate = development.certificate({.name = "Development"});
  const auto dir = content.dir.path();
  write_file(dir / "dev.pem", test::certificate_pem(certificate));
  write_file(dir / "dev.key", development.private_pem());
  for (const std::string kind : {"plain", "verity"}) {
    fs::create_directory(dir / kind);
    write_file(dir / kind / "rootfs.img", noise(9000));
    write_file(dir / kind / "manifest.raucm", "[update]\ncompatible=gateway\nversion=7\n\n[bundle]\nformat=" + kind +
                                                  "\n\n[image.rootfs]\nfilename=rootfs.img\n");
    const auto bundle = dir / (kind + ".raucb"), again = dir / (kind + ".release.raucb");
    const auto made = run("rauc --cert=" + (dir / "dev.pem").string() + " --key=" + (dir / "dev.key").string() +
                          " bundle " + (dir / kind).string() + " " + bundle.string());
    ASSERT_EQ(made.exit, 0) << made.output;
    const auto view = format().verify({bundle, {}}, {.keys = {}, .certificates = {certificate}});
    ASSERT_TRUE(view) << kind << ": " << view.error().message << view.error().detail;
    const auto context = context_of(content.key, SignatureScheme::ecdsa_p256_sha256, content.certificate);
    EXPECT_EQ(sign(format(), bundle, content.key, context, again).error().code, "HF-FORMAT-0012");
    const auto done = sign(format(), bundle, content.key, context, again, {{"replace", "true"}});
    ASSERT_TRUE(done) << kind << ": " << done.error().message;
    EXPECT_FALSE(format().verify({again, {}}, {.keys = {}, .certificates = {certificate}}));
    const auto info = content.rauc("info", again);
    EXPECT_EQ(info.exit, 0) << info.output;
  }
}

TEST(RaucFormat, TheTreeIsThatOfTheKernelsTool) {
  HF_NEED_TOOL("veritysetup", "cryptsetup-bin");
  const TempDir dir;
  for (const std::size_t blocks : {2U, 128U, 129U, 300U}) {
    write_file(dir.path() / "data", noise(blocks * kVerityBlock));
    const auto source = *SourceFile::open(dir.path() / "data");
    const Bytes salt(32, 0x5a);
    const auto tree = verity_tree(source, source.size(), salt);
    ASSERT_TRUE(tree);
    const auto made = run("veritysetup format --no-superblock --salt=" + to_hex(salt) + " --data-block-size=4096 " +
                          "--hash-block-size=4096 --hash=sha256 " + (dir.path() / "data").string() + " " +
                          (dir.path() / "tree").string());
    ASSERT_EQ(made.exit, 0) << made.output;
    EXPECT_NE(made.output.find(to_hex(tree->root)), std::string::npos) << made.output;
    EXPECT_EQ(read_file(dir.path() / "tree"), tree->bytes) << blocks;
    fs::remove(dir.path() / "tree");
  }
}

TEST(RaucFormat, EvidenceIsJudged) {
  HF_NEED_SQUASHFS();
  const Content content;
  const auto context = context_of(content.key, SignatureScheme::ecdsa_p256_sha256, content.certificate);
  // SHA-256 is shown, and SHA-384 signed: with a P-256 key the latter would be idle.
  const TestKey p384(KeyAlgorithm::ecdsa_p384);
  expect_evidence_is_judged(format(), *format().evidence(content.squashfs, {}),
                            context_of(p384, SignatureScheme::ecdsa_p384_sha384, p384.certificate({})));
  expect_evidence_is_judged(format(), *format().evidence(content.squashfs, {{"manifest", content.manifest.string()}}),
                            context);
  const auto refused = [&](const std::string& manifest) {
    write_file(content.manifest, manifest);
    return format().evidence(content.squashfs, {{"manifest", content.manifest.string()}}).error().message;
  };
  EXPECT_NE(refused("[update]\nversion=1\n").find("no compatible"), std::string::npos);
  EXPECT_NE(refused("[update]\ncompatible=a\ncompatible=b\n").find("twice"), std::string::npos);
  EXPECT_NE(refused("[update]\ncompatible=a\n[image.a]\nfilename=x\n").find("sha256"), std::string::npos);
  EXPECT_NE(refused("[update]\ncompatible=a\n[bundle]\nformat=crypt\n").find("verity"), std::string::npos);
}

}  // namespace
}  // namespace hf::keys
