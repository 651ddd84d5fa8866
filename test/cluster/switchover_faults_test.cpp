// A switchover that is interrupted at each of its steps: whatever happens, one server writes in the
// end, the other follows it, and no acknowledged row is lost.
#include <array>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <memory>
#include <utility>

#include "core/hand_over.hpp"
#include "test/cluster/hand_over_scenario.hpp"
#include "test/cluster/proxy.hpp"

namespace baton::test {
namespace {

enum class Fault {
  kTargetKilled,
  kPrimaryKilled,
  kWorkerEnds,
  kPrimaryCrashes,
  kConnectionCut,
  kLinkCut
};
constexpr int kFaults = 6;

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
  constexpr std::array<const char*, kFaults> kNames = {
      "TargetKilled", "PrimaryKilled", "WorkerEnds", "PrimaryCrashes", "ConnectionCut", "LinkCut"};
  return std::string(core::HandOverStepName(info.param.step)) + "_" +
         kNames[static_cast<std::size_t>(info.param.fault)];
}

class SwitchoverInterrupted : public HandOverScenario, public testing::WithParamInterface<Case> {
 protected:
  void BeginAndPause() {
    const std::string step(core::HandOverStepName(GetParam().step));
    if (GetParam().fault == Fault::kLinkCut) {
      ASSERT_NO_FATAL_FAILURE(PutProxiesBetween());
    }
    StartWriter({&a_, &b_});
    ASSERT_TRUE(WritesGoOn());
    PauseAt(a_, step);
    ASSERT_EQ(Ask(a_, b_), "requested|");
    ASSERT_TRUE(Pauses(a_, step)) << a_.Log();
  }

  // The client reaches both directly, they each other only so.
  void PutProxiesBetween() {
    to_a_ = std::make_unique<Proxy>(a_.port());
    to_b_ = std::make_unique<Proxy>(b_.port());
    RegisterAt(a_, "a", to_a_->port());
    RegisterAt(a_, "b", to_b_->port());
    StreamFrom(b_, to_a_->port());
    ASSERT_TRUE(Returns(b_,
                        "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming' "
                        "AND sender_port = " +
                            std::to_string(to_a_->port()),
                        "1"));
    ASSERT_TRUE(Returns(b_,
                        "SELECT count(*) FROM baton.node WHERE conninfo LIKE '%" +
                            std::to_string(to_b_->port()) + "%'",
                        "1"));
    ASSERT_TRUE(Becomes(a_, "standbys", "ok"));
    ASSERT_TRUE(Becomes(a_, "peers", "ok"));
    ASSERT_TRUE(Becomes(b_, "peers", "ok"));
    ASSERT_TRUE(Becomes(b_, "upstream", "ok"));
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
      case Fault::kConnectionCut:
        b_.Sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
            "'%baton.hand_over(%' AND pid <> pg_backend_pid()");
        GoOn(a_);
        return;
      case Fault::kLinkCut:
        to_a_->Swallow();
        to_b_->Swallow();
        GoOn(a_);
        // Before the server is demoted it gives up by itself; afterwards it has to wait.
        if (GetParam().step < core::HandOverStep::kSignal) {
          ASSERT_TRUE(WritesGoOnAt(a_));
        } else {
          Eventually([] { return false; }, 3s);
        }
        to_a_->Deliver();
        to_b_->Deliver();
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

  std::unique_ptr<Proxy> to_a_;
  std::unique_ptr<Proxy> to_b_;
};

TEST_P(SwitchoverInterrupted, EndsSoundly) {
  ASSERT_NO_FATAL_FAILURE(BeginAndPause());
  ASSERT_NO_FATAL_FAILURE(Happen());
  ExpectSoundness();
}

// The same at the target's own steps.
enum class FaultAtTarget { kTargetKilled, kTargetsWorkerEnds, kTargetCrashes, kPrimaryKilled };

struct CaseAtTarget {
  const char* state;
  FaultAtTarget fault;
};

class SwitchoverInterruptedAtTarget : public HandOverScenario,
                                      public testing::WithParamInterface<CaseAtTarget> {
 protected:
  void Happen() {
    switch (GetParam().fault) {
      case FaultAtTarget::kTargetKilled:
        b_.Kill();
        GoOn(b_);
        b_.Start();
        return;
      case FaultAtTarget::kTargetsWorkerEnds:
        GoOn(b_);
        kill(b_.ProcessPid("pg_baton handover"), SIGTERM);
        return;
      case FaultAtTarget::kTargetCrashes:
        GoOn(b_);
        kill(b_.ProcessPid("pg_baton observer"), SIGKILL);
        return;
      case FaultAtTarget::kPrimaryKilled:
        a_.Kill();
        GoOn(b_);
        a_.Start();
        return;
    }
  }
};

TEST_P(SwitchoverInterruptedAtTarget, EndsSoundly) {
  StartWriter({&a_, &b_});
  ASSERT_TRUE(WritesGoOn());
  PauseAt(b_, GetParam().state);
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(b_, GetParam().state)) << b_.Log();
  ASSERT_NO_FATAL_FAILURE(Happen());
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(WritesGoOnAt(primary()));
  StopWriter();
  EXPECT_TRUE(Judge(primary(), Loss::kNone));
  EXPECT_TRUE(Returns(standby(), "SELECT count(*) FROM pg_replication_slots", "0"));
  EXPECT_EQ(primary().Sql("SELECT gate FROM baton.node_status"), "open");
}

std::string NameOfCaseAtTarget(const testing::TestParamInfo<CaseAtTarget>& info) {
  constexpr std::array<const char*, 4> kNames = {"TargetKilled", "TargetsWorkerEnds",
                                                 "TargetCrashes", "PrimaryKilled"};
  return std::string(info.param.state) + "_" + kNames[static_cast<std::size_t>(info.param.fault)];
}

INSTANTIATE_TEST_SUITE_P(
    At, SwitchoverInterruptedAtTarget,
    testing::Values(CaseAtTarget{"taker_granted", FaultAtTarget::kTargetKilled},
                    CaseAtTarget{"taker_granted", FaultAtTarget::kTargetsWorkerEnds},
                    CaseAtTarget{"taker_begun", FaultAtTarget::kTargetKilled},
                    CaseAtTarget{"taker_begun", FaultAtTarget::kTargetsWorkerEnds},
                    CaseAtTarget{"taker_begun", FaultAtTarget::kTargetCrashes},
                    CaseAtTarget{"taker_begun", FaultAtTarget::kPrimaryKilled},
                    CaseAtTarget{"taker_promoted", FaultAtTarget::kTargetKilled},
                    CaseAtTarget{"taker_promoted", FaultAtTarget::kTargetCrashes},
                    CaseAtTarget{"taker_promoted", FaultAtTarget::kPrimaryKilled}),
    NameOfCaseAtTarget);

INSTANTIATE_TEST_SUITE_P(At, SwitchoverInterrupted, testing::ValuesIn(Cases()), NameOf);

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

}  // namespace
}  // namespace baton::test
