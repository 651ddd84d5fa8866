#include "core/restore_log.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(ParseRestoreLog, CountsWhatCameAndTellsWhyNoMore) {
  const RestoreLog log = ParseRestoreLog(
      "LOG:  starting archive recovery\n"
      "LOG:  restored log file \"00000002.history\" from archive\n"
      "LOG:  restored log file \"00000001000000000000000D\" from archive\n"
      "FATAL:  the database system is starting up\n"
      "LOG:  invalid record length at 0/D000100: wanted 24, got 0\n"
      "LOG:  restored log file \"00000001000000000000000E\" from archive\n"
      "LOG:  incorrect resource manager data checksum in record at 0/E000028\n"
      "LOG:  redo done at 0/D000100 system usage: CPU\n"
      "LOG:  restored log file \"00000001000000000000000D\" from archive\n"
      "LOG:  could not stat file \"x\": No such file or directory\n");

  EXPECT_EQ(log.restored_segments, 2);
  EXPECT_EQ(log.restored_histories, 1);
  EXPECT_EQ(log.last_segment, "00000001000000000000000E");
  EXPECT_EQ(log.end_reason, "incorrect resource manager data checksum in record at 0/E000028");
  EXPECT_EQ(log.fatal, "");
}

TEST(ParseRestoreLog, HasNoReasonWhereNothingMoreCame) {
  const RestoreLog log = ParseRestoreLog(
      "LOG:  invalid record length at 0/D000100: wanted 24, got 0\n"
      "LOG:  restored log file \"00000001000000000000000D\" from archive\n"
      "cp: cannot stat '/archive/00000001000000000000000E': No such file or directory\n"
      "LOG:  redo done at 0/D000100\n");

  EXPECT_EQ(log.end_reason, "");
  EXPECT_EQ(log.command_words, "");
  EXPECT_EQ(LastWords(log), "");
}

// archive-get keeps a damaged file from the server, which takes that for the end.
TEST(ParseRestoreLog, HasWhatTheCommandSaidOfTheNextFile) {
  const RestoreLog log = ParseRestoreLog(
      "LOG:  starting archive recovery\n"
      "pg_baton: error: could not get \"00000002.history\" from \"/a\": it hangs\n"
      "LOG:  restored log file \"00000001000000000000000D\" from archive\n"
      "\tThis is the server's own.\n"
      "pg_baton: error: could not get \"00000001000000000000000E\" from \"/a\"\n"
      "pg_baton: detail: It is damaged.\n"
      "LOG:  redo done at 0/D000100\n"
      "cp: cannot open '/archive/00000002.history': Permission denied\n");

  EXPECT_EQ(log.end_reason, "");
  EXPECT_EQ(log.command_words,
            "pg_baton: error: could not get \"00000001000000000000000E\" from \"/a\"; "
            "pg_baton: detail: It is damaged");
  EXPECT_EQ(LastWords(log), "restore_command said: " + log.command_words + ".");
}

TEST(ParseRestoreLog, IsOfTheLastStart) {
  const RestoreLog log = ParseRestoreLog(
      "LOG:  starting PostgreSQL 15.15\n"
      "LOG:  restored log file \"00000001000000000000000D\" from archive\n"
      "LOG:  invalid record length at 0/D000100: wanted 24, got 0\n"
      "FATAL:  could not restore file\n"
      "LOG:  redo done at 0/D000100\n"
      "LOG:  starting PostgreSQL 15.15\n"
      "LOG:  contrecord is requested by 0/D000028\n"
      "LOG:  unexpected pageaddr 0/A000000 in log segment\n"
      "FATAL:  terminating connection due to administrator command\n");

  EXPECT_EQ(log.end_reason, "contrecord is requested by 0/D000028");
  EXPECT_EQ(log.fatal, "");
  EXPECT_EQ(log.restored_segments, 1);
  EXPECT_EQ(LastWords(log), "The server said: contrecord is requested by 0/D000028.");
}

TEST(ParseRestoreLog, HasTheErrorThatEndedTheServer) {
  const RestoreLog log = ParseRestoreLog(
      "FATAL:  could not locate required checkpoint record\n"
      "HINT:  Add required recovery options.\n"
      "LOG:  startup process (PID 1) exited with exit code 1\n"
      "FATAL:  the database system is starting up\n"
      "DETAIL:  Consistent recovery state has not been yet reached.\n"
      "FATAL:  role \"x\" does not exist\n"
      "FATAL:  terminating connection due to administrator command\n"
      "DETAIL:  It has nothing to do with it.\n");

  EXPECT_EQ(log.fatal,
            "could not locate required checkpoint record; Add required recovery options");
}

TEST(ParseRestoreLog, OfNothingIsNothing) {
  const RestoreLog log = ParseRestoreLog("");

  EXPECT_EQ(log.restored_segments, 0);
  EXPECT_EQ(log.last_segment, "");
  EXPECT_EQ(log.end_reason + log.fatal, "");
}

}  // namespace
}  // namespace baton::core
