#include "helper/report/plugin_report.hpp"

#include <gmock/gmock.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

using core::Status;
using testing::ElementsAre;
using testing::StartsWith;

HealthRow Row(const std::string& name, Status status, const std::string& message = "") {
  HealthRow row;
  row.check_name = name;
  row.status = status;
  row.message = message;
  return row;
}

HealthRow ReplayLag(double seconds, Status status) {
  HealthRow row = Row("replay_lag", status, "replay is behind");
  row.value = "61.0 s";
  row.threshold = "warning at 1 min 00 s";
  row.value_number = seconds;
  row.unit = "s";
  row.warning_at = 60;
  row.critical_at = 300;
  return row;
}

PluginReport Judged(const std::vector<HealthRow>& rows) { return JudgeChecks(rows, {}); }

TEST(PluginReport, AllIsWellInOneLineWithTheNumbers) {
  const std::vector<std::string> lines =
      PluginLines(Judged({ReplayLag(0, Status::kOk), Row("slots", Status::kOk)}));

  EXPECT_THAT(lines, ElementsAre("PG_BATON OK - 2 checks are ok | 'replay_lag'=0s;60;300",
                                 "OK replay_lag: 61.0 s", "OK slots"));
}

TEST(PluginReport, TheWorstCheckIsInTheFirstLineAndTheOthersFollow) {
  HealthRow streaming = Row("streaming", Status::kCritical, "no WAL comes in");
  streaming.hint = "See the server log.";
  const PluginReport report =
      Judged({Row("slots", Status::kOk), ReplayLag(61, Status::kWarning),
              Row("disk_space", Status::kUnknown, "could not be measured"), streaming});

  EXPECT_EQ(PluginExitCode(report.status), 2);
  EXPECT_THAT(
      PluginLines(report),
      ElementsAre("PG_BATON CRITICAL - streaming: no WAL comes in (and 2 more checks are not "
                  "ok) | 'replay_lag'=61s;60;300",
                  "CRITICAL streaming: no WAL comes in Hint: See the server log.",
                  "WARNING replay_lag: replay is behind (61.0 s, warning at 1 min 00 s)",
                  "UNKNOWN disk_space: could not be measured", "OK slots"));
}

TEST(PluginReport, UnknownNeverHidesBehindOk) {
  const PluginReport report =
      Judged({Row("slots", Status::kOk), Row("disk_space", Status::kUnknown, "not measured")});

  EXPECT_EQ(PluginExitCode(report.status), 3);
  EXPECT_EQ(PluginLines(report)[0], "PG_BATON UNKNOWN - disk_space: not measured");
}

TEST(PluginReport, WarningIsWorseThanUnknown) {
  EXPECT_EQ(Judged({Row("a", Status::kUnknown), Row("b", Status::kWarning)}).status,
            Status::kWarning);
}

TEST(PluginReport, ANodeWithoutChecksIsUnknown) {
  EXPECT_EQ(PluginLines(Judged({}))[0], "PG_BATON UNKNOWN - the node has no checks");
  EXPECT_EQ(JudgeChecks({}, {{"replay_lag"}, {}}).status, Status::kUnknown);
}

TEST(PluginReport, OnlyWhatWasAskedForCounts) {
  const std::vector<HealthRow> rows = {Row("slots", Status::kCritical, "lost"),
                                       ReplayLag(0, Status::kOk)};

  const PluginReport only = JudgeChecks(rows, {{"replay_lag"}, {}});
  const PluginReport without = JudgeChecks(rows, {{}, {"slots"}});

  EXPECT_EQ(PluginLines(only)[0], "PG_BATON OK - replay_lag: 61.0 s | 'replay_lag'=0s;60;300");
  EXPECT_EQ(without.status, Status::kOk);
}

TEST(PluginReport, ACheckThatMeansNothingInThisRoleIsOkAndSaysSo) {
  const PluginReport report = JudgeChecks({Row("slots", Status::kOk)}, {{"replay_lag"}, {}});

  EXPECT_EQ(report.status, Status::kOk);
  EXPECT_EQ(PluginLines(report)[0], "PG_BATON OK - replay_lag: not applicable to this node's role");
}

TEST(PluginReport, WhereLessIsWorseTheThresholdIsARange) {
  HealthRow row = Row("wal_space", Status::kOk);
  row.value_number = 42.5;
  row.unit = "%";
  row.warning_at = 10;
  row.critical_at = 5;

  EXPECT_EQ(PerformanceData(row), "'wal_space'=42.5%;10:;5:");
}

TEST(PluginReport, BytesAreWholeNumbersAndCountsHaveNoUnit) {
  HealthRow row = Row("replay_lag_bytes", Status::kOk);
  row.value_number = 5e12;
  row.unit = "bytes";
  EXPECT_EQ(PerformanceData(row), "'replay_lag_bytes'=5000000000000B");

  row = Row("archive_backlog", Status::kOk);
  row.value_number = 3;
  row.unit = "files";
  row.critical_at = 128;
  EXPECT_EQ(PerformanceData(row), "'archive_backlog'=3;;128");
}

TEST(PluginReport, WhatWasNotMeasuredHasNoNumber) {
  HealthRow row = ReplayLag(0, Status::kUnknown);
  row.value_number.reset();

  EXPECT_EQ(PerformanceData(row), "");
}

TEST(PluginReport, AMessageCannotBreakTheOutput) {
  const PluginReport report = Judged({Row("slots", Status::kCritical, "slot \"a|b\"\nis lost")});

  EXPECT_EQ(PluginLines(report)[0], "PG_BATON CRITICAL - slots: slot \"a/b\" is lost");
}

TEST(PluginReport, AnUnknownNameIsRefusedWithTheListOfNames) {
  const core::Error error = ErrorOf([] { RequireKnownChecks({{"replay_lag"}, {"nonsense"}}); });

  EXPECT_EQ(error.message(), "unknown check \"nonsense\"");
  EXPECT_THAT(error.hint(), StartsWith("The checks are: write_gate, streaming, "));
}

TEST(PluginReport, AtLeastOneCheckHasToBeLeft) {
  EXPECT_EQ(ErrorOf([] {
              RequireKnownChecks({{"slots"}, {"slots"}});
            }).message(),
            "no check is left to look at");
}

TEST(PluginReport, JsonHasTheColumnsOfTheView) {
  const nlohmann::json json = PluginJson(Judged({ReplayLag(61, Status::kWarning)}));

  EXPECT_EQ(json["status"], "warning");
  EXPECT_EQ(json["exit_code"], 1);
  EXPECT_EQ(json["checks"][0]["value_number"], 61.0);
  EXPECT_EQ(json["checks"][0]["warning_at"], 60.0);
  EXPECT_TRUE(json["checks"][0]["hint"].is_null());
}

}  // namespace
}  // namespace baton::helper
