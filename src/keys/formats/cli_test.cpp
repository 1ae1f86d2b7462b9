#include "keys/formats/cli.h"

#include <sstream>

#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

struct Said {
  int exit = -1;
  std::string code, out;
};
Said say(std::string_view name, std::vector<std::string_view> words) {
  std::istringstream in;
  std::ostringstream out, err;
  cli::Terminal terminal{.in = in, .out = out, .err = err};
  for (const auto& command : artifact_commands()) {
    if (command.spec.name != name) continue;
    const auto args = cli::Args::parse(command.spec, words);
    if (!args) return {cli::kUsage, std::string(args.error().code), {}};
    const auto result = command.run(*args, terminal);
    return {result ? *result : cli::exit_of(result.error().kind), result ? "" : std::string(result.error().code),
            out.str()};
  }
  return {};
}

struct Signed {
  Signed() {
    write_file(plain, noise(100));
    EXPECT_TRUE(sign(*find_format("mcuboot"), plain, key, context_of(key, SignatureScheme::ed25519), image,
                     {{"version", "1.2.3"}, {"pad-header", "true"}, {"security-counter", 4}}));
    write_file(pem, to_pem(key.key()));
  }
  TempDir dir;
  TestKey key{KeyAlgorithm::ed25519};
  std::string plain = (dir.path() / "a.bin").string(), image = (dir.path() / "a.img").string(),
              pem = (dir.path() / "k.pem").string();
};

TEST(ArtifactCli, ShowsWhatASignerWouldSee) {
  const Signed made;
  auto said = say("artifact show", {made.image});
  EXPECT_EQ(said.exit, 0) << said.code;
  EXPECT_NE(said.out.find("1.2.3"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("security version"), std::string::npos);
  said = say("artifact show",
             {made.plain, "--format", "mcuboot", "--option", "version=9.8.7", "--option", "pad-header=true", "--json"});
  EXPECT_EQ(said.exit, 0) << said.code;
  EXPECT_EQ(parse_json(said.out)->at("version").as_string(), "9.8.7");
  EXPECT_EQ(say("artifact show", {made.plain}).code, "HF-FORMAT-0010");
  EXPECT_EQ(say("artifact show", {made.plain, "--format", "tar"}).code, "HF-FORMAT-0013");
  EXPECT_EQ(say("artifact show", {made.plain, "--format", "raw", "--option", "x"}).code, "HF-FORMAT-0014");
  EXPECT_EQ(say("artifact show", {"/no/such/file"}).exit, cli::kNotFound);
}

TEST(ArtifactCli, VerifiesAndSaysNo) {
  const Signed made;
  auto said = say("artifact verify", {made.image, "--key", made.pem});
  EXPECT_EQ(said.exit, 0) << said.code;
  EXPECT_TRUE(said.out.starts_with("verified\n")) << said.out;
  said = say("artifact verify", {made.image, "--key", made.pem, "--json"});
  EXPECT_EQ(parse_json(said.out)->at("view").at("security_version").as_int64(), 4);
  write_file(made.pem, to_pem(TestKey(KeyAlgorithm::ed25519).key()));
  said = say("artifact verify", {made.image, "--key", made.pem});
  EXPECT_EQ(said.exit, cli::kNo);
  EXPECT_TRUE(said.out.starts_with("not verified: ")) << said.out;
  EXPECT_EQ(say("artifact verify", {made.image}).code, "HF-FORMAT-0015");
  EXPECT_EQ(say("artifact verify", {made.image, "--key", made.pem, "--signature", made.pem}).code, "HF-FORMAT-0016");
}

TEST(ArtifactCli, FindsADetachedSignatureBesideItsFile) {
  const Signed made;
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto certificate = key.certificate({});
  write_file(made.dir.path() / "c.pem", test::certificate_pem(certificate));
  const auto pem = (made.dir.path() / "c.pem").string();
  ASSERT_TRUE(sign(*find_format("cms"), made.plain, key,
                   context_of(key, SignatureScheme::ecdsa_p256_sha256, certificate), made.plain + ".p7s"));
  EXPECT_EQ(say("artifact verify", {made.plain, "--format", "cms", "--certificate", pem}).exit, 0);
  EXPECT_EQ(say("artifact verify", {made.image, "--format", "cms", "--certificate", pem}).exit, cli::kNotFound);
  EXPECT_EQ(
      say("artifact verify", {made.image, "--format", "cms", "--certificate", pem, "--signature", made.plain + ".p7s"})
          .exit,
      cli::kNo);
}

TEST(ArtifactCli, ListsTheFormats) {
  const auto said = say("artifact formats", {"--json"});
  const auto json = parse_json(said.out);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->as_array().size(), formats().size());
  EXPECT_NE(say("artifact formats", {}).out.find("mcuboot"), std::string::npos);
}

}  // namespace
}  // namespace hf::keys
