// The interruptions of a switchover where more hangs on it: a third node that has to follow, and
// commits that wait for a standby.
#include <array>
#include <fmt/format.h>

#include "core/hand_over.hpp"
#include "test/cluster/interrupted_scenario.hpp"

namespace baton::test {
namespace {

enum class Shape { kThree, kSynchronous, kAnyOfThree };

struct Case {
  Shape shape;
  Interruption interruption;
};

std::vector<Case> All() {
  std::vector<Case> cases;
  for (const Shape shape : {Shape::kThree, Shape::kSynchronous, Shape::kAnyOfThree}) {
    for (std::size_t step = 0; step < core::kHandOverSteps; ++step) {
      const std::string place(core::HandOverStepName(static_cast<core::HandOverStep>(step)));
      for (int fault = 0; fault <= static_cast<int>(Fault::kLinkCut); ++fault) {
        cases.push_back({shape, {place, static_cast<Fault>(fault)}});
      }
    }
    for (const char* const place : {"taker_granted", "taker_begun", "taker_promoted"}) {
      for (const Fault fault : {Fault::kTargetKilled, Fault::kPrimaryKilled, Fault::kLinkCut,
                                Fault::kTargetsWorkerEnds, Fault::kTargetCrashes}) {
        cases.push_back({shape, {place, fault}});
      }
    }
  }
  return cases;
}

std::vector<Case> Chosen() {
  if (IsLongRun()) return All();
  return {{Shape::kThree, {"signal", Fault::kPrimaryKilled}},
          {Shape::kThree, {"promote", Fault::kLinkCut}},
          {Shape::kSynchronous, {"close", Fault::kTargetKilled}},
          {Shape::kSynchronous, {"grant", Fault::kConnectionCut}},
          {Shape::kSynchronous, {"taker_begun", Fault::kTargetsWorkerEnds}},
          {Shape::kAnyOfThree, {"grant", Fault::kTargetKilled}}};
}

std::string NameOfCase(const testing::TestParamInfo<Case>& info) {
  constexpr std::array<const char*, 3> kShapes = {"Three", "Synchronous", "AnyOfThree"};
  return fmt::format("{}_{}", kShapes[static_cast<std::size_t>(info.param.shape)],
                     NameOf(info.param.interruption));
}

class ClusterInterrupted : public InterruptedScenario, public testing::WithParamInterface<Case> {
 protected:
  void Arrange() {
    const Shape shape = GetParam().shape;
    commits_need_target_ = shape == Shape::kSynchronous;
    commits_need_link_ = shape != Shape::kThree;
    if (shape != Shape::kSynchronous) AddFollower();
    if (shape == Shape::kSynchronous) WaitForStandby("FIRST 1 (b)", "sync");
    if (shape == Shape::kAnyOfThree) WaitForStandby("ANY 1 (b, c)", "quorum,quorum");
  }

  void AddFollower() {
    Node& c = cluster_.Clone("c", a_);
    followers_ = {&c};
    EXPECT_TRUE(Becomes(c, "upstream", "ok"));
    for (const Node* const node : {&a_, &b_, &c}) EXPECT_TRUE(Becomes(*node, "peers", "ok"));
    EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
  }

  void WaitForStandby(const std::string& names, const std::string& states) {
    names_ = names;
    a_.Sql(fmt::format("ALTER SYSTEM SET synchronous_standby_names = '{}'", names));
    a_.Sql("SELECT pg_reload_conf()");
    EXPECT_TRUE(Returns(a_, "SELECT string_agg(sync_state, ',') FROM pg_stat_replication", states));
  }

  // The promise to the clients moves with the role, and comes back with it.
  void ExpectSynchronousNames() {
    const std::string there =
        GetParam().shape == Shape::kSynchronous ? "FIRST 1 (a)" : "ANY 1 (a, c)";
    EXPECT_TRUE(
        Returns(primary(), "SHOW synchronous_standby_names", &primary() == &a_ ? names_ : there));
    EXPECT_TRUE(
        Returns(standby(), "SHOW synchronous_standby_names", &primary() == &a_ ? "" : names_));
  }

  std::string names_;
};

//   a (primary) <--- b (<--- c)        a (c) ---> b (primary), or as before
TEST_P(ClusterInterrupted, EndsSoundly) {
  Arrange();
  ASSERT_NO_FATAL_FAILURE(BeginAndPause(GetParam().interruption));
  ASSERT_NO_FATAL_FAILURE(Happen(GetParam().interruption));
  ExpectSoundness();
  if (!names_.empty()) ExpectSynchronousNames();
}

INSTANTIATE_TEST_SUITE_P(Of, ClusterInterrupted, testing::ValuesIn(Chosen()), NameOfCase);

}  // namespace
}  // namespace baton::test
