#include "core/archive_status.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSegment = 16 * 1024 * 1024;

// Looks at an archiver second by second.
class ArchiveWatching : public testing::Test {
 protected:
  ArchiverFacts Look() {
    look_.at += 1s;
    ArchiverFacts facts;
    facts.segment_bytes = kSegment;
    watch_.Look(look_, facts);
    return facts;
  }
  ArchiverFacts LookFor(std::chrono::seconds time) {
    ArchiverFacts facts;
    for (auto past = 0s; past < time; past += 1s) facts = Look();
    return facts;
  }

  ArchiveWatch watch_;
  ArchiveLook look_{1s, 100, 0, 0, 0, Lsn(kSegment), 1};
};

TEST_F(ArchiveWatching, FindsNoFailureWhileNothingWaits) {
  Look();
  look_.archiver = 0;
  EXPECT_FALSE(LookFor(30s).uncounted_failures);
  look_.archiver = 101;
  EXPECT_FALSE(Look().uncounted_failures) << "it was restarted for another library";
}

TEST_F(ArchiveWatching, TellsAnArchiverThatEndsAndCountsNothing) {
  Look();
  look_.waiting_files = 1;
  EXPECT_FALSE(Look().uncounted_failures);
  look_.archiver = 0;
  EXPECT_TRUE(Look().uncounted_failures);
  look_.archiver = 101;
  EXPECT_TRUE(Look().uncounted_failures) << "it has done nothing yet";
  look_.archived_count = 1;
  EXPECT_FALSE(Look().uncounted_failures);
}

TEST_F(ArchiveWatching, TellsOneThatIsAnotherEachTimeItIsSeen) {
  look_.waiting_files = 2;
  Look();
  look_.archiver = 101;
  EXPECT_TRUE(Look().uncounted_failures);
}

TEST_F(ArchiveWatching, TellsOneThatEndsEachTimeBeforeItIsSeen) {
  look_.archiver = 0;
  look_.waiting_files = 1;
  EXPECT_FALSE(LookFor(11s).uncounted_failures) << "it may only not have been started yet";
  EXPECT_TRUE(LookFor(1s).uncounted_failures);
}

TEST_F(ArchiveWatching, TakesAFailureThatIsCountedForNoOtherOne) {
  Look();
  look_.waiting_files = 1;
  Look();
  look_.failed_count = 1;
  look_.archiver = 101;
  EXPECT_FALSE(Look().uncounted_failures);
}

TEST_F(ArchiveWatching, BeginsAnewWithAnotherCommandOrOtherStatistics) {
  look_.waiting_files = 1;
  Look();
  look_.archiver = 0;
  ASSERT_TRUE(Look().uncounted_failures);
  look_.configured = 2;
  EXPECT_FALSE(Look().uncounted_failures);
  look_.archived_count = 5;
  Look();
  look_.archived_count = 0;
  EXPECT_EQ(LookFor(3s).archive_rate, std::nullopt);
}

TEST_F(ArchiveWatching, KnowsSinceWhenNothingHasMoved) {
  look_.waiting_files = 1;
  Look();
  EXPECT_EQ(LookFor(20s).unmoved, 20s);
  look_.failed_count = 1;
  EXPECT_EQ(Look().unmoved, 0s);
}

TEST_F(ArchiveWatching, MeasuresBothRatesOnceItHasLookedLongEnough) {
  ArchiverFacts facts = LookFor(12s);
  EXPECT_EQ(facts.archive_rate, std::nullopt);
  EXPECT_EQ(facts.trend, Trend::kUnknown);
  look_.archived_count = 1;
  look_.waiting_files = 3;
  look_.written = Lsn(5 * kSegment);
  facts = Look();

  EXPECT_EQ(facts.archive_rate, kSegment / 12.0);
  EXPECT_EQ(facts.wal_rate, 4 * kSegment / 12.0);
  EXPECT_EQ(facts.trend, Trend::kGrowing);
  EXPECT_EQ(LookFor(61s).trend, Trend::kSteady);
  look_.waiting_files = 0;
  EXPECT_EQ(Look().trend, Trend::kShrinking);
}

class MissingWal : public testing::Test {
 protected:
  MissingWal() {
    facts_.enabled = facts_.counted = true;
    facts_.segment_bytes = kSegment;
    facts_.archived_end = Lsn(3 * kSegment);
    history_.Hear(Lsn(kSegment), 100s);
    history_.Hear(Lsn(3 * kSegment), 200s);
    history_.Hear(Lsn(3 * kSegment + 500), 250s);
  }
  void Measure() { MeasureMissing(Lsn(3 * kSegment + 500), history_, 300s, facts_); }

  ArchiverFacts facts_;
  LagHistory history_;
};

TEST_F(MissingWal, IsWhatWasWrittenSinceTheEndOfTheArchive) {
  Measure();
  EXPECT_EQ(facts_.missing_bytes, 500);
  EXPECT_EQ(facts_.missing_time, 50s);
  EXPECT_TRUE(facts_.missing_reason.empty());
}

TEST_F(MissingWal, BeginsWithTheFirstSegmentThatWaits) {
  facts_.archived_end = Lsn(kSegment);
  Measure();
  EXPECT_EQ(facts_.missing_bytes, 2 * kSegment + 500);
  EXPECT_EQ(facts_.missing_time, 100s);
}

TEST_F(MissingWal, IsLessIfTheArchiverHasComeFurtherSince) {
  facts_.archived_end = Lsn(kSegment);
  facts_.last_archived = "000000010000000000000002";
  Measure();
  EXPECT_EQ(facts_.missing_bytes, 500);
}

TEST_F(MissingWal, IsNoneIfTheArchiveEndsWithTheWal) {
  facts_.archived_end = Lsn(3 * kSegment + 500);
  Measure();
  EXPECT_EQ(facts_.missing_bytes, 0);
  EXPECT_EQ(facts_.missing_time, 0s);
}

TEST_F(MissingWal, HasALowerBoundForItsAgeIfNobodyHasLookedForLonger) {
  facts_.archived_end = Lsn(kSegment / 2);
  facts_.ready_files = 1;
  facts_.oldest_ready = 1h;
  Measure();
  EXPECT_EQ(facts_.missing_time, 1h);
  EXPECT_EQ(facts_.missing_reason.view(),
            "the time is at least so long: the monitor has not looked for longer");
}

TEST_F(MissingWal, IsUnknownWithAReason) {
  facts_.counted = false;
  Measure();
  EXPECT_EQ(facts_.missing_bytes, std::nullopt);
  EXPECT_EQ(facts_.missing_reason.view(), "the waiting files have not been counted");

  facts_.enabled = false;
  Measure();
  EXPECT_EQ(facts_.missing_reason.view(), "this server archives nothing now");

  facts_.enabled = facts_.counted = true;
  MeasureMissing(Lsn(), history_, 300s, facts_);
  EXPECT_EQ(facts_.missing_reason.view(), "the end of the WAL is not known");
}

class ArchiveJudgement : public testing::Test {
 protected:
  ArchiveJudgement() {
    it().mode = ArchiveMode::kOn;
    it().method = ArchiveMethod::kLibrary;
    it().enabled = it().configured = it().running = it().counted = true;
  }
  ArchiverFacts& it() { return facts_.archiver; }
  ArchiveVerdict Verdict() const { return JudgeArchive(facts_); }

  NodeFacts facts_;
};

using Is = ArchiveVerdict;

TEST_F(ArchiveJudgement, IsWorking) {
  EXPECT_EQ(Verdict(), (Is{"working", "nothing waits"}));
  it().ready_files = 1;
  EXPECT_EQ(Verdict(), (Is{"working", "1 file waits"}));
}

TEST_F(ArchiveJudgement, IsOffWithItsReason) {
  it().enabled = false;
  EXPECT_EQ(Verdict(), (Is{"off",
                           "this is a standby, and archive_mode \"on\" lets the primary "
                           "alone archive"}));
  it().mode = ArchiveMode::kOff;
  EXPECT_EQ(Verdict(), (Is{"off", "archive_mode is off"}));
}

TEST_F(ArchiveJudgement, IsNotConfigured) {
  it().configured = false;
  EXPECT_EQ(Verdict(), (Is{"not configured", "pg_baton.archive_directory is not set"}));
  it().method = ArchiveMethod::kNone;
  EXPECT_EQ(Verdict(),
            (Is{"not configured", "neither archive_command nor archive_library is set"}));
}

TEST_F(ArchiveJudgement, IsFailing) {
  it().failing = true;
  it().last_failed = "000000010000000000000003";
  EXPECT_EQ(Verdict().state, "working") << "what failed last does not wait any more";
  it().ready_files = 1;
  EXPECT_EQ(Verdict(), (Is{"failing", "archiving \"000000010000000000000003\" failed"}));
}

TEST_F(ArchiveJudgement, IsFailingWhereNothingIsCounted) {
  it().ready_files = 1;
  it().uncounted_failures = true;
  EXPECT_EQ(Verdict(), (Is{"failing",
                           "the archiver has ended without counting a failure: its "
                           "command is not found, or is killed by a signal"}));
  it().uncounted_failures = false;
  it().running = false;
  EXPECT_EQ(Verdict(), (Is{"failing", "the archiver process is not there"}));
  it().target_fault = "the directory is gone";
  EXPECT_EQ(Verdict(), (Is{"failing", "the directory is gone"}));
}

TEST_F(ArchiveJudgement, IsStalledIfNothingEnds) {
  it().ready_files = 2;
  it().unmoved = 89s;
  EXPECT_EQ(Verdict().state, "working");
  it().unmoved = 2min;
  EXPECT_EQ(Verdict(), (Is{"stalled", "2 files wait, and no attempt has ended for 2 min 00 s"}));
}

TEST_F(ArchiveJudgement, IsBehindIfTheBacklogGrows) {
  it().ready_files = 9;
  it().trend = Trend::kGrowing;
  it().archive_rate = 1024.0 * 1024;
  it().wal_rate = 2 * 1024.0 * 1024;
  EXPECT_EQ(Verdict(), (Is{"behind",
                           "9 files wait, and WAL is written faster than it is archived: "
                           "2.0 MB/s, 1.0 MB/s"}));
}

TEST_F(ArchiveJudgement, IsUnsafeByACommandThatLosesWal) {
  it().method = ArchiveMethod::kCommand;
  it().target = "/bin/true";
  EXPECT_EQ(Verdict(), (Is{"unsafe", "it archives nothing, and reports that it did"}));
}

TEST_F(ArchiveJudgement, IsUnknownUntilTheFilesWereCounted) {
  it().counted = false;
  EXPECT_EQ(Verdict(), (Is{"unknown", "the waiting files have not been counted"}));
}

TEST(ArchiveText, IsInTheWordsOfTheView) {
  ArchiverFacts facts;
  EXPECT_EQ(MethodText(facts), "off");
  facts.enabled = true;
  facts.method = ArchiveMethod::kCommand;
  EXPECT_EQ(MethodText(facts), "command");
  facts.method = ArchiveMethod::kLibrary;
  EXPECT_EQ(MethodText(facts), "library");
  EXPECT_EQ(TrendText(Trend::kUnknown), "");
  EXPECT_EQ(TrendText(Trend::kGrowing), "growing");
  EXPECT_EQ(TrendText(Trend::kShrinking), "shrinking");
  EXPECT_EQ(TrendText(Trend::kSteady), "steady");
}

}  // namespace
}  // namespace baton::core
