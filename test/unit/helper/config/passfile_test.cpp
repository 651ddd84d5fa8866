#include "helper/config/passfile.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <optional>

#include "helper/system/file.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

const PassfileKey kKey = {"10.0.0.1", "5432", "replication", "pg_baton"};

TEST(LookUpPassword, FindsTheLineThatNamesEverything) {
  EXPECT_EQ(LookUpPassword("10.0.0.1:5432:replication:pg_baton:secret\n", kKey), "secret");
}

TEST(LookUpPassword, FindsALineWithWildcards) {
  EXPECT_EQ(LookUpPassword("*:*:*:pg_baton:secret\n", kKey), "secret");
  EXPECT_EQ(LookUpPassword("*:*:*:*:secret\n", kKey), "secret");
}

TEST(LookUpPassword, TakesTheFirstLineThatFits) {
  EXPECT_EQ(LookUpPassword("10.0.0.2:*:*:*:other host\n"
                           "*:5433:*:*:other port\n"
                           "*:*:postgres:*:other database\n"
                           "*:*:*:somebody:other user\n"
                           "*:*:*:pg_baton:first\n"
                           "10.0.0.1:5432:replication:pg_baton:second\n",
                           kKey),
            "first");
}

TEST(LookUpPassword, FindsNothingWhereNoLineFits) {
  EXPECT_EQ(LookUpPassword("", kKey), std::nullopt);
  EXPECT_EQ(LookUpPassword("\n\n", kKey), std::nullopt);
  EXPECT_EQ(LookUpPassword("*:*:*:somebody:secret\n", kKey), std::nullopt);
}

TEST(LookUpPassword, IgnoresCommentsAndLinesWithTooFewFields) {
  EXPECT_EQ(LookUpPassword("#*:*:*:pg_baton:comment\n"
                           "*:*:*:pg_baton\n"
                           "*:*:*:pg_baton:secret\n",
                           kKey),
            "secret");
}

TEST(LookUpPassword, NeedsNoNewlineAtTheEnd) {
  EXPECT_EQ(LookUpPassword("*:*:*:pg_baton:secret", kKey), "secret");
}

TEST(LookUpPassword, ReadsLinesThatWindowsWrote) {
  EXPECT_EQ(LookUpPassword("*:*:*:pg_baton:secret\r\n", kKey), "secret");
}

TEST(LookUpPassword, ReadsColonsAndBackslashesBehindABackslash) {
  EXPECT_EQ(LookUpPassword("*:*:*:pg_baton:a\\:b\\\\c\n", kKey), "a:b\\c");
  EXPECT_EQ(LookUpPassword("fd00\\:\\:1:*:*:*:secret\n", {"fd00::1", "5432", "postgres", "me"}),
            "secret");
}

TEST(LookUpPassword, EndsThePasswordAtAColonAsLibpqDoes) {
  EXPECT_EQ(LookUpPassword("*:*:*:pg_baton:secret:remark\n", kKey), "secret");
}

TEST(WithPassword, WritesALineForEveryHost) {
  EXPECT_EQ(WithPassword("", "pg_baton", "secret"), "*:*:*:pg_baton:secret\n");
}

TEST(WithPassword, PutsItsLineBeforeAllOthers) {
  EXPECT_EQ(WithPassword("# mine\n*:*:*:*:general\n", "pg_baton", "secret"),
            "*:*:*:pg_baton:secret\n# mine\n*:*:*:*:general\n");
}

TEST(WithPassword, ReplacesItsOwnLine) {
  EXPECT_EQ(WithPassword("*:*:*:other:x\n*:*:*:pg_baton:old\n", "pg_baton", "new"),
            "*:*:*:pg_baton:new\n*:*:*:other:x\n");
}

TEST(WithPassword, KeepsLinesForTheSameUserOnOneHost) {
  EXPECT_EQ(WithPassword("10.0.0.1:*:*:pg_baton:x\n", "pg_baton", "new"),
            "*:*:*:pg_baton:new\n10.0.0.1:*:*:pg_baton:x\n");
}

TEST(WithPassword, EndsALastLineThatHadNoNewline) {
  EXPECT_EQ(WithPassword("*:*:*:other:x", "pg_baton", "new"),
            "*:*:*:pg_baton:new\n*:*:*:other:x\n");
}

TEST(WithPassword, WritesWhatLookUpReads) {
  const std::string awkward = "a:b\\c'd\"e f#";

  EXPECT_EQ(LookUpPassword(WithPassword("", "pg_baton", awkward), kKey), awkward);
}

// Sets or unsets one variable of the environment, and puts it back.
class Variable {
 public:
  Variable(const char* name, const std::optional<std::string>& value) : name_(name) {
    if (const char* const before = std::getenv(name)) before_ = before;
    Set(value);
  }
  ~Variable() { Set(before_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void Set(const std::optional<std::string>& value) const {
    if (value) {
      setenv(name_, value->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }

  const char* name_;
  std::optional<std::string> before_;
};

TEST(DefaultPassfile, IsTheOneInTheEnvironment) {
  const Variable file("PGPASSFILE", "/secrets/pass");

  EXPECT_EQ(DefaultPassfile(), "/secrets/pass");
}

TEST(DefaultPassfile, IsElseInTheHomeDirectory) {
  const Variable file("PGPASSFILE", std::nullopt);
  const Variable home("HOME", "/home/me");

  EXPECT_EQ(DefaultPassfile(), "/home/me/.pgpass");
}

TEST(DefaultPassfile, DoesNotTakeAnEmptyVariableForAName) {
  const Variable file("PGPASSFILE", "");
  const Variable home("HOME", "/home/me");

  EXPECT_EQ(DefaultPassfile(), "/home/me/.pgpass");
}

TEST(StorePassword, MakesAFileThatOnlyItsOwnerReads) {
  const TemporaryDirectory directory;

  StorePassword(directory / "pass", "pg_baton", "secret");

  EXPECT_EQ(ReadFile(directory / "pass"), "*:*:*:pg_baton:secret\n");
  EXPECT_EQ(LookAtDirectory(directory / "pass").mode, 0600u);
}

TEST(StorePassword, KeepsOtherLinesAndClosesTheFileToOthers) {
  const TemporaryDirectory directory;
  ReplaceFile(directory / "pass", "*:*:*:other:x\n", 0644);

  StorePassword(directory / "pass", "pg_baton", "secret");

  EXPECT_EQ(ReadFile(directory / "pass"), "*:*:*:pg_baton:secret\n*:*:*:other:x\n");
  EXPECT_EQ(LookAtDirectory(directory / "pass").mode, 0600u);
}

TEST(WithoutPassword, TakesOutOurLineAlone) {
  const std::string others = "a:1:db:baton_node:x\n*:*:*:other:y\n";

  EXPECT_EQ(WithoutPassword(WithPassword(others, "baton_node", "z"), "baton_node"), others);
  EXPECT_EQ(WithoutPassword(others, "baton_node"), others);
}

}  // namespace
}  // namespace baton::helper
