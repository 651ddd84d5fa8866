#include "core/node_state.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using Kind = StateFile::Kind;

NodeState Full() {
  NodeState state;
  state.fenced = true;
  state.fence_reason = "disk \"sda\" is\nfailing";
  state.fenced_by = "alice";
  state.fenced_at = 1234;
  state.superseded = true;
  state.successor = "b";
  state.successor_reign = {18446744073709551615u, 3, Lsn(0x5000000)};
  state.superseded_at = 5678;
  state.decided = true;
  state.reign = {7, 2, Lsn(0x3000000)};
  return state;
}

TEST(NodeState, ComesBackFromItsFileAsItWas) {
  const StateFile file =
      StateFromFile(StateToFile(Full(), {{"b", "host='x y' port=1"}}, "a@1"), "a@1");

  ASSERT_EQ(file.kind, Kind::kOwn);
  EXPECT_TRUE(file.state.fenced);
  EXPECT_EQ(file.state.fence_reason.view(), "disk \"sda\" is\nfailing");
  EXPECT_EQ(file.state.fenced_by.view(), "alice");
  EXPECT_EQ(file.state.fenced_at, 1234);
  EXPECT_TRUE(file.state.superseded);
  EXPECT_EQ(file.state.successor.view(), "b");
  EXPECT_EQ(file.state.successor_reign.id, 18446744073709551615u);
  EXPECT_EQ(file.state.successor_reign.timeline, 3u);
  EXPECT_EQ(file.state.successor_reign.began, Lsn(0x5000000));
  EXPECT_EQ(file.state.superseded_at, 5678);
  EXPECT_TRUE(file.state.decided);
  EXPECT_EQ(file.state.reign.id, 7u);
  EXPECT_EQ(file.state.reign.timeline, 2u);
  ASSERT_EQ(file.peers.size(), 1u);
  EXPECT_EQ(file.peers[0].first, "b");
  EXPECT_EQ(file.peers[0].second, "host='x y' port=1");
}

TEST(NodeState, WithoutReasonsHasNone) {
  const StateFile file = StateFromFile(StateToFile({}, {}, "a@1"), "a@1");
  ASSERT_EQ(file.kind, Kind::kOwn);
  EXPECT_FALSE(file.state.fenced);
  EXPECT_FALSE(file.state.superseded);
  EXPECT_EQ(file.state.reign.id, 0u);
  EXPECT_TRUE(file.peers.empty());
}

TEST(NodeState, OfAnotherNodeIsForeign) {
  const std::string text = StateToFile(Full(), {}, "a@1");
  EXPECT_EQ(StateFromFile(text, "b@1").kind, Kind::kForeign);
  EXPECT_EQ(StateFromFile(text, "a@2").kind, Kind::kForeign);
}

TEST(NodeState, ADamagedFileIsUnreadableHoweverItIsCut) {
  const std::string text = StateToFile(Full(), {{"b", "host=x"}}, "a@1");
  EXPECT_EQ(StateFromFile("", "a@1").kind, Kind::kUnreadable);
  EXPECT_EQ(StateFromFile("garbage", "a@1").kind, Kind::kUnreadable);
  EXPECT_EQ(StateFromFile("{\"owner\": 5}", "a@1").kind, Kind::kUnreadable);
  EXPECT_EQ(StateFromFile("{\"owner\": \"a@1\", \"reign\": 1}", "a@1").kind, Kind::kUnreadable);
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    EXPECT_EQ(StateFromFile(text.substr(0, length), "a@1").kind, Kind::kUnreadable) << length;
  }
}

}  // namespace
}  // namespace baton::core
