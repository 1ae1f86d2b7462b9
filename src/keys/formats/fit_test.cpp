#include "keys/formats/fdt.h"
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

const Format& format() { return *find_format("fit"); }

// A FIT source with an image that no configuration loads.
std::string source_of(const fs::path& dir, std::string_view algorithm, std::string_view images = "\"fdt\", \"kernel\"",
                      std::string_view hash = "sha256") {
  return "/dts-v1/;\n/ { description = \"Gateway\"; #address-cells = <1>;\n images {\n  kernel-1 { description = "
         "\"Linux\"; data = "
         "/incbin/(\"" +
         (dir / "kernel.bin").string() +
         "\"); type = \"kernel\"; arch = \"arm64\"; os = \"linux\"; "
         "compression = \"none\"; load = <0x80080000>; entry = <0x80080000>; hash-1 { algo = \"" +
         std::string(hash) + "\"; }; };\n  fdt-1 { data = /incbin/(\"" + (dir / "board.dtb").string() +
         "\"); type = \"flat_dt\"; arch = "
         "\"arm64\"; compression = \"none\"; hash-1 { algo = \"sha256\"; }; };\n  spare { data = [01 02 03]; type = "
         "\"firmware\"; compression = \"none\"; };\n };\n configurations { default = \"conf-1\";\n  conf-1 { "
         "description = "
         "\"Release 5\"; kernel = \"kernel-1\"; fdt = \"fdt-1\"; compatible = \"acme,gateway\";\n   signature-1 { algo "
         "= \"" +
         std::string(algorithm) + "\"; key-name-hint = \"dev\"; sign-images = " + std::string(images) +
         "; }; };\n };\n};\n";
}

struct Files {
  Files() {
    write_file(path("kernel.bin"), noise(900));
    write_file(path("board.dtb"), noise(200, 2));
  }
  fs::path path(const char* name) const { return dir.path() / name; }
  Run mkimage(const std::string& source, const std::string& options, const fs::path& out) const {
    write_file(path("x.its"), source);
    return run("cd " + dir.path().string() + " && SOURCE_DATE_EPOCH=1780000000 mkimage " + options + " -f x.its " +
               out.string());
  }
  TempDir dir;
};
#define HF_NEED_MKIMAGE()                  \
  HF_NEED_TOOL("mkimage", "u-boot-tools"); \
  HF_NEED_TOOL("dtc", "device-tree-compiler")

Bytes value_in(const fs::path& file) {
  const auto blob = *fdt::read_blob(*SourceFile::open(file));
  const auto tree = *fdt::parse(blob.structure(), blob.strings());
  const auto value = tree.find("/configurations/conf-1/signature-1")->find("value")->value;
  return {value.begin(), value.end()};
}

// mkimage is the judge: RSASSA-PKCS1-v1_5 has one signature for what it signs.
TEST(FitFormat, TheSignatureIsThatOfMkimage) {
  HF_NEED_MKIMAGE();
  const Files files;
  const TestKey key(KeyAlgorithm::rsa_2048);
  write_file(files.path("dev.key"), key.private_pem());
  write_file(files.path("dev.crt"), test::certificate_pem(key.certificate({})));
  const auto source = source_of(files.dir.path(), "sha256,rsa2048");
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto theirs = files.path("theirs.itb"), ours = files.path("ours.itb"), input = files.path("unsigned.itb");
  ASSERT_EQ(files.mkimage(source, "-k .", theirs).exit, 0);
  ASSERT_EQ(files.mkimage(source, "", input).exit, 0);
  const auto done = sign(format(), input, key, context_of(key, SignatureScheme::rsa_pkcs1_sha256), ours);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(value_in(ours), value_in(theirs));
  for (const auto& file : {ours, theirs}) {
    const auto view = format().verify({file, {}}, trust);
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->compatible, std::vector<std::string>{"acme,gateway"});
    EXPECT_EQ(view->digests.size(), 2U);
    EXPECT_FALSE(view->claimed);
  }
  const auto listed = run("mkimage -l " + ours.string());
  EXPECT_EQ(listed.exit, 0);
  EXPECT_NE(listed.output.find("Sign value:   " + to_hex(value_in(ours))), std::string::npos) << listed.output;

  // With data outside of the tree: what mkimage signed, we verify, and what we sign, it lists.
  ASSERT_EQ(files.mkimage(source, "-E -k .", theirs).exit, 0);
  EXPECT_TRUE(format().verify({theirs, {}}, trust)) << format().verify({theirs, {}}, trust).error().message;
  ASSERT_EQ(files.mkimage(source, "-E", input).exit, 0);
  ASSERT_TRUE(sign(format(), input, key, context_of(key, SignatureScheme::rsa_pkcs1_sha256), ours));
  EXPECT_EQ(run("mkimage -l " + ours.string()).exit, 0);
  EXPECT_TRUE(format().verify({ours, {}}, trust));
  // And dumpimage takes the data out as they went in.
  const auto kernel = files.path("kernel.out");
  const auto dumped = run("dumpimage -T flat_dt -p 0 -o " + kernel.string() + " " + ours.string());
  EXPECT_EQ(dumped.exit, 0) << dumped.output;
  EXPECT_EQ(read_file(kernel), read_file(files.path("kernel.bin")));
}

TEST(FitFormat, AFlipIsRefusedOrOfNothingThatIsSigned) {
  HF_NEED_MKIMAGE();
  const Files files;
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto input = files.path("unsigned.itb"), out = files.path("signed.itb");
  ASSERT_EQ(files.mkimage(source_of(files.dir.path(), "sha256,ecdsa256"), "-E", input).exit, 0);
  ASSERT_TRUE(sign(format(), input, key, context_of(key, SignatureScheme::ecdsa_p256_sha256), out));
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto bytes = read_file(out);
  const auto blob = *fdt::read_blob(*SourceFile::open(out));
  const auto tree = *fdt::parse(blob.structure(), blob.strings());
  const auto* signature = tree.find("/configurations/conf-1/signature-1");
  const auto* spare = tree.find("/images/spare");
  const auto within = [&](std::size_t at, const fdt::Node& node) {
    return at >= blob.structure_at + node.at && at < blob.structure_at + node.end;
  };
  std::size_t data = 0;
  for (const auto at : uncovered(format(), {out, {}}, trust, out)) {
    data += at >= blob.data_base() ? 1 : 0;
    std::string where;
    for (const auto& node : tree.nodes)
      for (const auto& property : node.properties)
        if (at >= blob.structure_at + property.at && at < blob.structure_at + property.end)
          where = node.path + ":" + property.name;
    // Notes in the signature node; the image that nobody loads, and which one is the default; the header's own numbers;
    // names that came with the signature, and padding. uncovered() has seen that the view is the same.
    EXPECT_TRUE(at < blob.structure_at || within(at, *signature) || within(at, *spare) || at >= blob.strings_at ||
                where == "/configurations:default")
        << at << " " << where << " " << to_hex(ByteView(bytes).subspan(at, 8));
  }
  EXPECT_LE(data, 3U + 3U);  // the spare's three bytes, and padding
  const TestKey other(KeyAlgorithm::ecdsa_p256);
  EXPECT_EQ(format().verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");
}

TEST(FitFormat, WhatIsLoadedIsSigned) {
  HF_NEED_MKIMAGE();
  const Files files;
  const auto input = files.path("unsigned.itb");
  const auto refusal = [&](const std::string& source) {
    EXPECT_EQ(files.mkimage(source, "", input).exit, 0);
    const auto evidence = format().evidence(input, {});
    return evidence ? std::string("none") : evidence.error().message;
  };
  const auto dir = files.dir.path();
  EXPECT_EQ(refusal(source_of(dir, "sha256,rsa2048")), "none");
  EXPECT_NE(refusal(source_of(dir, "sha256,rsa2048", "\"kernel\"")).find("sign-images leaves out"), std::string::npos);
  EXPECT_NE(refusal(source_of(dir, "sha256,rsa2048", "\"kernel\", \"fdt\"", "sha1")).find("no SHA-2 hash"),
            std::string::npos);
  // The key must be of the kind that the boot loader is told.
  ASSERT_EQ(files.mkimage(source_of(dir, "sha1,rsa2048"), "", input).exit, 0);
  const TestKey key(KeyAlgorithm::rsa_2048);
  EXPECT_EQ(
      sign(format(), input, key, context_of(key, SignatureScheme::rsa_pkcs1_sha256), files.path("out")).error().code,
      "HF-FORMAT-0008");
}

TEST(FitFormat, ASignedOneIsSignedAnewOnlyWhenAsked) {
  const fs::path golden = fs::path(HF_TEST_DATA) / "keys/fit/signed.itb";
  const auto key = crypto::public_key_of_pem(text_of(read_file(fs::path(HF_TEST_DATA) / "keys/fit/dev.pub.pem")));
  ASSERT_TRUE(key);
  const auto view = format().verify({golden, {}}, {.keys = {*key}, .certificates = {}});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->facts.at("description").as_string(), "Release 5");
  const TempDir dir;
  const TestKey other(KeyAlgorithm::rsa_2048);
  const auto context = context_of(other, SignatureScheme::rsa_pkcs1_sha256);
  EXPECT_EQ(sign(format(), golden, other, context, dir.path() / "out").error().code, "HF-FORMAT-0012");
  const auto done = sign(format(), golden, other, context, dir.path() / "out", {{"replace", "true"}});
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(format().verify({dir.path() / "out", {}}, {.keys = {other.key()}, .certificates = {}}));
  expect_evidence_is_judged(format(), *format().evidence(golden, {{"replace", "true"}}), context);
}

}  // namespace
}  // namespace hf::keys
