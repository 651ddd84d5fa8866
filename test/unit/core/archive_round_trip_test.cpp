#include "core/archive_round_trip.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using End = Bringing::End;
using Outcome = Comparison::Outcome;

constexpr std::int64_t kSegmentBytes = 16 * 1024 * 1024;
constexpr const char* kSegment = "000000010000000000000003";
constexpr const char* kNowhere = "00000001FFFFFFFF000000FF";

// All that a step says, a line each.
std::string Told(const RoundTripStep& step) {
  std::string text = step.step + " " + std::string(StatusText(step.status)) + ": " + step.message;
  if (!step.detail.empty()) text += "\n" + step.detail;
  if (!step.hint.empty()) text += "\n" + step.hint;
  return text;
}

RoundTripServer SoundServer() { return {false, "open", "", "on", "archive_library"}; }

Bringing SoundBringing() { return {kSegment, End::kExited, 0, 0, "", kSegmentBytes, 12ms}; }

Bringing SoundRefusal() { return {kNowhere, End::kExited, 1, 0, "", std::nullopt, 7ms}; }

TEST(RoundTripServer, APrimaryThatArchivesMayBegin) {
  EXPECT_EQ(Told(JudgeServer(SoundServer())),
            "server ok: a primary that archives by archive_library");
}

TEST(RoundTripServer, AStandbyIsNotAsked) {
  RoundTripServer server = SoundServer();
  server.in_recovery = true;

  EXPECT_EQ(Told(JudgeServer(server)),
            "server unknown: this server is a standby\n"
            "The round trip begins with a record that is written.\n"
            "Call baton.archive_round_trip() on the primary.");
}

TEST(RoundTripServer, NothingIsWrittenAtAClosedGate) {
  RoundTripServer server = SoundServer();
  server.gate = "closed";
  server.gate_reasons = "fenced by hand";

  EXPECT_EQ(Told(JudgeServer(server)),
            "server unknown: the write gate is closed\n"
            "The reason is: fenced by hand.  Nothing was written.\n"
            "Try again when the gate is open; baton.node_status tells.");
}

TEST(RoundTripServer, OneThatDoesNotArchiveIsCritical) {
  RoundTripServer off = SoundServer();
  off.archive_mode = "off";
  RoundTripServer without = SoundServer();
  without.archive_method = "";

  EXPECT_EQ(Told(JudgeServer(off)),
            "server critical: this server archives nothing\n"
            "archive_mode is off.\n"
            "Set archive_mode = on, and archive_library or archive_command; restart.");
  EXPECT_EQ(Told(JudgeServer(without)),
            "server critical: this server archives nothing\n"
            "Neither archive_library nor archive_command is set.\n"
            "Set one of them and reload, or WAL piles up.");
}

TEST(RoundTripArchiving, TellsTheTime) {
  const RoundTripStep step = JudgeArchiving({kSegment, true, 230ms, 0, "", 0});

  EXPECT_EQ(Told(step), "archive ok: 000000010000000000000003 was archived after 230 ms");
  EXPECT_EQ(step.took, 230ms);
}

TEST(RoundTripArchiving, FailuresOnTheWayAreAWarning) {
  EXPECT_EQ(
      Told(JudgeArchiving({kSegment, true, 2s, 2, "000000010000000000000002", 0})),
      "archive warning: 000000010000000000000003 was archived after 2.0 s, and 2 tries failed\n"
      "The file that failed last is 000000010000000000000002.\n"
      "See the server log for the reason.");
}

TEST(RoundTripArchiving, ASegmentThatIsNotArchivedIsCritical) {
  EXPECT_EQ(Told(JudgeArchiving({kSegment, false, 60s, 3, kSegment, 1})),
            "archive critical: 000000010000000000000003 was not archived within 1 min 00 s\n"
            "The archiver failed meanwhile, with 000000010000000000000003; 1 file waits.\n"
            "See the server log for the reason.");
  EXPECT_EQ(Told(JudgeArchiving({kSegment, false, 5s, 0, "", 4})),
            "archive critical: 000000010000000000000003 was not archived within 5.0 s\n"
            "The archiver counted no failure meanwhile; 4 files wait.\n"
            "It is slow, hangs, or ends before it counts: see the server log, or wait longer.");
}

TEST(RoundTripBringing, ASegmentOfTheRightSizeIsOk) {
  const RoundTripStep step = JudgeBringing(SoundBringing(), kSegmentBytes);

  EXPECT_EQ(Told(step), "restore ok: restore_command brought 000000010000000000000003 in 12 ms");
  EXPECT_EQ(step.took, 12ms);
}

TEST(RoundTripBringing, ANoIsCriticalForWhatWasArchived) {
  Bringing bringing = SoundBringing();
  bringing.exit_code = 1;
  bringing.left_bytes.reset();
  bringing.errors = "cp: cannot stat";

  EXPECT_EQ(Told(JudgeBringing(bringing, kSegmentBytes)),
            "restore critical: restore_command does not find 000000010000000000000003 in the "
            "archive\n"
            "It ended with exit code 1, and the archiver says that it is there.  It said: cp: "
            "cannot stat.\n"
            "Let restore_command read where archive_library or archive_command writes.");
}

TEST(RoundTripBringing, SuccessWithoutAFileIsCritical) {
  Bringing bringing = SoundBringing();
  bringing.left_bytes.reset();

  EXPECT_EQ(Told(JudgeBringing(bringing, kSegmentBytes)),
            "restore critical: restore_command says that it brought 000000010000000000000003, and "
            "did not\n"
            "It ended with exit code 0, and there is no file.\n"
            "Run it by hand, as the user who runs the server, and mend it.");
}

TEST(RoundTripBringing, AnotherSizeIsCritical) {
  Bringing bringing = SoundBringing();
  bringing.left_bytes = 4711;

  EXPECT_EQ(Told(JudgeBringing(bringing, kSegmentBytes)),
            "restore critical: restore_command brought 4711 bytes for 000000010000000000000003\n"
            "A segment has 16777216 bytes.\n"
            "Where the archive is compressed, restore_command has to decompress.");
}

TEST(RoundTripBringing, WhatWouldEndRecoveryIsCritical) {
  Bringing bringing = SoundBringing();
  bringing.exit_code = 127;
  bringing.errors = "sh: 1: fetch: not found";
  EXPECT_EQ(Told(JudgeBringing(bringing, kSegmentBytes)),
            "restore critical: restore_command ended with exit code 127 when asked for "
            "000000010000000000000003\n"
            "It said: sh: 1: fetch: not found.\n"
            "The shell does not find the program; name it with its whole path.");

  bringing = SoundBringing();
  bringing.end = End::kSignalled;
  bringing.signal = 9;
  EXPECT_EQ(Told(JudgeBringing(bringing, kSegmentBytes)),
            "restore critical: restore_command was ended by signal 9 when asked for "
            "000000010000000000000003\n"
            "Run it by hand, as the user who runs the server, and mend it.");

  bringing = SoundBringing();
  bringing.end = End::kTimedOut;
  bringing.took = 5s;
  EXPECT_EQ(Told(JudgeBringing(bringing, kSegmentBytes)),
            "restore critical: restore_command was still at work on 000000010000000000000003 after "
            "5.0 s, and was ended\n"
            "A restore would wait as long; look at what it waits for.");
}

TEST(RoundTripRefusal, ACleanNoIsOk) {
  for (const int code : {1, 125}) {
    Bringing bringing = SoundRefusal();
    bringing.exit_code = code;

    EXPECT_EQ(Told(JudgeRefusal(bringing)),
              "missing ok: restore_command said no to a file that no archive has, in 7 ms");
  }
}

TEST(RoundTripRefusal, ANoThatLeavesAFileIsAWarning) {
  Bringing bringing = SoundRefusal();
  bringing.left_bytes = 0;

  EXPECT_EQ(Told(JudgeRefusal(bringing)),
            "missing warning: restore_command said no to a file that no archive has, and left one "
            "all the same\n"
            "0 bytes were left, with exit code 1.\n"
            "It should write a temporary file and rename it when it is whole.");
}

TEST(RoundTripRefusal, AYesIsCritical) {
  Bringing bringing = SoundRefusal();
  bringing.exit_code = 0;
  EXPECT_EQ(Told(JudgeRefusal(bringing)),
            "missing critical: restore_command says that it brought a file that no archive has\n"
            "It was asked for 00000001FFFFFFFF000000FF.\n"
            "It ends with 0 whatever happens; it must fail where it finds nothing.");

  bringing.left_bytes = kSegmentBytes;
  EXPECT_EQ(Told(JudgeRefusal(bringing)),
            "missing critical: restore_command brought a file that no archive has\n"
            "It was asked for 00000001FFFFFFFF000000FF.\n"
            "It does not heed %f, or makes up what is missing; mend it.");
}

TEST(RoundTripRefusal, WhatWouldEndRecoveryIsCritical) {
  Bringing bringing = SoundRefusal();
  bringing.exit_code = 126;

  EXPECT_EQ(Told(JudgeRefusal(bringing)),
            "missing critical: restore_command ended with exit code 126 when asked for "
            "00000001FFFFFFFF000000FF\n"
            "A restore asks for files that do not exist, and would end there.\n"
            "Run it by hand, as the user who runs the server, and mend it.");
}

TEST(RoundTripComparison, TellsWhatCameBack) {
  EXPECT_EQ(Told(JudgeComparison({kSegment, Outcome::kSame, 0, ""})),
            "compare ok: 000000010000000000000003 came back as it is in pg_wal, byte by byte");
  EXPECT_EQ(Told(JudgeComparison({kSegment, Outcome::kDiffers, 8192, ""})),
            "compare critical: 000000010000000000000003 came back with other content\n"
            "It differs from pg_wal from byte 8192 on.\n"
            "Another server may archive to the same place; pg_baton archive-check tells.");
  EXPECT_EQ(Told(JudgeComparison({kSegment, Outcome::kGone, 0, ""})),
            "compare unknown: 000000010000000000000003 is no longer in pg_wal\n"
            "A checkpoint has removed it meanwhile, so there was nothing to compare with.\n"
            "Try again, or raise wal_keep_size.");
  EXPECT_EQ(Told(JudgeComparison({kSegment, Outcome::kUnreadable, 0, "could not read"})),
            "compare unknown: 000000010000000000000003 could not be compared\n"
            "could not read");
}

TEST(RoundTripDirectory, IsReadWhereThereIsNoCommand) {
  EXPECT_EQ(Told(NoRestoreCommand(true)),
            "restore unknown: restore_command is empty\n"
            "So only reading pg_baton.archive_directory is tried.\n"
            "Set it as it would be for a restore; a primary does not use it.");
  EXPECT_EQ(Told(NoRestoreCommand(false)),
            "restore unknown: restore_command is empty\n"
            "So nobody knows how to get a file back from the archive.\n"
            "Set it as it would be for a restore; a primary does not use it.");
  EXPECT_EQ(Told(JudgeDirectory({kSegment, "/archive", true, "", "", 3ms})),
            "directory ok: 000000010000000000000003 was read from \"/archive\" in 3 ms");
  EXPECT_EQ(Told(JudgeDirectory({kSegment, "/archive", false, "", "", 3ms})),
            "directory critical: 000000010000000000000003 is not in \"/archive\"\n"
            "The archiver says that it is archived.\n"
            "Set pg_baton.archive_directory to where this server archives.");
  EXPECT_EQ(Told(JudgeDirectory({kSegment, "/archive", false, "it is damaged", "Why.", 3ms})),
            "directory critical: could not read 000000010000000000000003 from \"/archive\": it is "
            "damaged\n"
            "Why.");
}

TEST(RoundTrip, AStepWithoutTimeIsUnknown) {
  EXPECT_EQ(Told(NoTimeLeft("missing")),
            "missing unknown: there was no time left for this step\n"
            "Call it with a longer timeout.");
}

}  // namespace
}  // namespace baton::core
