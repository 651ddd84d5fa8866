#include "helper/report/switchover_report.hpp"

#include <gmock/gmock.h>

namespace baton::helper {
namespace {

using core::ErrorCode;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

HandOverRow Row(const std::string& outcome, const std::string& reason = "",
                const std::string& steps = "") {
  HandOverRow row;
  row.outcome = outcome;
  row.reason = reason;
  row.steps = steps;
  return row;
}

HandOverRow Taken() {
  HandOverRow row = Row("done");
  row.timeline = 2;
  row.lsn = "0/3000060";
  return row;
}

// Node a hands over to node b; each verb is an answer, or none, of one of them.
class SwitchoverReport : public testing::Test {
 protected:
  SwitchoverEnd Now() const { return JudgeSwitchover(from_, to_, false); }
  SwitchoverEnd WhenTimeIsOver() const { return JudgeSwitchover(from_, to_, true); }
  core::Error Error(SwitchoverEnd end) const {
    return SwitchoverError(end, from_, to_, "00000000000000aa", 60s);
  }

  NodeWord from_{"a", {}, ""};
  NodeWord to_{"b", {}, ""};
};

TEST_F(SwitchoverReport, IsDoneWhenBothSaySo) {
  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);
  from_.Heard(Row("running", "", "offer 3 ms"));
  to_.Heard(Row("running"));
  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);
  from_.WasSilent("terminating connection due to administrator command");
  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);
  to_.Heard(Taken());
  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet) << "the old primary does not stream yet";
  from_.Heard(Row("running", "", "offer 3 ms, promote 40 ms"));
  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);

  from_.Heard(Row("done", "", "offer 3 ms, promote 40 ms, follow 12 ms"));

  EXPECT_EQ(Now(), SwitchoverEnd::kDone);
  EXPECT_EQ(WhenTimeIsOver(), SwitchoverEnd::kDone);
}

TEST_F(SwitchoverReport, IsNotDoneByTheWordOfTheOldPrimaryAlone) {
  from_.Heard(Row("done"));
  to_.WasSilent("timeout expired");

  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);
  EXPECT_EQ(WhenTimeIsOver(), SwitchoverEnd::kUnknown);
}

TEST_F(SwitchoverReport, IsUndoneWhenTheOldPrimarySaysSo) {
  from_.Heard(Row("failed", "node \"b\" has not received all WAL within 10 s"));
  to_.Heard(Row("running"));

  EXPECT_EQ(Now(), SwitchoverEnd::kUndone);
  const core::Error error = Error(SwitchoverEnd::kUndone);
  EXPECT_EQ(error.code(), ErrorCode::kFailed);
  EXPECT_EQ(error.message(), "the switchover failed and was undone");
  EXPECT_EQ(error.detail(),
            "node \"b\" has not received all WAL within 10 s; node \"a\" is still the primary, but "
            "its client sessions may have been ended");
  EXPECT_EQ(error.hint(),
            "See \"SELECT * FROM baton.switchover_check('b')\" there, and run the command again.");
}

TEST_F(SwitchoverReport, WaitsForTheOldPrimaryWhereTheTargetHasFailed) {
  from_.Heard(Row("running"));
  to_.Heard(Row("failed", "the grant is over"));

  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);

  from_.Heard(Row("refused", "node \"b\" refused: the grant is over"));

  EXPECT_EQ(Now(), SwitchoverEnd::kUndone);
}

TEST_F(SwitchoverReport, IsNotUndoneWhereTheTargetIsThePrimary) {
  to_.Heard(Taken());
  from_.Heard(Row("failed", "does not stream"));

  EXPECT_EQ(Now(), SwitchoverEnd::kNotFollowed);
}

TEST_F(SwitchoverReport, IsNoSuccessWhereTheOldPrimaryDoesNotStream) {
  to_.Heard(Taken());
  from_.Heard(Row("running", "", "offer 3 ms, demote 80 ms"));
  from_.WasSilent("connection refused");

  EXPECT_EQ(Now(), SwitchoverEnd::kNotYet);
  EXPECT_EQ(WhenTimeIsOver(), SwitchoverEnd::kNotFollowed);
  const core::Error error = Error(SwitchoverEnd::kNotFollowed);
  EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  EXPECT_EQ(error.message(),
            "node \"b\" is the primary on timeline 2, but node \"a\" does not stream from it");
  EXPECT_EQ(error.detail(),
            "node \"a\": running (offer 3 ms, demote 80 ms); no answer now: connection refused");
  EXPECT_EQ(error.hint(),
            "See \"SELECT * FROM baton.requests WHERE hand_over = '00000000000000aa'\" on node "
            "\"a\", and its server log.");
}

TEST_F(SwitchoverReport, SaysWhatEitherNodeSaidWhereTheEndIsNotKnown) {
  from_.Heard(Row("running", "waits for node \"b\"", "offer 3 ms"));
  to_.WasSilent("timeout expired");

  EXPECT_EQ(WhenTimeIsOver(), SwitchoverEnd::kUnknown);
  const core::Error error = Error(SwitchoverEnd::kUnknown);
  EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  EXPECT_EQ(error.message(), "the end of the switchover is not known after 60 s");
  EXPECT_EQ(error.detail(),
            "node \"a\": running, waits for node \"b\" (offer 3 ms); "
            "node \"b\": no word of it; no answer now: timeout expired");
  EXPECT_EQ(error.hint(),
            "See \"SELECT * FROM baton.requests WHERE hand_over = '00000000000000aa'\" on both "
            "nodes, and pg_baton status for who is the primary.");
}

TEST_F(SwitchoverReport, AnInterruptSaysThatTheServersGoOn) {
  const core::Error error = Error(SwitchoverEnd::kInterrupted);

  EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
  EXPECT_EQ(error.message(), "interrupted, but the servers go on with the switchover");
  EXPECT_EQ(error.detail(), "node \"a\": no word of it; node \"b\": no word of it");
}

TEST_F(SwitchoverReport, ANodeThatHasNoRowForAMomentTakesNoWordBack) {
  from_.Heard(Row("running"));
  from_.WasSilent("the database system is starting up");
  from_.Heard(std::nullopt);

  EXPECT_EQ(from_.Text(), "node \"a\": running");
}

TEST_F(SwitchoverReport, TellsWhoIsThePrimaryAndHowLongEachStepTook) {
  from_.Heard(Row("done", "", "offer 3 ms, end sessions 1204 ms"));
  to_.Heard(Taken());

  EXPECT_THAT(
      SwitchoverLines(from_, to_),
      ElementsAre("node \"b\" is the primary on timeline 2 from 0/3000060 on; node \"a\" streams "
                  "from it",
                  " step         | ms", "--------------+------", " offer        | 3",
                  " end sessions | 1204"));
}

TEST_F(SwitchoverReport, DrawsNoTableOfNoSteps) {
  from_.Heard(Row("done"));
  to_.Heard(Row("done"));

  EXPECT_THAT(SwitchoverLines(from_, to_),
              ElementsAre("node \"b\" is the primary on timeline unknown; node \"a\" streams from "
                          "it"));
}

TEST_F(SwitchoverReport, JsonHasTheEndTheStepsAndBothNodes) {
  from_.Heard(Row("done", "", "offer 3 ms"));
  to_.Heard(Taken());

  const nlohmann::json done = SwitchoverJson(SwitchoverEnd::kDone, from_, to_);

  EXPECT_EQ(done["outcome"], "done");
  EXPECT_TRUE(done["reason"].is_null());
  EXPECT_EQ(done["timeline"], 2);
  EXPECT_EQ(done["lsn"], "0/3000060");
  EXPECT_EQ(done["steps"][0]["step"], "offer");
  EXPECT_EQ(done["steps"][0]["milliseconds"], 3);
  EXPECT_EQ(done["nodes"][0]["name"], "a");
  EXPECT_EQ(done["nodes"][1]["outcome"], "done");
}

TEST_F(SwitchoverReport, JsonHasNullForWhatIsNotKnown) {
  from_.WasSilent("timeout expired");

  const nlohmann::json unknown = SwitchoverJson(SwitchoverEnd::kUnknown, from_, to_);

  EXPECT_EQ(unknown["outcome"], "unknown");
  EXPECT_TRUE(unknown["timeline"].is_null());
  EXPECT_TRUE(unknown["lsn"].is_null());
  EXPECT_TRUE(unknown["nodes"][0]["outcome"].is_null());
  EXPECT_EQ(unknown["nodes"][0]["error"], "timeout expired");
  EXPECT_TRUE(unknown["nodes"][1]["error"].is_null());
  EXPECT_TRUE(unknown["steps"].is_array());
}

TEST(StepsFrom, ReadsNamesOfSeveralWords) {
  const std::vector<HandOverStep> steps = StepsFrom("offer 3 ms, end sessions 12 ms");

  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].name, "offer");
  EXPECT_EQ(steps[0].milliseconds, 3);
  EXPECT_EQ(steps[1].name, "end sessions");
  EXPECT_EQ(steps[1].milliseconds, 12);
}

TEST(StepsFrom, KeepsWhatItCannotRead) {
  EXPECT_THAT(StepsFrom(""), IsEmpty());
  for (const std::string text : {"offer", "offer ms", "offer x ms", "3 ms", "offer 3x ms"}) {
    const std::vector<HandOverStep> steps = StepsFrom(text);

    ASSERT_EQ(steps.size(), 1U) << text;
    EXPECT_EQ(steps[0].name, text);
    EXPECT_FALSE(steps[0].milliseconds) << text;
  }
}

}  // namespace
}  // namespace baton::helper
