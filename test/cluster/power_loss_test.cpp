// The means by which scenarios lose power, tried on a rejoin: what the recorder has seen of it is
// all there was.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/power_loss_scenario.hpp"

namespace baton::test {
namespace {

using testing::IsEmpty;

//   a (primary) <--- b          a (killed)   b (primary)          a ---> b (primary)
TEST_F(PowerLossScenario, TheRecordOfARejoinPlayedBackIsTheVeryTreeThatItLeft) {
  Diverge();
  const HelperResult result = RecordRejoin();
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ExpectAFollowsB();
  a_.Stop();

  PowerLoss loss = Recorded();
  const fs::path played = cluster_.directory() / "played";
  loss.Materialise(loss.operations().size(), kKilled, played);

  EXPECT_THAT(Differences(disk(), played), IsEmpty());
}

TEST_F(PowerLossScenario, StartsWhatAPowerLossLeft) {
  Diverge();
  ASSERT_EQ(RecordRejoin().exit_code, 0);
  a_.Stop();
  PowerLoss loss = Recorded();
  const auto closings = loss.Moments([](const Operation& operation) {
    return operation.head.change == Change::kMode &&
           (operation.head.mode & 07777) == helper::kUnstartableMode;
  });
  ASSERT_GE(closings.size(), 4u) << "the start, both sides of the closing, the end";

  LosePower(loss, 0, kOnlyFlushed);
  EXPECT_EQ(TryToStart(), StartsAs::kPrimary) << "nothing is done yet";
  LosePower(loss, closings[2].done, kKilled);
  EXPECT_EQ(TryToStart(), StartsAs::kNothing) << closings[2].description;
  LosePower(loss, loss.operations().size(), kKilled);
  EXPECT_EQ(TryToStart(), StartsAs::kStandby);
}

}  // namespace
}  // namespace baton::test
