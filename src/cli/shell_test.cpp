#include "cli/shell.h"

#include <gtest/gtest.h>

namespace hf::cli {
namespace {

Result<Exit> nothing(const Args&, Terminal&) { return kOk; }

const Command kCommands[] = {
    {{"sbom parse",
      "Read an SBOM",
      "It's read.\n.Whole.",
      {{"FILE", "the file"}},
      {{"json", "", "Print JSON"}},
      {"holdfast sbom parse a.json"}},
     nothing},
    {{"exposed",
      "Who is exposed",
      "",
      {{"ID", "number"}},
      {{"state", "STATE", "Standing", false, false, {"affected", "unknown"}}},
      {}},
     nothing},
};

TEST(Completion, EveryShellKnowsCommandsOptionsAndChoices) {
  for (const auto shell : {Shell::bash, Shell::zsh, Shell::fish}) {
    const auto script = completion_of(shell, kCommands);
    for (const auto word : {"sbom", "parse", "exposed", "json", "affected unknown"})
      EXPECT_NE(script.find(word), std::string::npos) << word;
  }
}

TEST(ManPage, TextIsNeverARequest) {
  const auto page = man_page_of(kCommands[0].spec, "1.0");
  EXPECT_TRUE(page.starts_with(".TH HOLDFAST\\-SBOM-PARSE 1"));
  EXPECT_NE(page.find("\n\\&.Whole."), std::string::npos);
  EXPECT_NE(page.find(".B \\-\\-json"), std::string::npos);
  EXPECT_NE(man_page_of(kCommands, "1.0").find(".B exposed\nWho is exposed"), std::string::npos);
}

}  // namespace
}  // namespace hf::cli
