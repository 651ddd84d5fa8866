#include "helper/report/lag_samples.hpp"

#include <gmock/gmock.h>

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

ClusterFacts With(const std::string& role, std::optional<std::chrono::microseconds> lag,
                  bool answers = true) {
  NodeFacts node;
  node.row.name = "b";
  node.row.role = role;
  node.row.replay_lag = lag;
  node.answers_here = answers;
  return {"a", {node}};
}

TEST(LagSamples, TheLargestIsTheHighestBlock) {
  EXPECT_EQ(Sparkline({0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}), "▁▂▃▄▅▆▇█");
}

TEST(LagSamples, WhatIsNotKnownIsAQuestionMark) {
  EXPECT_EQ(Sparkline({0.0, std::nullopt, 4.0}), "▁?█");
  EXPECT_EQ(Sparkline({std::nullopt}), "?");
}

TEST(LagSamples, NoiseLooksFlat) { EXPECT_EQ(Sparkline({0.0, 0.01, 0.002}), "▁▁▁"); }

TEST(LagSamples, EachStandbyHasALine) {
  LagSamples samples;
  samples.Add(With("standby", 0us));
  samples.Add(With("standby", 3400ms));

  EXPECT_THAT(samples.Lines(), ElementsAre("b ▁█ now 3.4 s, at most 3.4 s"));
}

TEST(LagSamples, ASilentStandbyGoesOnAsUnknown) {
  LagSamples samples;
  samples.Add(With("standby", 2s));
  samples.Add(With("standby", 2s, false));

  EXPECT_THAT(samples.Lines(), ElementsAre("b █? now unknown, at most 2.0 s"));
}

TEST(LagSamples, APrimaryHasNone) {
  LagSamples samples;
  samples.Add(With("standby", 2s));
  samples.Add(With("primary", std::nullopt));

  EXPECT_THAT(samples.Lines(), IsEmpty());
}

TEST(LagSamples, OnlyTheLastOnesAreKept) {
  LagSamples samples;
  samples.Add(With("standby", 9s));
  for (int i = 0; i < 60; ++i) samples.Add(With("standby", 0us));

  EXPECT_THAT(samples.Lines()[0], testing::EndsWith("▁ now 0 ms, at most 0 ms"));
}

}  // namespace
}  // namespace baton::helper
