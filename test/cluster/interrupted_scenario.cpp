#include "test/cluster/interrupted_scenario.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>

#include "core/hand_over.hpp"

namespace baton::test {
namespace {

bool IsAtTarget(const Interruption& interruption) {
  return interruption.place.starts_with("taker_");
}

// What the primary has begun by then, at the latest.
core::HandOverStep StepOf(const Interruption& interruption) {
  return core::HandOverStepOf(interruption.place).value_or(core::HandOverStep::kPromote);
}

}  // namespace

const char* FaultName(Fault fault) {
  constexpr std::array<const char*, 8> kNames = {"TargetKilled",      "PrimaryKilled", "WorkerEnds",
                                                 "PrimaryCrashes",    "ConnectionCut", "LinkCut",
                                                 "TargetsWorkerEnds", "TargetCrashes"};
  return kNames[static_cast<std::size_t>(fault)];
}

bool IsLongRun() {
  const char* const value = std::getenv("PG_BATON_LONG");
  return value != nullptr && *value != '\0';
}

std::string NameOf(const Interruption& interruption) {
  return interruption.place + "_" + FaultName(interruption.fault);
}

void InterruptedScenario::BeginAndPause(const Interruption& interruption) {
  if (interruption.fault == Fault::kLinkCut) {
    ASSERT_NO_FATAL_FAILURE(PutProxiesBetween());
  }
  std::vector<const Node*> nodes = {&a_, &b_};
  nodes.insert(nodes.end(), followers_.begin(), followers_.end());
  StartWriter(nodes);
  ASSERT_TRUE(WritesGoOn());
  Node& paused = IsAtTarget(interruption) ? b_ : a_;
  PauseAt(paused, interruption.place);
  ASSERT_EQ(Ask(a_, b_), "requested|");
  ASSERT_TRUE(Pauses(paused, interruption.place)) << paused.Log();
}

// The client reaches all of them directly; the nodes reach these two only so.
void InterruptedScenario::PutProxiesBetween() {
  to_a_ = std::make_unique<Proxy>(a_.port());
  to_b_ = std::make_unique<Proxy>(b_.port());
  RegisterAt(a_, "a", to_a_->port());
  RegisterAt(a_, "b", to_b_->port());
  std::vector<Node*> standbys = {&b_};
  standbys.insert(standbys.end(), followers_.begin(), followers_.end());
  for (Node* const standby : standbys) {
    StreamFrom(*standby, to_a_->port());
    ASSERT_TRUE(Returns(*standby,
                        "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming' "
                        "AND sender_port = " +
                            std::to_string(to_a_->port()),
                        "1"));
    ASSERT_TRUE(Returns(*standby,
                        "SELECT count(*) FROM baton.node WHERE conninfo LIKE '%" +
                            std::to_string(to_b_->port()) + "%'",
                        "1"));
    ASSERT_TRUE(Becomes(*standby, "peers", "ok"));
    ASSERT_TRUE(Becomes(*standby, "upstream", "ok"));
  }
  ASSERT_TRUE(Becomes(a_, "standbys", "ok"));
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
}

void InterruptedScenario::CutLink(const Interruption& interruption) {
  to_a_->Swallow();
  to_b_->Swallow();
  GoOn(IsAtTarget(interruption) ? b_ : a_);
  // Before the server is demoted it gives up by itself; afterwards it has to wait.
  if (StepOf(interruption) < core::HandOverStep::kSignal && !commits_need_link_) {
    ASSERT_TRUE(WritesGoOnAt(a_));
  } else {
    Eventually([] { return false; }, 3s);
  }
  to_a_->Deliver();
  to_b_->Deliver();
}

void InterruptedScenario::Happen(const Interruption& interruption) {
  Node& paused = IsAtTarget(interruption) ? b_ : a_;
  switch (interruption.fault) {
    case Fault::kTargetKilled:
      b_.Kill();
      GoOn(paused);
      // Nobody has to wait for it: what was not granted is taken back.
      if (StepOf(interruption) < core::HandOverStep::kPromote && !commits_need_target_) {
        ASSERT_TRUE(WritesGoOnAt(a_));
      }
      b_.Start();
      return;
    case Fault::kPrimaryKilled:
      a_.Kill();
      GoOn(paused);
      a_.Start();
      return;
    case Fault::kWorkerEnds:
      GoOn(paused);
      SendSignal(a_.AwaitProcess("pg_baton handover"), SIGTERM);
      return;
    case Fault::kPrimaryCrashes:
      // As any crash of a backend does it: memory is made anew in the middle.
      GoOn(paused);
      SendSignal(a_.AwaitProcess("pg_baton observer"), SIGKILL);
      return;
    case Fault::kConnectionCut:
      b_.Sql(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
          "'%baton.hand_over(%' AND pid <> pg_backend_pid()");
      GoOn(paused);
      return;
    case Fault::kLinkCut:
      return CutLink(interruption);
    case Fault::kTargetsWorkerEnds:
      GoOn(paused);
      SendSignal(b_.AwaitProcess("pg_baton handover"), SIGTERM);
      return;
    case Fault::kTargetCrashes:
      GoOn(paused);
      SendSignal(b_.AwaitProcess("pg_baton observer"), SIGKILL);
      return;
  }
}

// Streaming on the primary's timeline, or not, and then it says why.
testing::AssertionResult InterruptedScenario::Follows(const Node& follower) {
  const std::string streams = fmt::format(
      "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name = "
      "'{}'",
      follower.name());
  if (const auto result = Returns(primary(), streams, "1"); result) return result;
  const std::string why = follower.Sql(
      "SELECT message FROM baton.health WHERE status = 'critical' AND message LIKE 'cannot "
      "follow%'");
  if (!why.empty()) return testing::AssertionSuccess() << why;
  return testing::AssertionFailure()
         << follower.name() << " does not follow " << primary().name() << " and does not say why\n"
         << follower.Log();
}

void InterruptedScenario::ExpectSoundness() {
  ASSERT_TRUE(Settle());
  ASSERT_TRUE(WritesGoOnAt(primary()));
  for (const Node* const follower : followers_) EXPECT_TRUE(Follows(*follower));
  StopWriter();
  EXPECT_TRUE(Judge(primary(), Loss::kNone));
  EXPECT_TRUE(Returns(primary(), "SELECT count(*) FROM pg_replication_slots",
                      std::to_string(1 + followers_.size())));
  EXPECT_TRUE(Returns(standby(), "SELECT count(*) FROM pg_replication_slots", "0"));
  EXPECT_TRUE(Returns(primary(),
                      "SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf' "
                      "AND name IN ('restore_command', 'recovery_init_sync_method', "
                      "'remove_temp_files_after_crash')",
                      "0"));
  EXPECT_EQ(primary().Sql("SELECT gate FROM baton.node_status"), "open");
}

}  // namespace baton::test
