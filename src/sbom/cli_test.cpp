// `holdfast sbom` as a script sees it: output, exit codes.
#include "sbom/cli.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"

namespace hf::sbom {
namespace {

struct Ran {
  int exit;
  std::string out, err;
};

Ran run(std::string_view name, std::vector<std::string_view> words, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out, err;
  cli::Terminal terminal{in, out, err};
  for (const auto& command : commands()) {
    if (command.spec.name != name) continue;
    const auto args = cli::Args::parse(command.spec, words);
    EXPECT_TRUE(args);
    const auto exit = command.run(*args, terminal);
    return {exit ? *exit : cli::exit_of(exit.error().kind), out.str(), err.str()};
  }
  return {-1, {}, {}};
}

const std::string kGood = R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[
  {"type":"library","name":"zlib","version":"1.3","bom-ref":"z","purl":"pkg:generic/zlib@1.3","licenses":[{"license":{"id":"Zlib"}}]},
  {"type":"library","name":"mystery","bom-ref":"m"}],"dependencies":[{"ref":"m","dependsOn":["z"]}]})";
const std::string kBad =
    R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"gadget","name":"a"}],"x":1})";

TEST(SbomCommands, ParsePrintsTheDocument) {
  const auto ran = run("sbom parse", {"-", "--json"}, kGood);
  EXPECT_EQ(ran.exit, cli::kOk);
  const auto json = parse_json(ran.out);
  ASSERT_TRUE(json);
  const auto& document = json->as_object();
  EXPECT_EQ(document.at("format").as_string(), "CycloneDX");
  EXPECT_EQ(document.at("spec_version").as_string(), "1.6");
  ASSERT_EQ(document.at("components").as_array().size(), 2U);
  const auto& zlib = document.at("components").as_array()[0].as_object();
  for (const auto* name : {"ref", "name", "version", "purl", "cpes", "hashes", "licenses"})
    EXPECT_TRUE(zlib.contains(name)) << name;
  EXPECT_EQ(zlib.at("licenses").as_array()[0].as_string(), "Zlib");
  EXPECT_EQ(document.at("dependencies").as_array().size(), 1U);
  EXPECT_TRUE(document.at("vex").as_array().empty());
  EXPECT_EQ(document.at("unidentified").as_array()[0].as_string(), "m");
}

TEST(SbomCommands, ParseRefusesWithEveryFindingAndNothingElse) {
  const auto ran = run("sbom parse", {"-", "--json"}, kBad);
  EXPECT_EQ(ran.exit, cli::kInvalid);
  const auto json = parse_json(ran.out);
  ASSERT_TRUE(json);
  EXPECT_FALSE(json->as_object().contains("components"));
  const auto& findings = json->as_object().at("findings").as_array();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].as_object().at("pointer").as_string(), "/components/0/type");
  EXPECT_EQ(findings[1].as_object().at("pointer").as_string(), "/x");
}

TEST(SbomCommands, ValidateAnswersWithItsExitCode) {
  EXPECT_EQ(run("sbom validate", {"-"}, kGood).exit, cli::kOk);
  EXPECT_EQ(run("sbom validate", {"-"}, kGood).out, "valid\n");
  const auto bad = run("sbom validate", {"-"}, kBad);
  EXPECT_EQ(bad.exit, cli::kNo);
  EXPECT_NE(bad.out.find("/components/0/type: 'gadget' is no word of component-type [HF-SBOM-0103]\n"),
            std::string::npos)
      << bad.out;
  EXPECT_EQ(run("sbom validate", {"-", "--json"}, "{").exit, cli::kNo);
  EXPECT_EQ(run("sbom validate", {"/nowhere"}, "").exit, cli::kNotFound);
}

}  // namespace
}  // namespace hf::sbom
