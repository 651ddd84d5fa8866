// A switchover that is interrupted at each of its steps: whatever happens, one server writes in the
// end, the other follows it, and no acknowledged row is lost.
#include <array>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/hand_over.hpp"
#include "test/cluster/hand_over_scenario.hpp"

namespace baton::test {
namespace {

enum class Fault { kTargetKilled, kPrimaryKilled, kWorkerEnds, kPrimaryCrashes };
constexpr int kFaults = 4;

struct Case {
  core::HandOverStep step;
  Fault fault;
};

// All of them together are for the long run; of each step and each fault there is one anyway.
std::vector<Case> Cases() {
  const char* const value = std::getenv("PG_BATON_LONG");
  const bool is_long = value != nullptr && *value != '\0';
  std::vector<Case> cases;
  for (int step = 0; step < static_cast<int>(core::kHandOverSteps); ++step) {
    for (int fault = 0; fault < kFaults; ++fault) {
      if (!is_long && (step + fault) % 3 != 0) continue;
      cases.push_back({static_cast<core::HandOverStep>(step), static_cast<Fault>(fault)});
    }
  }
  return cases;
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  constexpr std::array<const char*, kFaults> kNames = {"TargetKilled", "PrimaryKilled",
                                                       "WorkerEnds", "PrimaryCrashes"};
  return std::string(core::HandOverStepName(info.param.step)) + "_" +
         kNames[static_cast<std::size_t>(info.param.fault)];
}

class SwitchoverInterrupted : public HandOverScenario, public testing::WithParamInterface<Case> {
 protected:
  void BeginAndPause() {
    const std::string step(core::HandOverStepName(GetParam().step));
    StartWriter({&a_, &b_});
    ASSERT_TRUE(WritesGoOn());
    PauseAt(a_, step);
    ASSERT_EQ(Ask(a_, b_), "requested|");
    ASSERT_TRUE(Pauses(a_, step)) << a_.Log();
  }

  void Happen() {
    switch (GetParam().fault) {
      case Fault::kTargetKilled:
        b_.Kill();
        GoOn(a_);
        // Nobody has to wait for it: what was not granted is taken back.
        if (GetParam().step < core::HandOverStep::kPromote) {
          ASSERT_TRUE(WritesGoOnAt(a_));
        }
        b_.Start();
        return;
      case Fault::kPrimaryKilled:
        a_.Kill();
        GoOn(a_);
        a_.Start();
        return;
      case Fault::kWorkerEnds:
        GoOn(a_);
        kill(a_.ProcessPid("pg_baton handover"), SIGTERM);
        return;
      case Fault::kPrimaryCrashes:
        // As any crash of a backend does it: memory is made anew in the middle.
        GoOn(a_);
        kill(a_.ProcessPid("pg_baton observer"), SIGKILL);
        return;
    }
  }

  void ExpectSoundness() {
    ASSERT_TRUE(Settle());
    ASSERT_TRUE(WritesGoOnAt(primary()));
    StopWriter();
    EXPECT_TRUE(Judge(primary(), Loss::kNone));
    EXPECT_TRUE(Returns(primary(), "SELECT count(*) FROM pg_replication_slots", "1"));
    EXPECT_TRUE(Returns(standby(), "SELECT count(*) FROM pg_replication_slots", "0"));
    EXPECT_TRUE(Returns(primary(),
                        "SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' "
                        "AND name IN ('restore_command', 'recovery_init_sync_method')",
                        "0"));
    EXPECT_EQ(primary().Sql("SELECT gate FROM baton.node_status"), "open");
  }
};

TEST_P(SwitchoverInterrupted, EndsSoundly) {
  ASSERT_NO_FATAL_FAILURE(BeginAndPause());
  ASSERT_NO_FATAL_FAILURE(Happen());
  ExpectSoundness();
}

INSTANTIATE_TEST_SUITE_P(At, SwitchoverInterrupted, testing::ValuesIn(Cases()), NameOf);

}  // namespace
}  // namespace baton::test
