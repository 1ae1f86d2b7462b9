#include "vuln/identity/cli.h"

#include <gtest/gtest.h>
#include <sstream>

namespace hf::vuln {
namespace {

struct Outcome {
  std::string out, code;
  int exit = 0;
};

Outcome run(std::string_view name, std::vector<std::string_view> words, const std::string& input = {}) {
  for (const auto& command : identity_commands()) {
    if (command.spec.name != name) continue;
    std::istringstream in(input);
    std::ostringstream out, err;
    cli::Terminal terminal{in, out, err};
    const auto args = cli::Args::parse(command.spec, words);
    if (!args) return {"", std::string(args.error().code), 2};
    const auto exit = command.run(*args, terminal);
    if (!exit) return {out.str(), std::string(exit.error().code), cli::exit_of(exit.error().kind)};
    return {out.str(), "", *exit};
  }
  return {"", "no such command", -1};
}

TEST(IdentityCommands, CompareVersions) {
  EXPECT_EQ(run("version compare", {"openssl", "1.1.1w", "3.0.11"}).out, "<\n");
  EXPECT_EQ(run("version compare", {"deb", "--batch"}, "1.0\t1.0-0\r\n1.0~\t1.0\nx y\t1\nonly one\n").out,
            "=\n<\n?\n!\n");
  EXPECT_EQ(run("version compare", {"nonsense", "1", "2"}).code, "HF-VERSION-0001");
  EXPECT_EQ(run("version compare", {"generic", "1", "n/a"}).code, "HF-VERSION-0002");
  EXPECT_EQ(run("version compare", {"generic", "1"}).code, "HF-CLI-0001");
  EXPECT_EQ(run("version compare", {"generic", "1", "2", "--batch"}).code, "HF-CLI-0001");
}

TEST(IdentityCommands, RangesContain) {
  EXPECT_EQ(run("vers contains", {"vers:npm/>=1.0.0|<2.0.0", "1.5.0"}).exit, cli::kOk);
  EXPECT_EQ(run("vers contains", {"vers:npm/>=1.0.0|<2.0.0", "2.5.0"}).exit, cli::kNo);
  const auto unknown = run("vers contains", {"vers:npm/>=1.0.0|<2.0.0", "latest"});
  EXPECT_EQ(unknown.out, "unknown\n");
  EXPECT_EQ(unknown.exit, cli::kInvalid);
  EXPECT_EQ(run("vers contains", {"--batch"}, "vers:npm/*\t1\nvers:\t1\n").out, "inside\ninvalid\n");
  EXPECT_EQ(run("vers contains", {"npm", "1"}).code, "HF-VERS-0001");
}

TEST(IdentityCommands, CpesMatch) {
  const auto result = run("cpe match", {"cpe:/a:v:p", "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*"});
  EXPECT_EQ(result.out, "superset\n");
  EXPECT_EQ(result.exit, cli::kOk);
  EXPECT_EQ(run("cpe match", {"cpe:/a:v:p:1", "cpe:/a:v:p"}).exit, cli::kNo);
  EXPECT_EQ(run("cpe match", {"--batch"}, "cpe:/a:v:p\tcpe:/a:v:q\nx\ty\n").out, "disjoint\ninvalid\n");
}

TEST(IdentityCommands, PurlsParse) {
  EXPECT_NE(run("purl parse", {"pkg:PyPI/Foo_Bar@1"}).out.find("\"purl\": \"pkg:pypi/foo-bar@1\""), std::string::npos);
  EXPECT_EQ(run("purl parse", {"foo"}).code, "HF-PURL-0001");
  EXPECT_EQ(run("purl parse", {"--strict", "pkg:swift/x"}).code, "HF-PURL-0002");
  EXPECT_EQ(run("purl parse", {"--batch"}, "pkg:npm/a@1\n").out,
            "{\"purl\":\"pkg:npm/a@1\",\"type\":\"npm\",\"name\":\"a\",\"version\":\"1\",\"scheme\":\"npm\"}\n");
}

}  // namespace
}  // namespace hf::vuln
