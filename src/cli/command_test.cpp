#include "cli/command.h"

#include <gtest/gtest.h>

namespace hf::cli {
namespace {

const Spec kSpec{.name = "exposed",
                 .summary = "List devices",
                 .details = "",
                 .positionals = {{.name = "VULN_ID", .help = "a vulnerability"}},
                 .options = {{.name = "market", .value = "CC", .help = "a Member State", .required = true},
                             {.name = "limit", .value = "N", .help = "how many"},
                             {.name = "output", .value = "FORMAT", .help = "how", .choices = {"table", "json"}},
                             {.name = "json", .value = "", .help = "as JSON"}}};

Result<Args> parse(std::vector<std::string_view> words) { return Args::parse(kSpec, words); }

TEST(Args, TakesWhatTheSpecTakes) {
  const auto args = parse({"CVE-2026-1", "--market=DE", "--limit", "5", "--json"});
  ASSERT_TRUE(args);
  EXPECT_EQ(args->positional(0), "CVE-2026-1");
  EXPECT_EQ(args->option("market"), "DE");
  EXPECT_EQ(*args->integer("limit", 10, 1, 100), 5);
  EXPECT_TRUE(args->flag("json"));
  EXPECT_FALSE(args->integer("limit", 10, 6, 100));
}

TEST(Args, RefusesTheRestAndNamesTheNearestOption) {
  EXPECT_NE(parse({"X", "--markt", "DE"}).error().message.find("--market?"), std::string::npos);
  for (const auto& words : std::vector<std::vector<std::string_view>>{{},
                                                                      {"X"},
                                                                      {"X", "--market"},
                                                                      {"X", "Y", "--market", "DE"},
                                                                      {"X", "--market", "DE", "--market", "FR"},
                                                                      {"X", "--market", "DE", "--json=1"},
                                                                      {"X", "--market", "DE", "--output", "xml"},
                                                                      {"X", "-m", "DE"}})
    EXPECT_EQ(parse(words).error().code, "HF-CLI-0001");
}

TEST(Output, Abuse40CsvCellsAreQuotedAndNeverFormulas) {
  EXPECT_EQ(csv_row(std::vector<std::string>{"a,b", "say \"x\"", "=1+1", "-2", ""}),
            "\"a,b\",\"say \"\"x\"\"\",'=1+1,'-2,\r\n");
}

TEST(Output, TableCellsCannotDriveTheTerminal) {
  EXPECT_EQ(table(std::vector<std::string>{"id", "n"}, std::vector<std::vector<std::string>>{{"a\x1b[2J", "1"}}),
            "id     n\na?[2J  1\n");
}

}  // namespace
}  // namespace hf::cli
