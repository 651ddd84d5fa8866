#include "helper/system/process.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using testing::ElementsAre;

ProcessResult Shell(const std::string& script, const ProcessOptions& options = {}) {
  return RunProcess({"/bin/sh", "-c", script}, options);
}

std::vector<std::string> LinesOf(const std::string& script) {
  std::vector<std::string> lines;
  ProcessOptions options;
  options.on_line = [&lines](const std::string& line) { lines.push_back(line); };
  Shell(script, options);
  return lines;
}

TEST(RunProcess, TellsTheExitCode) {
  EXPECT_EQ(Shell("exit 0").exit_code, 0);
  EXPECT_EQ(Shell("exit 3").exit_code, 3);
}

TEST(RunProcess, TellsTheSignalThatEndedIt) { EXPECT_EQ(Shell("kill -TERM $$").exit_code, 143); }

TEST(RunProcess, JoinsOutputAndErrorsInTheirOrder) {
  EXPECT_EQ(Shell("echo one; echo two >&2; echo three").output, "one\ntwo\nthree\n");
}

TEST(RunProcess, PassesArgumentsOnAsTheyAre) {
  EXPECT_EQ(
      RunProcess({"/bin/sh", "-c", "printf '<%s>' \"$@\"", "sh", "a b", "", "$HOME;'"}).output,
      "<a b><><$HOME;'>");
}

TEST(RunProcess, GivesTheProgramNoInput) {
  const ProcessResult result = Shell("cat; echo end");

  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "end\n");
}

TEST(RunProcess, TakesMoreOutputThanAPipeHolds) {
  const ProcessResult result = Shell("head -c 300000 /dev/zero | tr '\\0' x");

  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, std::string(300000, 'x'));
}

TEST(RunProcess, SaysWhenThereIsNoSuchProgram) {
  const ProcessResult result = RunProcess({"/nonexistent/program", "-x"});

  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(result.output,
            "could not execute \"/nonexistent/program\": No such file or directory\n");
}

TEST(RunProcess, HandsOnEachLine) {
  EXPECT_THAT(LinesOf("echo one; echo two"), ElementsAre("one", "two"));
}

TEST(RunProcess, TakesACarriageReturnForTheEndOfALine) {
  EXPECT_THAT(LinesOf("printf '1 %%\\r2 %%\\r\\n3 %%\\n'"), ElementsAre("1 %", "2 %", "3 %"));
}

TEST(RunProcess, HandsOnALastLineWithoutItsEnd) {
  EXPECT_THAT(LinesOf("printf 'one\\ntwo'"), ElementsAre("one", "two"));
}

TEST(RunProcess, HandsOnNoEmptyLines) {
  EXPECT_THAT(LinesOf("printf '\\n\\none\\n\\n'"), ElementsAre("one"));
}

TEST(RunProcess, JoinsALineThatComesInPieces) {
  EXPECT_THAT(LinesOf("head -c 10000 /dev/zero | tr '\\0' x; echo end"),
              ElementsAre(std::string(10000, 'x') + "end"));
}

TEST(RunProcess, HandsOnALineWhileTheProgramStillRuns) {
  const TemporaryDirectory directory;
  const fs::path seen = directory / "seen";
  ProcessOptions options;
  options.on_line = [&seen](const std::string& line) {
    if (line == "ready") ReplaceFile(seen, "");
  };

  const ProcessResult result = RunProcess(
      {"/bin/sh", "-c", "echo ready; timeout 10 sh -c 'until [ -e \"$1\" ]; do :; done' sh \"$1\"",
       "sh", seen.string()},
      options);

  EXPECT_EQ(result.exit_code, 0);
}

TEST(RunProcess, KeepsNoOutputThatIsTooMuchToKeep) {
  std::vector<std::string> lines;
  ProcessOptions options;
  options.on_line = [&lines](const std::string& line) { lines.push_back(line); };
  options.keeps_output = false;

  EXPECT_EQ(Shell("echo one; echo two", options).output, "");
  EXPECT_THAT(lines, ElementsAre("one", "two"));
}

TEST(RunProcess, AddsToTheEnvironment) {
  ProcessOptions options;
  options.environment["PGPASSFILE"] = "/secrets/my pass";

  EXPECT_EQ(Shell("printf %s \"$PGPASSFILE\"", options).output, "/secrets/my pass");
}

TEST(RunProcess, KeepsTheEnvironment) {
  ASSERT_NE(std::getenv("PATH"), nullptr);

  EXPECT_EQ(Shell("printf %s \"$PATH\"").output, std::getenv("PATH"));
}

TEST(RunProcess, SpeaksTheCLocale) { EXPECT_EQ(Shell("printf %s \"$LC_ALL\"").output, "C"); }

TEST(RunShell, TellsTheExitCode) {
  EXPECT_EQ(RunShell("exit 0"), 0);
  EXPECT_EQ(RunShell("exit 3"), 3);
}

TEST(RunShell, TellsTheSignalThatEndedIt) { EXPECT_EQ(RunShell("kill -TERM $$"), 143); }

TEST(CommandText, JoinsPlainWords) {
  EXPECT_EQ(CommandText({"pg_ctl", "-D", "/data/a", "start"}), "pg_ctl -D /data/a start");
  EXPECT_EQ(CommandText({}), "");
}

TEST(CommandText, QuotesWhatTheShellWouldRead) {
  EXPECT_EQ(CommandText({"-D", "/my data"}), "-D '/my data'");
  EXPECT_EQ(CommandText({"-D", ""}), "-D ''");
  EXPECT_EQ(CommandText({"it's"}), "'it'\\''s'");
  EXPECT_EQ(CommandText({"$HOME"}), "'$HOME'");
  EXPECT_EQ(CommandText({"a\\b"}), "'a\\b'");
}

TEST(CommandText, IsReadByTheShellAsItWasMeant) {
  for (const char* const word :
       {"plain",
        "",
        " ",
        "a b",
        "'",
        "\"",
        "$HOME",
        "`id`",
        "a;b",
        "a&b",
        "a|b",
        "*",
        "?",
        "~",
        "#a",
        "(a)",
        "</dev/null",
        ">/dev/null",
        "a\\b",
        "a\tb",
        "a\nb",
        "[a]",
        "{a,b}",
        "!a",
        "postgresql://me@db1/postgres?sslmode=require&application_name=b"}) {
    EXPECT_EQ(Shell(CommandText({"printf", "%s.", word, "end"})).output,
              std::string(word) + ".end.");
  }
}

TEST(RunProcess, EndsAProgramThatTakesTooLongAndWhatItStarted) {
  const TemporaryDirectory directory;
  ProcessOptions options;
  options.limit = std::chrono::milliseconds(200);

  const ProcessResult result = Shell(fmt::format("(sleep 60; touch {0}) & sleep 60; touch {0}",
                                                 (directory.path() / "lived").string()),
                                     options);

  EXPECT_TRUE(result.took_too_long);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_FALSE(fs::exists(directory.path() / "lived"));
}

TEST(RunProcess, LeavesAProgramAloneThatEndsInTime) {
  ProcessOptions options;
  options.limit = std::chrono::minutes(1);

  const ProcessResult result = Shell("echo done", options);

  EXPECT_FALSE(result.took_too_long);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "done\n");
}

}  // namespace
}  // namespace baton::helper
