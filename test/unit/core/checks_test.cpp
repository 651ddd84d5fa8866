#include "core/checks.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <regex>
#include <set>

namespace baton::core {
namespace {

constexpr double kMB = 1024.0 * 1024;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

TEST(Checks, HaveEachANameOfItsOwnInSmallLettersAndUnderscores) {
  std::set<std::string_view> seen;
  for (const CheckInfo& info : Checks()) {
    EXPECT_TRUE(std::regex_match(std::string(info.name), std::regex("[a-z]+(_[a-z]+)*")))
        << info.name;
    EXPECT_TRUE(seen.insert(info.name).second) << info.name << " is there twice";
  }
}

TEST(Checks, HaveNamesThatFitIntoAFinding) {
  for (const CheckInfo& info : Checks()) {
    EXPECT_EQ(Judged(info.check, Status::kOk, "", "").check_name.view(), info.name);
  }
}

TEST(Checks, SayInOneSentenceWithoutFullStopWhatTheyLookAt) {
  for (const CheckInfo& info : Checks()) {
    ASSERT_FALSE(info.what.empty()) << info.name;
    EXPECT_TRUE(IsUpper(info.what.front())) << info.name << ": " << info.what;
    EXPECT_NE(info.what.back(), '.') << info.name << ": " << info.what;
    EXPECT_EQ(info.what.find('\n'), std::string_view::npos) << info.name;
  }
}

TEST(Checks, AreFoundByTheirNameAndByTheirNumber) {
  for (const CheckInfo& info : Checks()) {
    EXPECT_EQ(CheckNamed(info.name), info.check) << info.name;
    EXPECT_EQ(&InfoOf(info.check), &info) << info.name;
  }
  EXPECT_EQ(CheckNamed(""), std::nullopt);
  EXPECT_EQ(CheckNamed("replay"), std::nullopt);
  EXPECT_EQ(CheckNamed("Replay_lag"), std::nullopt);
}

TEST(Checks, HaveThresholdsOnlyForNumbers) {
  for (const CheckInfo& info : Checks()) {
    if (info.unit == Unit::kNone) {
      EXPECT_FALSE(HasThreshold(info)) << info.name;
    }
  }
}

TEST(Checks, WarnBeforeTheyAreCritical) {
  for (const CheckInfo& info : Checks()) {
    const Threshold& usual = info.usual;
    if (usual.warning < 0 || usual.critical < 0) continue;
    EXPECT_EQ(usual.Judge(usual.critical, info.worse), Status::kCritical) << info.name;
    if (info.worse == Worse::kHigher) {
      EXPECT_LE(usual.warning, usual.critical) << info.name;
    } else {
      EXPECT_GE(usual.warning, usual.critical) << info.name;
    }
  }
}

// The metric's name is what Prometheus takes, with the unit at its end, and is no counter's.
TEST(MetricName, IsOneThatPrometheusTakesAndItsOwn) {
  std::set<std::string> seen;
  for (const CheckInfo& info : Checks()) {
    const std::string name = MetricName(info);
    EXPECT_TRUE(std::regex_match(name, std::regex("pg_baton_[a-z]+(_[a-z]+)*"))) << name;
    EXPECT_FALSE(std::regex_search(name, std::regex("_(total|count|sum|bucket|info)$"))) << name;
    EXPECT_TRUE(seen.insert(name).second) << name << " is there twice";
  }
}

TEST(MetricName, EndsWithTheUnitOnce) {
  EXPECT_EQ(MetricName(InfoOf(Check::kReplayLag)), "pg_baton_replay_lag_seconds");
  EXPECT_EQ(MetricName(InfoOf(Check::kReplayLagBytes)), "pg_baton_replay_lag_bytes");
  EXPECT_EQ(MetricName(InfoOf(Check::kDiskSpace)), "pg_baton_disk_space_percent");
  EXPECT_EQ(MetricName(InfoOf(Check::kArchiveBacklog)), "pg_baton_archive_backlog_files");
  EXPECT_EQ(MetricName(InfoOf(Check::kXminAge)), "pg_baton_xmin_age");
  EXPECT_EQ(MetricName(InfoOf(Check::kPeers)), "pg_baton_peers");
}

TEST(MetricName, OfTheWorstUnusedSlotIsNotThatOfEachSlot) {
  EXPECT_EQ(MetricName(InfoOf(Check::kSlotRetained)), "pg_baton_unused_slot_retained_bytes");
}

TEST(UnitText, IsEmptyForWhatIsOnlyCounted) {
  EXPECT_EQ(UnitText(Unit::kNone), "");
  EXPECT_EQ(UnitText(Unit::kCount), "");
  EXPECT_EQ(UnitText(Unit::kSeconds), "s");
  EXPECT_EQ(UnitText(Unit::kBytes), "bytes");
  EXPECT_EQ(UnitText(Unit::kFiles), "files");
  EXPECT_EQ(UnitText(Unit::kNodes), "nodes");
  EXPECT_EQ(UnitText(Unit::kPercent), "%");
  EXPECT_EQ(UnitText(Unit::kTransactions), "transactions");
}

TEST(NumberText, IsInTheWordsOfItsUnit) {
  EXPECT_EQ(NumberText(3.4, Unit::kSeconds), "3.4 s");
  EXPECT_EQ(NumberText(0.012, Unit::kSeconds), "12 ms");
  EXPECT_EQ(NumberText(300, Unit::kSeconds), "5 min 00 s");
  EXPECT_EQ(NumberText(16 * kMB, Unit::kBytes), "16 MB");
  EXPECT_EQ(NumberText(128, Unit::kFiles), "128 files");
  EXPECT_EQ(NumberText(2, Unit::kNodes), "2 nodes");
  EXPECT_EQ(NumberText(50e6, Unit::kTransactions), "50000000 transactions");
  EXPECT_EQ(NumberText(7, Unit::kCount), "7");
  EXPECT_EQ(NumberText(7, Unit::kNone), "7");
}

// Free space of 9.9 % is not "10 %" beside "warning at 10 %".
TEST(NumberText, RoundsAPercentageDown) {
  EXPECT_EQ(NumberText(9.9, Unit::kPercent), "9 %");
  EXPECT_EQ(NumberText(10, Unit::kPercent), "10 %");
}

TEST(Threshold, JudgesDownwardsWhereLowerIsWorse) {
  const Threshold threshold{10, 5};

  EXPECT_EQ(threshold.Judge(10.1, Worse::kLower), Status::kOk);
  EXPECT_EQ(threshold.Judge(10, Worse::kLower), Status::kWarning);
  EXPECT_EQ(threshold.Judge(5.1, Worse::kLower), Status::kWarning);
  EXPECT_EQ(threshold.Judge(5, Worse::kLower), Status::kCritical);
}

TEST(Threshold, IsSwitchedOffByANegativeNumberInBothDirections) {
  for (const Worse worse : {Worse::kHigher, Worse::kLower}) {
    EXPECT_EQ(Threshold().Judge(0, worse), Status::kOk);
    EXPECT_EQ((Threshold{kNoThreshold, kNoThreshold}.Judge(0, worse)), Status::kOk);
    EXPECT_EQ((Threshold{0, -1}.Judge(0, worse)), Status::kWarning);
  }
}

TEST(Measured, ShowsTheNumberAndFromWhereOnItIsBad) {
  const Finding finding = Measured(Check::kDiskSpace, 7.5, {10, 5});

  EXPECT_EQ(finding.check_name.view(), "disk_space");
  EXPECT_EQ(finding.status, Status::kWarning);
  EXPECT_EQ(finding.value.view(), "7 %");
  EXPECT_EQ(finding.value_number, 7.5);
  EXPECT_EQ(finding.unit.view(), "%");
  EXPECT_EQ(finding.threshold.view(), "warning at 10 %, critical at 5 %");
  EXPECT_EQ(finding.warning_at, 10);
  EXPECT_EQ(finding.critical_at, 5);
}

TEST(Measured, ShowsNoThresholdThatIsSwitchedOff) {
  const Finding warning_only = Measured(Check::kPendingRestart, 1, {1, -1});
  EXPECT_EQ(warning_only.threshold.view(), "warning at 1");
  EXPECT_EQ(warning_only.critical_at, std::nullopt);

  const Finding critical_only = Measured(Check::kReplayLag, 1, {-1, 300});
  EXPECT_EQ(critical_only.threshold.view(), "critical at 5 min 00 s");
  EXPECT_EQ(critical_only.warning_at, std::nullopt);

  const Finding none = Measured(Check::kMonitor, 1, {kNoThreshold, kNoThreshold});
  EXPECT_TRUE(none.threshold.empty());
  EXPECT_EQ(none.status, Status::kOk);
}

}  // namespace
}  // namespace baton::core
