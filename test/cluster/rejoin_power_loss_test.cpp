// The power is lost while pg_baton brings an old primary back: whatever the disk has kept, no
// server comes up as a primary from it once the first byte was changed, and the same command goes
// on.
#include <gtest/gtest.h>

#include "test/cluster/interrupted_scenario.hpp"
#include "test/cluster/power_loss_scenario.hpp"

namespace baton::test {
namespace {

class RejoinPowerLoss : public PowerLossScenario {
 protected:
  // When the configuration has been replaced durably by one that no server starts with; before,
  // the directory is that of the old primary, and nothing of it has been touched.
  static std::size_t GuardedAt(const PowerLoss& loss) {
    bool replaced = false;
    for (std::size_t i = 0; i < loss.operations().size(); ++i) {
      const std::string what = loss.Describe(loss.operations()[i]);
      replaced |=
          what.find("rename") != std::string::npos && what.ends_with("disk/a/postgresql.auto.conf");
      if (replaced && what == "fsync disk/a") return i + 1;
    }
    return 0;
  }

  void LoseItAtMomentsOf(const std::vector<std::string>& how) {
    // Its slot moves on with each round, and the disk goes back to before.
    b_.Sql("ALTER SYSTEM SET wal_keep_size = '20GB'");
    b_.Sql("SELECT pg_reload_conf()");
    Diverge();
    std::vector<std::string> arguments = how;
    arguments.emplace_back("--no-start");
    const HelperResult whole = RecordRejoin(arguments);
    ASSERT_EQ(whole.exit_code, 0) << whole.output;
    PowerLoss loss = Recorded();
    const std::size_t guarded = GuardedAt(loss);
    ASSERT_GT(guarded, 0u);
    const bool all = IsLongRun();
    const std::vector<Moment> moments = Thinned(loss.Moments(), all ? 150 : 9);

    std::size_t turn = 0;
    for (const Moment& moment : moments) {
      for (const Model& model : kModels) {
        // In the short form each moment has one model, another one each time.
        if (!all && turn++ % 5 != 0) continue;
        SCOPED_TRACE(moment.description + ", " + std::string(model.name));
        LosePower(loss, moment.done, model);
        const StartsAs started = TryToStart();
        if (moment.done >= guarded) {
          ASSERT_NE(started, StartsAs::kPrimary);
        }
        LosePower(loss, moment.done, model);
        const HelperResult again = cluster_.RunRejoin(a_, b_, how);
        ASSERT_EQ(again.exit_code, 0) << again.output;
        ExpectAFollowsB();
      }
    }
  }
};

//   a (rewinding, off)    b (primary)          a ---> b
TEST_F(RejoinPowerLoss, ARewindLeavesNoPrimaryAndGoesOn) { LoseItAtMomentsOf({"--method=rewind"}); }

//   a (being replaced, off)    b (primary)          a ---> b
TEST_F(RejoinPowerLoss, ANewCopyLeavesNoPrimaryAndGoesOn) { LoseItAtMomentsOf({"--method=copy"}); }

}  // namespace
}  // namespace baton::test
