#include "helper/manual_page.hpp"

#include <CLI/CLI.hpp>
#include <fstream>
#include <gmock/gmock.h>

#include "helper/command_line.hpp"
#include "helper/system/process.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using testing::HasSubstr;

// What groff makes of the page, or says of its mistakes.
std::string Groff(const std::string& page, const std::vector<std::string>& options) {
  const TemporaryDirectory folder;
  const std::string file = folder / "pg_baton.1";
  std::ofstream(file) << page;
  std::vector<std::string> arguments = {"/usr/bin/groff", "-man", "-Tutf8"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.push_back(file);
  return RunProcess(arguments).output;
}

TEST(ManualPage, HasEveryCommandAndOptionOfTheCommandLine) {
  Output output;
  const CommandLine line(output);

  const std::string page = ManualPage(line.parser());

  for (const Command& command : kCommands) {
    const std::string head = ".SS \"pg_baton " + RoffText(command.name) + "\"\n";
    ASSERT_THAT(page, HasSubstr(head));
    const std::size_t begin = page.find(head) + head.size();
    const std::string section = page.substr(begin, page.find("\n.S", begin) - begin);
    EXPECT_THAT(section, HasSubstr(RoffText(command.summary)));
    for (const CLI::Option* const option :
         line.parser().get_subcommand(command.name)->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        EXPECT_THAT(section, HasSubstr(RoffText("--" + name))) << command.name;
      }
      EXPECT_THAT(section, HasSubstr("\n" + RoffText(option->get_description()) + "\n"));
    }
  }
  EXPECT_THAT(page, HasSubstr(".SH \"EXIT CODES\"\n"));
  EXPECT_THAT(page, testing::Not(HasSubstr("print\\-completion")));
}

TEST(ManualPage, HasNoMistakeThatGroffWarnsOf) {
  Output output;
  const std::string page = ManualPage(CommandLine(output).parser());

  EXPECT_EQ(Groff(page, {"-ww", "-z"}), "");
  EXPECT_THAT(Groff(page + ".\\\" mistake\n\\*[none]\n", {"-ww", "-z"}), HasSubstr("none"));
}

TEST(ManualPage, ShowsExamplesAsTheyAreTyped) {
  Output output;
  const std::string page = ManualPage(CommandLine(output).parser());

  const std::string shown = Groff(page, {"-P-c", "-rLL=500n"});

  for (const Command& command : kCommands) {
    const std::string examples = command.examples;
    const std::string first = examples.substr(2, examples.find('\n') - 2);
    EXPECT_THAT(shown, HasSubstr(first));
  }
}

TEST(ManualPage, KeepsWhatRoffWouldTakeForItsOwn) {
  EXPECT_EQ(RoffText(".pgpass"), "\\&.pgpass");
  EXPECT_EQ(RoffText("'a'"), "\\&\\(aqa\\(aq");
  EXPECT_EQ(RoffText("a\\b ~/x --y"), "a\\eb \\(ti/x \\-\\-y");
}

}  // namespace
}  // namespace baton::helper
