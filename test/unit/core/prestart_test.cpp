#include "core/prestart.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using Action = StartVerdict::Action;
using Memory = StartingNode::Memory;
using testing::HasSubstr;

PeerWord Silent(const std::string& name) {
  PeerWord word;
  word.name = name;
  word.error = "no answer in time";
  return word;
}

PeerWord Standby(const std::string& name, TimelineId timeline, const std::string& primary) {
  PeerWord word;
  word.name = name;
  word.answered = true;
  word.role = Role::kStandby;
  word.timeline = timeline;
  word.primary = primary;
  word.primary_timeline = primary.empty() ? 0 : timeline;
  return word;
}

PeerWord Primary(const std::string& name, TimelineId timeline, std::uint64_t reign) {
  PeerWord word = Standby(name, timeline, name);
  word.role = Role::kPrimary;
  word.reign = {reign, timeline, {}};
  return word;
}

// Node "a", a primary on timeline 2 when it was last seen, which knows "b".
class Prestart : public testing::Test {
 protected:
  Prestart() {
    node_.path = "/data/a";
    node_.is_data_directory = true;
    node_.loads_library = true;
    node_.name = "a";
    node_.memory = Memory::kOwn;
    node_.peers = {{"b", "host=b"}};
    node_.timeline = 2;
    node_.state.reign = {20, 2, {}};
  }

  StartVerdict Judge(const std::vector<PeerWord>& words) const {
    return JudgeStart(node_, words, rules_);
  }

  void ExpectStartsAlone(const std::string& message) {
    const auto verdict = JudgeAlone(node_, rules_);
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(verdict->action, Action::kStart);
    EXPECT_FALSE(verdict->is_doubtful);
    EXPECT_EQ(verdict->reason.message, message);
  }

  void ExpectRefusesAlone(const Problem& reason) {
    const auto verdict = JudgeAlone(node_, rules_);
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(verdict->action, Action::kRefuse);
    EXPECT_EQ(verdict->reason, reason);
  }

  void ExpectStarts(const std::vector<PeerWord>& words, const std::string& message) {
    const StartVerdict verdict = Judge(words);
    EXPECT_EQ(verdict.action, Action::kStart);
    EXPECT_FALSE(verdict.is_doubtful);
    EXPECT_EQ(verdict.reason.message, message);
  }

  void ExpectDoubts(const std::vector<PeerWord>& words, const Problem& reason) {
    const StartVerdict verdict = Judge(words);
    EXPECT_EQ(verdict.action, Action::kStart);
    EXPECT_TRUE(verdict.is_doubtful);
    EXPECT_EQ(verdict.reason, reason);
  }

  void ExpectRejoins(const std::vector<PeerWord>& words, const std::string& primary) {
    const StartVerdict verdict = Judge(words);
    EXPECT_EQ(verdict.action, Action::kRejoin) << verdict.reason.message;
    EXPECT_EQ(verdict.primary, primary);
  }

  void ExpectRefuses(const std::vector<PeerWord>& words, const std::string& message) {
    const StartVerdict verdict = Judge(words);
    EXPECT_EQ(verdict.action, Action::kRefuse);
    EXPECT_EQ(verdict.reason.message, message);
    EXPECT_NE(verdict.reason.hint, "");
  }

  StartingNode node_;
  StartRules rules_;
};

TEST_F(Prestart, AsksTheOthersWhereThisNodeWasAPrimary) {
  EXPECT_FALSE(JudgeAlone(node_, rules_).has_value());
}

TEST_F(Prestart, RefusesWhatIsNoDataDirectory) {
  node_.is_data_directory = false;
  ExpectRefusesAlone({"\"/data/a\" is not a data directory", "It has no file PG_VERSION.",
                      "Name the node's data directory with -D."});
}

TEST_F(Prestart, RefusesADirectoryOfAnotherUser) {
  node_.is_foreign = true;
  ExpectRefusesAlone({"directory \"/data/a\" belongs to another user", "",
                      "Run pg_baton as its owner, for example with runuser -u postgres."});
}

TEST_F(Prestart, RefusesWhileAServerRunsThere) {
  node_.is_running = true;
  ExpectRefusesAlone({"a server is running in \"/data/a\"", "",
                      "There is nothing to start; pg_baton status shows the cluster."});
}

TEST_F(Prestart, IsNoHindranceForAPlainServer) {
  node_.loads_library = false;
  node_.memory = Memory::kUnreadable;
  rules_.require_answer = true;
  ExpectStartsAlone("this server is no node of pg_baton: it may start");
}

TEST_F(Prestart, AStandbyStartsWithoutAQuestion) {
  node_.is_standby = true;
  rules_.require_answer = true;
  ExpectStartsAlone("node \"a\" is a standby already: it may start");
}

TEST_F(Prestart, LeavesARecoveryAloneThatSomebodyHasPrepared) {
  node_.is_restored = true;
  ExpectStartsAlone("node \"a\" is to recover from a backup: it may start");
}

TEST_F(Prestart, ANodeThatNeverKnewOthersStarts) {
  rules_.require_answer = true;
  node_.peers.clear();
  ExpectStartsAlone("node \"a\" may start: no other nodes were registered");
  node_.memory = Memory::kNone;
  ExpectStartsAlone("node \"a\" may start: it knows no other nodes");
}

TEST_F(Prestart, WhereTheStateFileDoesNotHelpItStartsInDoubt) {
  node_.peers.clear();
  node_.memory = Memory::kForeign;
  EXPECT_EQ(JudgeAlone(node_, rules_)->action, Action::kStart);
  EXPECT_EQ(JudgeAlone(node_, rules_)->reason,
            (Problem{"node \"a\" does not know which other nodes there are",
                     "Its file pg_baton/state is of another node. The server starts with its write "
                     "gate closed, until another node answers or pg_baton.quarantine_timeout is "
                     "over.",
                     "See baton.health when it runs."}));
  node_.memory = Memory::kUnreadable;
  EXPECT_TRUE(JudgeAlone(node_, rules_)->is_doubtful);
  EXPECT_EQ(JudgeAlone(node_, rules_)->reason.detail,
            "Its file pg_baton/state cannot be read. The server starts with its write gate closed, "
            "until a person calls baton.unfence().");
  rules_.require_answer = true;
  ExpectRefusesAlone({"node \"a\" does not know which other nodes there are",
                      "Its file pg_baton/state cannot be read.",
                      "Start the other nodes first, or run the command without "
                      "--require-answer."});
}

TEST_F(Prestart, StartsWhereNobodyElseIsAPrimary) {
  ExpectStarts({Standby("b", 2, "a")}, "node \"a\" may start: no other node is a primary");
}

TEST_F(Prestart, StartsBesideAnOlderPrimary) {
  ExpectStarts({Primary("b", 1, 10)}, "node \"a\" may start: no other node is a newer primary");
}

TEST_F(Prestart, StartsBesideOlderPrimariesHoweverManyThereAre) {
  ExpectStarts({Primary("b", 1, 10), Primary("c", 1, 11)},
               "node \"a\" may start: no other node is a newer primary");
}

TEST_F(Prestart, RejoinsToAPrimaryOnANewerTimeline) {
  ExpectRejoins({Primary("b", 3, 30)}, "b");
  EXPECT_EQ(Judge({Primary("b", 3, 30)}).reason.message,
            "node \"b\" is the primary on timeline 3: this node comes back as its standby");
}

TEST_F(Prestart, RejoinsToTheNewestOfSeveralPrimaries) {
  ExpectRejoins({Primary("b", 3, 30), Primary("c", 4, 40), Silent("d")}, "c");
  ExpectRejoins({Primary("c", 4, 40), Primary("b", 3, 30)}, "c");
}

TEST_F(Prestart, RejoinsToAPrimaryOfAnotherReignOnTheSameTimeline) {
  ExpectRejoins({Primary("b", 2, 21)}, "b");
}

TEST_F(Prestart, AServerThatCrashedAfterItsPromotionIsOnTheTimelineOfItsReign) {
  node_.timeline = 1;
  ExpectRejoins({Primary("b", 2, 21)}, "b");
  ExpectRefuses({Primary("b", 2, 0)}, "node \"b\" is a primary on timeline 2, as this node was");
}

TEST_F(Prestart, RefusesBesideAPrimaryOfTheSameTimelineWhoseReignIsNotKnown) {
  ExpectRefuses({Primary("b", 2, 0)}, "node \"b\" is a primary on timeline 2, as this node was");
  node_.state.reign.id = 0;
  ExpectRefuses({Primary("b", 2, 21)}, "node \"b\" is a primary on timeline 2, as this node was");
}

TEST_F(Prestart, AReignOfAnEarlierTimelineSaysNothing) {
  node_.timeline = 3;
  ExpectRefuses({Primary("b", 3, 30)}, "node \"b\" is a primary on timeline 3, as this node was");
}

TEST_F(Prestart, RefusesTwoPrimariesOfOneTimeline) {
  const StartVerdict verdict = Judge({Primary("b", 3, 30), Primary("c", 3, 31)});

  EXPECT_EQ(verdict.action, Action::kRefuse);
  EXPECT_EQ(verdict.reason,
            (Problem{"2 nodes answer as primary on timeline 3", "They are \"b\" and \"c\".",
                     "Stop the one that should not be it, then run the command again."}));
  ExpectRefuses({Primary("b", 2, 21), Primary("c", 2, 22)},
                "2 nodes answer as primary on timeline 2");
}

TEST_F(Prestart, OfTwoPrimariesTheOneThatHasGivenWayDoesNotCount) {
  PeerWord yielded = Primary("c", 3, 31);
  yielded.primary = "b";

  ExpectRejoins({Primary("b", 3, 30), yielded}, "b");
  ExpectRefuses({yielded},
                "node \"c\" is a primary on timeline 3 that has given way to another, and none "
                "answers that counts");
}

TEST_F(Prestart, RefusesWhileTheNewerPrimaryDoesNotAnswer) {
  const StartVerdict verdict = Judge({Silent("b"), Standby("c", 3, "b")});

  EXPECT_EQ(verdict.action, Action::kRefuse);
  EXPECT_EQ(verdict.reason,
            (Problem{"node \"c\" knows of a primary on timeline 3, and none answers",
                     "Node \"b\": does not answer: no answer in time. Node \"c\": standby on "
                     "timeline 3, of primary \"b\" on timeline 3.",
                     "Start that one, or let another node be promoted, then run the command "
                     "again."}));
}

TEST_F(Prestart, RefusesWhereAStandbyKnowsANewerPrimaryThanTheOneThatAnswers) {
  ExpectRefuses({Primary("b", 3, 30), Standby("c", 4, "d")},
                "node \"c\" knows of a primary on timeline 4, and none answers");
}

TEST_F(Prestart, RefusesWhereAStandbyFollowsAnotherReignOfTheSameTimeline) {
  PeerWord standby = Standby("c", 2, "b");
  standby.reign = {21, 2, {}};

  ExpectRefuses({standby},
                "node \"c\" has WAL of another primary of timeline 2, which this node was a "
                "primary on");
  standby.reign.id = 20;
  ExpectStarts({standby}, "node \"a\" may start: no other node is a primary");
}

TEST_F(Prestart, APersonsDecisionAgainstARivalHolds) {
  PeerWord rival = Primary("b", 2, 21);
  rival.primary = "a";
  ExpectRefuses({rival},
                "node \"b\" has WAL of another primary of timeline 2, which this node was a "
                "primary on");

  node_.state.decided = true;
  ExpectStarts({rival}, "node \"a\" may start: no other node is a primary");
}

TEST_F(Prestart, WaitsForTheEndOfAPromotion) {
  PeerWord word = Standby("b", 2, "a");
  word.promoting = true;

  ExpectRefuses({word}, "node \"b\" is being promoted");
  EXPECT_TRUE(Judge({word}).may_change);
}

TEST_F(Prestart, WhereNobodyAnswersItStartsInDoubt) {
  ExpectDoubts({Silent("b")},
               {"no other node answers \"a\"",
                "Node \"b\": does not answer: no answer in time. The server starts with its write "
                "gate closed, until another node answers or pg_baton.quarantine_timeout is over.",
                "See baton.health when it runs."});
}

TEST_F(Prestart, WhereNobodyAnswersItRefusesIfAnAnswerIsRequired) {
  rules_.require_answer = true;

  const StartVerdict verdict = Judge({Silent("b")});

  EXPECT_EQ(verdict.action, Action::kRefuse);
  EXPECT_EQ(verdict.reason, (Problem{"no other node answers \"a\"",
                                     "Node \"b\": does not answer: no answer in time.",
                                     "Start the other nodes first, or run the command without "
                                     "--require-answer."}));
}

TEST_F(Prestart, HalfOfTheOthersHaveToAnswer) {
  const StartVerdict one_of_three = Judge({Silent("b"), Silent("c"), Standby("d", 2, "a")});
  EXPECT_TRUE(one_of_three.is_doubtful);
  EXPECT_EQ(one_of_three.reason.message, "too few of the other nodes answer \"a\"");

  ExpectStarts({Silent("b"), Standby("d", 2, "a")},
               "node \"a\" may start: no other node is a primary");
}

TEST_F(Prestart, ANodeThatHadFoundAnotherPrimaryStaysClosedUntilThatOneAnswers) {
  node_.state.superseded = true;
  node_.state.successor = "b";

  EXPECT_THAT(Judge({Silent("b")}).reason.detail, HasSubstr("until a person calls baton.unfence"));
  ExpectDoubts({Silent("b"), Standby("c", 2, "a")},
               {"node \"a\" had found another primary, which does not answer now",
                "Node \"b\": does not answer: no answer in time. Node \"c\": standby on timeline "
                "2, of primary \"a\" on timeline 2. The server starts with its write gate closed, "
                "until a person calls baton.unfence(force => true).",
                "See baton.health when it runs."});
  ExpectRejoins({Primary("b", 3, 30)}, "b");
}

// A directory whose files are of two servers.
class PrestartUnfinished : public Prestart {
 protected:
  PrestartUnfinished() { node_.is_unfinished = true; }
};

TEST_F(PrestartUnfinished, GoesOnWithAnyPrimaryThatAnswers) {
  EXPECT_FALSE(JudgeAlone(node_, rules_).has_value());
  ExpectRejoins({Primary("b", 1, 10)}, "b");
  ExpectRejoins({Primary("b", 2, 20)}, "b");
}

TEST_F(PrestartUnfinished, DoesNotStartWithoutAPrimary) {
  for (const PeerWord& word : {Silent("b"), Standby("b", 2, "a"), Standby("b", 3, "c")}) {
    ExpectRefuses({word},
                  "directory \"/data/a\" was left half-way by a rejoin or clone, and no primary "
                  "answers");
  }
  node_.is_standby = true;
  node_.peers.clear();
  ExpectRefusesAlone({"directory \"/data/a\" was left half-way by a rejoin or clone",
                      "Which other nodes there are is not known, so it cannot go on by itself.",
                      "Run pg_baton rejoin with the address of the present primary."});
}

TEST_F(PrestartUnfinished, DoesNotChooseBetweenTwoPrimaries) {
  ExpectRefuses({Primary("b", 1, 10), Primary("c", 1, 11)},
                "2 nodes answer as primary on timeline 1");
}

TEST(PeerText, SaysWhatANodeIsAndWhatItKnows) {
  EXPECT_EQ(PeerText(Silent("b")), "does not answer: no answer in time");
  EXPECT_EQ(PeerText(Primary("b", 3, 30)), "primary on timeline 3");
  EXPECT_EQ(PeerText(Standby("b", 3, "c")),
            "standby on timeline 3, of primary \"c\" on timeline 3");
  EXPECT_EQ(PeerText(Standby("b", 3, "")), "standby on timeline 3, which knows no primary");
  PeerWord yielded = Primary("b", 3, 30);
  yielded.primary = "c";
  EXPECT_EQ(PeerText(yielded), "primary on timeline 3, which has given way to \"c\"");
}

}  // namespace
}  // namespace baton::core
