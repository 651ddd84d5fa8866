// A switchover that is interrupted at each of its steps: whatever happens, one server writes in the
// end, the other follows it, and no acknowledged row is lost.
#include <fmt/format.h>
#include <fstream>
#include <utility>

#include "core/hand_over.hpp"
#include "test/cluster/interrupted_scenario.hpp"

namespace baton::test {
namespace {

// All of them together are for the long run; of each step and each fault there is one anyway.
std::vector<Interruption> AtThePrimary() {
  constexpr int kFaults = 6;
  std::vector<Interruption> cases;
  for (int step = 0; step < static_cast<int>(core::kHandOverSteps); ++step) {
    const std::string place(core::HandOverStepName(static_cast<core::HandOverStep>(step)));
    for (int fault = 0; fault < kFaults; ++fault) {
      if (!IsLongRun() && (step + fault) % 3 != 0) continue;
      cases.push_back({place, static_cast<Fault>(fault)});
    }
  }
  return cases;
}

class SwitchoverInterrupted : public InterruptedScenario,
                              public testing::WithParamInterface<Interruption> {};

//   a (primary) <--- b          a ---> b (primary), or as before
TEST_P(SwitchoverInterrupted, EndsSoundly) {
  ASSERT_NO_FATAL_FAILURE(BeginAndPause(GetParam()));
  ASSERT_NO_FATAL_FAILURE(Happen(GetParam()));
  ExpectSoundness();
}

const auto kName = [](const testing::TestParamInfo<Interruption>& info) {
  return NameOf(info.param);
};

INSTANTIATE_TEST_SUITE_P(AtThePrimary, SwitchoverInterrupted, testing::ValuesIn(AtThePrimary()),
                         kName);

INSTANTIATE_TEST_SUITE_P(AtTheTarget, SwitchoverInterrupted,
                         testing::Values(Interruption{"taker_granted", Fault::kTargetKilled},
                                         Interruption{"taker_granted", Fault::kTargetsWorkerEnds},
                                         Interruption{"taker_begun", Fault::kTargetKilled},
                                         Interruption{"taker_begun", Fault::kTargetsWorkerEnds},
                                         Interruption{"taker_begun", Fault::kTargetCrashes},
                                         Interruption{"taker_begun", Fault::kPrimaryKilled},
                                         Interruption{"taker_promoted", Fault::kTargetKilled},
                                         Interruption{"taker_promoted", Fault::kTargetCrashes},
                                         Interruption{"taker_promoted", Fault::kPrimaryKilled}),
                         kName);

// What speaks against it counts until the server ends.
class SwitchoverUndone : public HandOverScenario {
 protected:
  static bool IsBefore16(const Node& node) {
    return node.Sql("SELECT current_setting('server_version_num')::int < 160000") == "t";
  }
};

TEST_F(SwitchoverUndone, WhereATriggerFileAppearsAfterThePreflight) {
  const fs::path file_of_all = a_.data() / "promote";
  fs::path file_of_15 = file_of_all;
  if (IsBefore16(a_)) {
    file_of_15 = cluster_.directory() / "promote.now";
    a_.Configure(fmt::format("promote_trigger_file = '{}'\n", file_of_15.string()));
    a_.Sql("SELECT pg_reload_conf()");
    ASSERT_TRUE(Returns(a_, "SHOW promote_trigger_file", file_of_15.string()));
  }
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  for (const auto& [step, file] :
       {std::pair("signal", file_of_all), std::pair("demote", file_of_15)}) {
    PauseAt(a_, step);
    ASSERT_EQ(Ask(a_, b_), "requested|");
    ASSERT_TRUE(Pauses(a_, step)) << a_.Log();

    std::ofstream(file) << "";
    GoOn(a_);

    EXPECT_TRUE(Returns(a_, "SELECT outcome || ' ' || reason FROM baton.requests LIMIT 1",
                        "failed there is a file that asks for a promotion: " +
                            (file == file_of_all ? "promote" : file.string())));
    fs::remove(file);
    ASSERT_TRUE(WritesGoOnAt(a_));
  }
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

TEST_F(SwitchoverUndone, WhereTheWorkerEndsAfterItHasChangedSettings) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(a_, "settings_changed");
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(a_, "settings_changed")) << a_.Log();

  SendSignal(a_.AwaitProcess("pg_baton handover"), SIGTERM);
  GoOn(a_);

  EXPECT_TRUE(Returns(a_, "SELECT outcome || ' ' || reason FROM baton.requests LIMIT 1",
                      "failed its worker or the server was interrupted"));
  EXPECT_TRUE(Returns(a_,
                      "SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' "
                      "AND name IN ('restore_command', 'recovery_init_sync_method', "
                      "'remove_temp_files_after_crash')",
                      "0"));
  ASSERT_TRUE(WritesGoOnAt(a_));
  StopWriter();
  EXPECT_TRUE(Judge(a_, Loss::kNone));
}

}  // namespace
}  // namespace baton::test
