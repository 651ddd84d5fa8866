#include "helper/report/promotion_report.hpp"

#include <gmock/gmock.h>

namespace baton::helper {
namespace {

using core::Status;
using testing::ElementsAre;

HealthRow Row(const std::string& name, Status status, const std::string& message,
              const std::string& hint = "") {
  HealthRow row;
  row.check_name = name;
  row.status = status;
  row.message = message;
  row.hint = hint;
  return row;
}

const Palette kPlain = Palette::Of(-1);

TEST(PromotionReport, SaysInOneLineThatNothingSpeaksAgainstIt) {
  const PromotionReport report =
      JudgePromotion({Row("is_standby", Status::kOk, ""), Row("primary_alive", Status::kOk, "")});

  EXPECT_FALSE(report.WouldBeRefused(false));
  EXPECT_EQ(report.Reasons(), "");
  EXPECT_THAT(PromotionLines(report, kPlain),
              ElementsAre("nothing speaks against it: 2 checks are ok"));
}

TEST(PromotionReport, ShowsWhatIsNotOkTheWorstFirstAndThenTheHints) {
  const PromotionReport report = JudgePromotion(
      {Row("is_standby", Status::kOk, ""),
       Row("most_advanced", Status::kUnknown, "\"c\" did not answer", "Look after \"c\"."),
       Row("primary_alive", Status::kCritical, "node \"a\" answers as primary", "Stop it.")});

  EXPECT_THAT(
      PromotionLines(report, kPlain),
      ElementsAre(" check         | status   | message",
                  "---------------+----------+-----------------------------",
                  " primary_alive | critical | node \"a\" answers as primary",
                  " most_advanced | unknown  | \"c\" did not answer",
                  "hint: primary_alive: Stop it.", "hint: most_advanced: Look after \"c\"."));
}

TEST(PromotionReport, ForceHelpsAgainstCriticalChecks) {
  const PromotionReport report =
      JudgePromotion({Row("replay_paused", Status::kCritical, "replay is paused"),
                      Row("streaming", Status::kCritical, "WAL comes in"),
                      Row("most_advanced", Status::kUnknown, "not known")});

  EXPECT_TRUE(report.WouldBeRefused(false));
  EXPECT_FALSE(report.WouldBeRefused(true));
  EXPECT_EQ(report.Reasons(), "replay_paused: replay is paused; streaming: WAL comes in");
}

TEST(PromotionReport, ForceIsNoHelpWhereThereIsNoStandby) {
  const PromotionReport report =
      JudgePromotion({Row("is_standby", Status::kCritical, "this server is not a standby")});

  EXPECT_TRUE(report.WouldBeRefused(false));
  EXPECT_TRUE(report.WouldBeRefused(true));
}

TEST(PromotionReport, JsonHasAnObjectForEachCheckAndNullForNoHint) {
  const auto checks = PromotionJson(JudgePromotion({Row("is_standby", Status::kOk, "it is")}));

  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0]["check_name"], "is_standby");
  EXPECT_EQ(checks[0]["status"], "ok");
  EXPECT_TRUE(checks[0]["hint"].is_null());
}

}  // namespace
}  // namespace baton::helper
