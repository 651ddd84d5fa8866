#include "helper/report/cluster_report.hpp"

#include <gmock/gmock.h>

#include "helper/report/cluster_text.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using core::Lsn;
using core::Status;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Names = std::vector<std::string>;

NodeFacts Node(const std::string& name, const std::string& role, std::uint64_t lsn,
               const Names& sees) {
  NodeFacts node;
  node.row.name = name;
  node.row.reachable = true;
  node.row.role = role;
  node.row.state = role == "primary" ? "writable" : "streaming";
  node.row.timeline = 1;
  node.row.lsn = Lsn(lsn);
  node.row.sees = sees;
  node.address = "10.0.0.1:5432";
  node.answers_here = true;
  if (role == "standby") {
    node.row.replay_lag = 0us;
    node.row.replay_lag_bytes = 0;
    node.row.upstream = "a";
  }
  return node;
}

// A primary and two standbys, c a little behind b; asked was a.
ClusterFacts Three() {
  return {"a",
          {Node("a", "primary", 5000, {"b", "c"}), Node("b", "standby", 5000, {"a", "c"}),
           Node("c", "standby", 3000, {"a", "b"})}};
}

// Neither this command nor the asked node gets an answer any more.
void Lose(ClusterFacts& facts, std::size_t which) {
  NodeFacts& node = facts.nodes[which];
  node.answers_here = false;
  node.error_here = "connection refused";
  node.hint_here = "Check it.";
  node.row.reachable = false;
  node.row.error = "timeout";
  node.row.unseen = 12s;
  for (NodeFacts& other : facts.nodes) std::erase(*other.row.sees, node.row.name);
}

HealthRow Row(const std::string& name, Status status, const std::string& message) {
  HealthRow row;
  row.check_name = name;
  row.status = status;
  row.message = message;
  return row;
}

TEST(ClusterReport, AHealthyClusterSaysWhatAFailoverWouldLose) {
  const ClusterReport report = Judge(Three());

  EXPECT_EQ(report.answer, "healthy; failover to b would lose 0 bytes");
  EXPECT_EQ(report.status, Status::kOk);
  EXPECT_THAT(report.issues, IsEmpty());
  EXPECT_THAT(report.disagreements, IsEmpty());
}

TEST(ClusterReport, TheLossIsThatOfTheBestStandbyThatAnswers) {
  ClusterFacts facts = Three();
  Lose(facts, 1);

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.failover->Text(), "failover to c would lose 2.0 kB");
  EXPECT_EQ(report.failover->loss_bytes, 2000);
}

TEST(ClusterReport, AStandbyOnAnotherTimelineCannotTakeOver) {
  ClusterFacts facts = Three();
  facts.nodes[1].row.timeline = 2;
  facts.nodes.pop_back();

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.failover->Text(), "no standby could take over");
  EXPECT_EQ(report.status, Status::kWarning);
  EXPECT_EQ(report.answer, "warning; no standby could take over");
}

TEST(ClusterReport, AnUnknownPositionIsAnUnknownLoss) {
  ClusterFacts facts = Three();
  for (NodeFacts& node : facts.nodes) {
    if (node.row.role == "standby") node.row.lsn = Lsn();
  }

  EXPECT_EQ(Judge(facts).failover->Text(), "what failover to b would lose is not known");
}

TEST(ClusterReport, TheWorstIssueIsInTheAnswer) {
  ClusterFacts facts = Three();
  facts.nodes[1].health = {Row("monitor", Status::kOk, ""),
                           Row("disk_space", Status::kUnknown, "could not be measured"),
                           Row("replay_lag", Status::kWarning, "replay is 61 s behind")};

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.answer,
            "warning: replay_lag of b: replay is 61 s behind (and 1 more issue); failover to b "
            "would lose 0 bytes");
}

TEST(ClusterReport, WhatCouldNotBeMeasuredIsNotHealthy) {
  ClusterFacts facts = Three();
  facts.nodes[1].health = {Row("disk_space", Status::kUnknown, "could not be measured")};

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.status, Status::kUnknown);
  EXPECT_EQ(report.answer,
            "unknown: disk_space of b: could not be measured; failover to b would lose 0 bytes");
}

TEST(ClusterReport, WithoutAPrimaryItSaysWhoCouldTakeOver) {
  ClusterFacts facts = Three();
  facts.asked = "b";
  Lose(facts, 0);

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.answer, "critical: no node answers as primary");
  EXPECT_EQ(report.failover->Text(),
            "b could take over; it lacks 0 bytes of what a was last seen to have");
  EXPECT_EQ(report.issues.front().message,
            "answers neither here (connection refused) nor b (timeout); last seen 12.0 s ago as "
            "primary, writable");
}

TEST(ClusterReport, TwoPrimariesAreCritical) {
  ClusterFacts facts = Three();
  facts.nodes[1].row.role = "primary";

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.answer, "critical: 2 nodes answer as primary: a, b");
  EXPECT_FALSE(report.failover.has_value());
}

TEST(ClusterReport, ANodeKnownFromAnotherOneAloneIsUnknownAndSaysFromWhom) {
  ClusterFacts facts = Three();
  facts.nodes[2].answers_here = false;
  facts.nodes[2].error_here = "connection timed out";

  const ClusterReport report = Judge(facts);

  EXPECT_EQ(report.status, Status::kUnknown);
  ASSERT_THAT(report.issues, SizeIs(1));
  EXPECT_EQ(report.issues[0].message,
            "could not be asked from here (connection timed out); it answers a, from which its row "
            "is known, but not its checks");
  ASSERT_THAT(report.disagreements, SizeIs(1));
  EXPECT_EQ(report.disagreements[0].Text(), "this command does not see c, a and b do");
}

TEST(ClusterReport, APrimaryKnownFromAnotherNodeIsNoMissingPrimary) {
  ClusterFacts facts = Three();
  facts.asked = "b";
  facts.nodes[0].answers_here = false;

  EXPECT_EQ(Judge(facts).status, Status::kUnknown);
}

TEST(ClusterReport, APartitionShowsWhoDoesNotSeeWhom) {
  ClusterFacts facts = Three();
  facts.nodes[0].row.sees = Names{"b"};
  facts.nodes[2].row.sees = Names{"b"};

  const ClusterReport report = Judge(facts);

  ASSERT_THAT(report.disagreements, SizeIs(2));
  EXPECT_EQ(report.disagreements[0].Text(), "c does not see a, b and this command do");
  EXPECT_EQ(report.disagreements[1].Text(), "a does not see c, b and this command do");
  EXPECT_EQ(report.answer,
            "warning: c does not see a, b and this command do; failover to b would lose 0 bytes");
}

TEST(ClusterReport, WhatANodeThatIsGoneSawIsNoDisagreement) {
  ClusterFacts facts = Three();
  Lose(facts, 2);
  facts.nodes[2].row.sees = Names{};

  EXPECT_THAT(Judge(facts).disagreements, IsEmpty());
}

TEST(ClusterText, ThePrimaryComesFirstAndWhatDoesNotApplyIsADash) {
  ClusterFacts facts = Three();
  std::swap(facts.nodes[0], facts.nodes[2]);

  EXPECT_THAT(
      ClusterLines(facts, Judge(facts), Palette()),
      ElementsAre(
          "healthy; failover to b would lose 0 bytes", "",
          " node | address       | role    | state     | timeline | lsn    | lag bytes | lag  | "
          "upstream | seen",
          "------+---------------+---------+-----------+----------+--------+-----------+------+-"
          "---------+------",
          " a    | 10.0.0.1:5432 | primary | writable  | 1        | 0/1388 | -         | -    | -  "
          "      | now",
          " b    | 10.0.0.1:5432 | standby | streaming | 1        | 0/1388 | 0 B       | 0 ms | a  "
          "      | now",
          " c    | 10.0.0.1:5432 | standby | streaming | 1        | 0/BB8  | 0 B       | 0 ms | a  "
          "      | now"));
}

TEST(ClusterText, ANodeThatIsGoneSaysWhenItWasSeenAndNotWhatItIs) {
  ClusterFacts facts = Three();
  facts.asked = "b";
  Lose(facts, 0);

  const std::vector<std::string> lines = ClusterLines(facts, Judge(facts), Palette());

  EXPECT_EQ(lines[0], "critical: no node answers as primary");
  EXPECT_EQ(lines[1], "b could take over; it lacks 0 bytes of what a was last seen to have");
  EXPECT_EQ(lines[5],
            " a    | 10.0.0.1:5432 | unknown | unreachable | 1        | 0/1388 | -         | -    "
            "| -        | 12.0 s ago by b");
}

TEST(ClusterText, IssuesHaveTheirHintBelowAndColourIsNeverAlone) {
  ClusterFacts facts = Three();
  facts.nodes[1].health = {Row("slots", Status::kCritical, "slot \"c\" is lost")};
  facts.nodes[1].health[0].hint = "Clone c again.";

  const std::vector<std::string> lines =
      ClusterLines(facts, Judge(facts), Palette("always", "", false));

  EXPECT_EQ(
      lines[0],
      "\033[01;31mcritical\033[0m: slots of b: slot \"c\" is lost; failover to b would lose 0 "
      "bytes");
  EXPECT_EQ(lines[lines.size() - 2], "  b slots: \033[01;31mcritical\033[0m: slot \"c\" is lost");
  EXPECT_EQ(lines.back(), "    \033[01;36mhint:\033[0m Clone c again.");
}

TEST(ClusterText, JsonHasBytesAsIntegersAndNullForWhatIsNotKnown) {
  ClusterFacts facts = Three();
  facts.nodes[2].row.replay_lag.reset();
  facts.nodes[2].row.replay_lag_bytes = 3'000'000'000;

  const nlohmann::json json = ClusterJson(facts, Judge(facts));

  EXPECT_EQ(json["status"], "ok");
  EXPECT_EQ(json["failover"]["loss_bytes"], 0);
  EXPECT_EQ(json["nodes"][2]["replay_lag_bytes"], 3'000'000'000);
  EXPECT_TRUE(json["nodes"][2]["replay_lag"].is_null());
  EXPECT_EQ(json["nodes"][1]["replay_lag"], 0.0);
  EXPECT_EQ(json["nodes"][1]["known_from"], "b");
}

TEST(ClusterText, JsonDoesNotCallANodeThatIsGoneAPrimary) {
  ClusterFacts facts = Three();
  facts.asked = "b";
  Lose(facts, 0);

  const nlohmann::json node = ClusterJson(facts, Judge(facts))["nodes"][0];

  EXPECT_EQ(node["role"], "unknown");
  EXPECT_EQ(node["last_role"], "primary");
  EXPECT_EQ(node["reachable"], false);
  EXPECT_EQ(node["known_from"], "b");
  EXPECT_EQ(node["error"], "timeout");
}

TEST(ClusterText, ShowsNoGateWhileAllAreOpen) {
  ClusterFacts facts = Three();
  for (NodeFacts& node : facts.nodes) node.row.gate = "open";

  const auto lines = ClusterLines(facts, Judge(facts), Palette::Of(-1));
  const auto json = ClusterJson(facts, Judge(facts));

  for (const std::string& line : lines) EXPECT_EQ(line.find("open"), std::string::npos) << line;
  EXPECT_EQ(json["nodes"][0]["gate"], "open");
  EXPECT_EQ(json["nodes"][0]["gate_reasons"], nlohmann::json::array());
}

TEST(ClusterText, ShowsEachGateAndWhyItIsClosedWhenOneIs) {
  ClusterFacts facts = Three();
  facts.nodes[0].row.gate = "closed";
  facts.nodes[0].row.gate_reasons = {"fenced by hand", "quarantine"};
  facts.nodes[1].row.gate = "open";

  const auto lines = ClusterLines(facts, Judge(facts), Palette::Of(-1));
  const auto json = ClusterJson(facts, Judge(facts));

  ASSERT_GE(lines.size(), 7U);
  EXPECT_TRUE(lines[2].ends_with(" | seen | gate")) << lines[2];
  EXPECT_TRUE(lines[4].ends_with(" | now  | closed: fenced by hand, quarantine")) << lines[4];
  EXPECT_TRUE(lines[5].ends_with(" | now  | open")) << lines[5];
  EXPECT_TRUE(lines[6].ends_with(" | now  | unknown")) << lines[6];
  EXPECT_EQ(json["nodes"][0]["gate"], "closed");
  EXPECT_EQ(json["nodes"][0]["gate_reasons"][0], "fenced by hand");
  EXPECT_TRUE(json["nodes"][2]["gate"].is_null());
  EXPECT_TRUE(json["nodes"][2]["gate_reasons"].is_null());
}

TEST(ClusterText, AGateThatWasOnlyOnceSeenIsUnknown) {
  ClusterFacts facts = Three();
  Lose(facts, 0);
  facts.nodes[0].row.gate = "closed";
  facts.nodes[1].row.gate = "closed";

  const auto json = ClusterJson(facts, Judge(facts));

  EXPECT_EQ(json["nodes"][0]["name"], "a");
  EXPECT_TRUE(json["nodes"][0]["gate"].is_null());
  EXPECT_EQ(json["nodes"][1]["gate"], "closed");
}

}  // namespace
}  // namespace baton::helper
