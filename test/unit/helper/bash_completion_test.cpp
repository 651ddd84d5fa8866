#include "helper/bash_completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include "helper/command_line.hpp"
#include "helper/system/process.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;
using Words = std::vector<std::string>;

class Completion : public testing::Test {
 protected:
  Completion() { std::ofstream(folder_ / "pg_baton") << BashCompletion(line_.parser()); }

  // What bash offers for the last one of these words.
  Words Offered(const Words& words) {
    const std::string script = fmt::format(
        "set -u; source {}; COMP_WORDS=('{}'); COMP_CWORD={}; _pg_baton; printf '%s\\n' "
        "\"${{COMPREPLY[@]}}\"",
        (folder_ / "pg_baton").string(), fmt::join(words, "' '"), words.size() - 1);
    const ProcessResult result = RunProcess({"/bin/bash", "-c", script});
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::istringstream text(result.output);
    Words offered;
    for (std::string word; std::getline(text, word);) {
      if (!word.empty()) offered.push_back(word);
    }
    return offered;
  }

  Output output_;
  CommandLine line_{output_};
  TemporaryDirectory folder_;
};

TEST_F(Completion, OffersEveryCommand) {
  const Words offered = Offered({"pg_baton", ""});

  for (const Command& command : kCommands) EXPECT_THAT(offered, Contains(command.name));
  EXPECT_THAT(offered, IsSupersetOf({"--help", "--version"}));
  EXPECT_THAT(offered, testing::Not(Contains("--print-manual")));
}

TEST_F(Completion, OffersEveryOptionOfEveryCommand) {
  for (const Command& command : kCommands) {
    const Words offered = Offered({"pg_baton", command.name, "-"});
    Words options;
    for (const CLI::Option* const option :
         line_.parser().get_subcommand(command.name)->get_options()) {
      for (const std::string& name : option->get_lnames()) options.push_back("--" + name);
      for (const std::string& name : option->get_snames()) options.push_back("-" + name);
    }
    EXPECT_THAT(offered, testing::UnorderedElementsAreArray(options)) << command.name;
  }
}

TEST_F(Completion, OffersWhatTheFirstLettersLeave) {
  EXPECT_THAT(Offered({"pg_baton", "sw"}), ElementsAre("switchover"));
  EXPECT_THAT(Offered({"pg_baton", "status", "--form"}), ElementsAre("--format"));
}

TEST_F(Completion, OffersTheValuesOfAChoice) {
  EXPECT_THAT(Offered({"pg_baton", "status", "--format", ""}),
              UnorderedElementsAre("text", "json"));
  EXPECT_THAT(Offered({"pg_baton", "status", "--format", "="}),
              UnorderedElementsAre("text", "json"));
  EXPECT_THAT(Offered({"pg_baton", "status", "--format", "=", "j"}), ElementsAre("json"));
}

TEST_F(Completion, LeavesOtherValuesToTheNamesOfFiles) {
  EXPECT_THAT(Offered({"pg_baton", "clone", "-D", "/"}), IsEmpty());
  EXPECT_THAT(Offered({"pg_baton", "clone", "--passfile", "=", "/"}), IsEmpty());
}

}  // namespace
}  // namespace baton::helper
