#include "core/upstream_check.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/nodes.hpp"
#include "test/unit/core/verdict.hpp"

namespace baton::core {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;

constexpr const char* kBringBack =
    "It has to be brought back while it is stopped: by pg_baton rejoin, or where that refuses by "
    "pg_baton clone.";

//   a (primary) <--- b
//               <--- c (this one), which is to follow b
struct Change {
  UpstreamFacts facts;

  Change() {
    facts.node = "b";
    facts.node_name = "c";
    facts.own = HealthyStandby();
    facts.own.position.received = Lsn(0x5000060);
    facts.own.position.replayed = Lsn(0x5000040);
    facts.registry_readable = true;
    facts.registered = true;
    facts.peers = {Answer("a", Role::kPrimary, ""), Answer("b", Role::kStandby, "a")};
    facts.login = "";
    facts.offer = UpstreamOffer{1, Lsn(0x5000060), std::nullopt, ""};
    UpstreamRoom& room = facts.room.emplace();
    room.slots = 10;
    room.slots_used = 1;
    room.senders = 10;
    room.senders_used = 2;
    room.may_replicate = true;
    room.oldest = Lsn(0x3000000);
    facts.sync = UpstreamSync{};
  }

  static PeerAnswer Answer(std::string_view name, Role role, std::string_view upstream) {
    PeerAnswer answer;
    answer.name = name;
    answer.kind = PeerAnswer::Kind::kAnswered;
    answer.row.name = name;
    answer.row.asked = answer.row.reachable = true;
    answer.row.role = role;
    answer.row.state = role == Role::kPrimary ? "writable" : "streaming";
    answer.row.timeline = 1;
    answer.row.upstream = upstream;
    return answer;
  }
  PeerAnswer& Of(std::string_view name) {
    for (PeerAnswer& peer : facts.peers) {
      if (peer.name == name) return peer;
    }
    return facts.peers.emplace_back(Answer(name, Role::kStandby, ""));
  }
  void Unanswered(std::string_view name, std::string_view error) {
    PeerAnswer& peer = Of(name);
    peer = {};
    peer.name = name;
    peer.error = error;
    if (name != facts.node) return;
    facts.login = std::nullopt;
    facts.offer = std::nullopt;
    facts.room = std::nullopt;
    facts.sync = std::nullopt;
  }
  // The node is on timeline 2, which left timeline 1 there.
  void NewTimeline(std::optional<Lsn> left) {
    facts.offer = UpstreamOffer{2, Lsn(0x6000000), left, ""};
    Of("b").row.timeline = 2;
  }
  std::optional<Verdict> Check(std::string_view check) const {
    return VerdictOf(CheckUpstream(facts), check);
  }
};

TEST(Upstream, AStandbyThatHasEverythingIsOkInEveryCheck) {
  const auto findings = CheckUpstream(Change().facts);

  EXPECT_THAT(ChecksOf(findings),
              ElementsAre("is_standby", "node_known", "request", "replay_paused", "alter_system",
                          "node_answers", "no_circle", "node_standby_login", "node_timeline",
                          "node_position", "node_wal", "node_slots", "node_wal_senders",
                          "stays_there", "sync_standbys"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(Upstream, ThePrimaryIsOkInEveryCheck) {
  Change it;
  it.facts.node = "a";

  EXPECT_THAT(CheckUpstream(it.facts), Each(Field(&Finding::status, Status::kOk)));
}

TEST(UpstreamIsStandby, IsTheOnlyAnswerOfAPrimaryOrOneThatBecomesIt) {
  Change primary;
  primary.facts.own = {};
  primary.facts.own.role = Role::kPrimary;
  EXPECT_THAT(ChecksOf(CheckUpstream(primary.facts)), ElementsAre("is_standby"));
  EXPECT_EQ(primary.Check("is_standby"),
            Critical("primary", "this server is a primary, and follows nobody",
                     "Ask the standby that is to follow; a primary hands its role over by "
                     "baton.switchover()."));

  Change promoting;
  promoting.facts.own.promoting = true;
  EXPECT_EQ(promoting.Check("is_standby"),
            Critical("standby", "this standby is being promoted", "See baton.requests."));
}

TEST(UpstreamNodeKnown, IsTheOnlyAnswerForANodeThatIsNone) {
  Change unregistered;
  unregistered.facts.registered = false;
  EXPECT_THAT(ChecksOf(CheckUpstream(unregistered.facts)), ElementsAre("node_known"));
  EXPECT_EQ(unregistered.Check("node_known"),
            Critical("b", "node \"b\" is not registered",
                     "See baton.node; SELECT baton.register_node() enters a node, on the "
                     "primary."));

  Change itself;
  itself.facts.node = "c";
  EXPECT_EQ(itself.Check("node_known"), Critical("c", "node \"c\" is this node itself",
                                                 "Name the node that this one is to follow."));

  Change unread;
  unread.facts.registry_readable = false;
  EXPECT_EQ(unread.Check("node_known"),
            Critical("b", "the registered nodes are not known, so nobody could be asked",
                     "Create the extension in the database of pg_baton.database."));

  Change nameless;
  nameless.facts.node_name = "";
  EXPECT_EQ(nameless.Check("node_known"),
            Critical("b", "this server has no name, so no replication slot can be made for it",
                     "Set pg_baton.node_name."));
}

TEST(UpstreamRequest, IsCriticalWhileAnotherIsUnderWay) {
  Change it;
  it.facts.busy = "request 7 is under way: promote";

  EXPECT_EQ(it.Check("request"),
            Critical("request 7 is under way: promote", "request 7 is under way: promote",
                     "Wait until it is finished; see baton.requests."));
}

TEST(UpstreamReplayPaused, IsCriticalAsTheServerWouldNotChange) {
  Change it;
  it.facts.own.replay = Replay::kPaused;

  EXPECT_EQ(
      it.Check("replay_paused"),
      Critical("yes", "replay is paused, and the server changes its upstream only while it replays",
               "SELECT pg_wal_replay_resume()."));
}

TEST(UpstreamAlterSystem, IsCriticalWhereTheSettingsAreFixed) {
  Change off;
  off.facts.alter_system_allowed = false;
  EXPECT_EQ(off.Check("alter_system"),
            Critical("off", "allow_alter_system is off",
                     "Change primary_conninfo and primary_slot_name by hand."));

  Change fixed;
  fixed.facts.on_command_line = "primary_conninfo";
  EXPECT_EQ(fixed.Check("alter_system"),
            Critical("primary_conninfo", "set on the server's command line: primary_conninfo",
                     "Take it from there, and restart this standby."));
}

TEST(UpstreamNodeAnswers, IsCriticalWithoutAnAnswer) {
  constexpr const char* kHint =
      "Make sure that it runs, that its entry in baton.node is right, and that this server can "
      "connect to it as baton_node.";
  Change silent;
  silent.Unanswered("b", "no answer within 2.0 s");
  EXPECT_EQ(silent.Check("node_answers"),
            Critical("b", "node \"b\" does not answer: no answer within 2.0 s", kHint));
  EXPECT_EQ(silent.Check("node_timeline"), Unknown("", "node \"b\" could not be asked"));
  EXPECT_EQ(silent.Check("node_position"), Unknown("", "node \"b\" could not be asked"));
  EXPECT_EQ(silent.Check("node_slots"), Unknown("", "node \"b\" could not be asked"));

  Change stranger;
  stranger.Unanswered("b", "the server at this address belongs to another cluster");
  stranger.Of("b").kind = PeerAnswer::Kind::kReached;
  EXPECT_EQ(stranger.Check("node_answers"),
            Critical("b",
                     "node \"b\" cannot be asked: the server at this address belongs to another "
                     "cluster",
                     kHint));

  Change half;
  half.facts.room = std::nullopt;
  half.facts.error = "no answer within 2.0 s";
  EXPECT_EQ(half.Check("node_answers"),
            Critical("b", "node \"b\" cannot be asked: no answer within 2.0 s", kHint));
}

TEST(UpstreamNoCircle, IsCriticalWhereTheNodeFollowsThisOne) {
  Change told;
  told.Of("b").row.upstream = "c";
  EXPECT_EQ(told.Check("no_circle"), Critical("b", "node \"b\" follows this node itself",
                                              "Let \"b\" follow another node first."));

  // It does not know yet, or says something else.
  Change seen;
  seen.facts.standbys = {"b"};
  EXPECT_EQ(seen.Check("no_circle")->status, Status::kCritical);
}

//   c (this one) <--- e <--- d <--- b
TEST(UpstreamNoCircle, IsCriticalWhereItFollowsThisOneThroughOthers) {
  Change it;
  it.Of("b").row.upstream = "d";
  it.Of("d").row.upstream = "e";
  it.Of("e").row.upstream = "c";

  EXPECT_EQ(it.Check("no_circle"),
            Critical("e", "node \"b\" gets its WAL from this node, by way of \"e\"",
                     "Let \"e\" follow another node first."));
}

TEST(UpstreamNoCircle, TakesWhatWasSeenOfASilentNode) {
  Change it;
  it.Of("b").row.upstream = "d";
  it.Unanswered("d", "gone");
  PeerRow row;
  row.name = "d";
  row.role = Role::kStandby;
  row.upstream = "c";
  it.facts.seen = {row};

  EXPECT_EQ(it.Check("no_circle")->status, Status::kCritical);
}

TEST(UpstreamNoCircle, IsCriticalWhereItCannotBeExcluded) {
  Change it;
  it.Of("b").row.upstream = "10.0.0.7:5432";
  EXPECT_EQ(it.Check("no_circle")->status, Status::kOk) << "nobody streams from here";

  it.facts.standbys = {"f"};
  EXPECT_EQ(it.Check("no_circle"),
            Critical("10.0.0.7:5432",
                     "it is not known whether node \"b\" gets its WAL from this one: the way goes "
                     "by \"10.0.0.7:5432\", of which nothing is known",
                     "Bring \"10.0.0.7:5432\" back, or register it, or let the standbys of this "
                     "node follow others first."));
}

TEST(UpstreamNoCircle, IsCriticalAlsoForACircleOfOthers) {
  Change it;
  it.Of("b").row.upstream = "d";
  it.Of("d").row.upstream = "b";

  EXPECT_EQ(it.Check("no_circle"),
            Critical("b", "node \"b\" gets its WAL in a circle of standbys, so from nobody",
                     "Let one of them follow the primary first."));
}

TEST(UpstreamStandbyLogin, IsCriticalWhereTheNodeLetsNobodyIn) {
  Change it;
  it.facts.login = "no pg_hba.conf entry";

  EXPECT_EQ(
      it.Check("node_standby_login"),
      Critical("no", "node \"b\" does not let this server in as a standby: no pg_hba.conf entry",
               "It would stream from there by its primary_conninfo, or else as baton_node; "
               "mend pg_hba.conf there, or the login."));
}

TEST(UpstreamTimeline, IsCriticalOnAnOlderOne) {
  Change it;
  it.facts.own.position.timeline = 2;

  EXPECT_EQ(it.Check("node_timeline"),
            Critical("1", "node \"b\" is on timeline 1, and this standby on 2 already",
                     "Wait until it follows the present primary; a former primary is brought back "
                     "by pg_baton rejoin."));
}

TEST(UpstreamTimeline, IsCriticalWhereTheSameNumberIsOfAnotherPromotion) {
  Change it;
  it.facts.reign = {17, 1, {}};
  it.Of("b").row.reign = {18, 1, {}};
  EXPECT_EQ(it.Check("node_timeline"),
            Critical("1", "timeline 1 of node \"b\" is of another promotion than this standby's",
                     kBringBack));

  it.Of("b").row.reign.id = 17;
  EXPECT_EQ(it.Check("node_timeline"), Ok("1", "both are on timeline 1"));
  it.Of("b").row.reign = {};
  EXPECT_EQ(it.Check("node_timeline"), Ok("1", "both are on timeline 1")) << "not known";
}

TEST(UpstreamTimeline, IsOkOnANewerOneThatBeganBeyondWhatIsHere) {
  Change it;
  it.NewTimeline(Lsn(0x5000060));

  EXPECT_EQ(it.Check("node_timeline"),
            Ok("2", "timeline 2 left ours at 0/5000060, which is still to come here"));
}

TEST(UpstreamTimeline, IsCriticalBeyondTheFork) {
  Change replayed;
  replayed.NewTimeline(Lsn(0x5000020));
  const Verdict critical = Critical(
      "2", "node \"b\" left our history at 0/5000020, and this standby has WAL up to 0/5000060",
      kBringBack);
  EXPECT_EQ(replayed.Check("node_timeline"), critical);

  Change received;
  received.NewTimeline(Lsn(0x5000050));
  EXPECT_EQ(received.Check("node_timeline")->status, Status::kOk) << "a part of a record";
  received.facts.record_at_fork = true;
  EXPECT_EQ(received.Check("node_timeline")->status, Status::kCritical);
}

TEST(UpstreamTimeline, IsCriticalOnOneOfAnotherHistory) {
  Change it;
  it.NewTimeline(std::nullopt);
  EXPECT_EQ(it.Check("node_timeline"),
            Critical("2", "timeline 2 of node \"b\" did not come from timeline 1 of this standby",
                     kBringBack));

  it.facts.offer->history_error = "no such file";
  EXPECT_EQ(it.Check("node_timeline"),
            Critical("2", "the history of timeline 2 of node \"b\" could not be read: no such file",
                     "Ask again; see the server log there."));
}

TEST(UpstreamTimeline, IsCriticalWhereThisStandbyMayNotChangeIt) {
  Change it;
  it.NewTimeline(Lsn(0x5000060));
  it.facts.latest_timeline = false;

  EXPECT_EQ(it.Check("node_timeline"),
            Critical("2",
                     "node \"b\" is on timeline 2, and recovery_target_timeline of this standby is "
                     "not latest",
                     "Set it to latest and restart this standby."));
}

TEST(UpstreamPosition, IsAWarningWhereItIsWaitedFor) {
  Change it;
  it.facts.offer->end = Lsn(0x5000050);

  EXPECT_EQ(
      it.Check("node_position"),
      Warning("0/5000050", "node \"b\" has WAL up to 0/5000050, and this standby up to 0/5000060",
              "It is waited for until it has that, within the timeout."));
}

TEST(UpstreamPosition, IsCriticalWhereItCannotCatchUp) {
  Change it;
  it.facts.offer->end = Lsn(0x5000050);
  it.Of("b").row.state = "not receiving";
  EXPECT_EQ(
      it.Check("node_position"),
      Critical("0/5000050", "node \"b\" has WAL up to 0/5000050, and this standby up to 0/5000060",
               "It receives nothing, so it cannot catch up; let it follow another node "
               "first."));

  it.Of("b").row.role = Role::kPrimary;
  EXPECT_EQ(it.Check("node_position")->hint, kBringBack);
}

TEST(UpstreamPosition, WantsNothingBeyondTheFork) {
  Change it;
  it.NewTimeline(Lsn(0x5000050));
  it.facts.offer->end = Lsn(0x5000050);

  EXPECT_EQ(WantedOf(it.facts), Lsn(0x5000050));
  EXPECT_EQ(it.Check("node_position")->status, Status::kOk);
  EXPECT_EQ(WantedOf(Change().facts), Lsn(0x5000060));
}

TEST(UpstreamWal, IsCriticalWhereTheNodeHasRemovedWhatIsNeeded) {
  Change it;
  it.facts.room->oldest = Lsn(0x6000000);
  const std::string message =
      "node \"b\" has WAL from 0/6000000 on, and this standby needs it from 0/5000040 on";
  EXPECT_EQ(it.Check("node_wal"),
            Critical("0/6000000", message,
                     "Let it catch up where it is; or set restore_command, if there is an "
                     "archive."));

  it.facts.restore_command = true;
  EXPECT_EQ(it.Check("node_wal"),
            Warning("0/6000000", message,
                    "What is between has to come from the archive, by restore_command."));
}

TEST(UpstreamSlots, IsCriticalWithoutRoom) {
  Change full;
  full.facts.room->slots_used = 10;
  EXPECT_EQ(full.Check("node_slots"),
            Critical("10 of 10", "all 10 replication slots of node \"b\" are in use",
                     "Drop one there, or raise max_replication_slots and restart it."));

  full.facts.room->slot_type = "physical";
  EXPECT_EQ(full.Check("node_slots"),
            Ok("10 of 10", "node \"b\" has a replication slot for this node already"));
}

TEST(UpstreamSlots, IsCriticalWhereTheSlotIsNotForThisNode) {
  Change used;
  used.facts.room->slot_type = "physical";
  used.facts.room->slot_active = true;
  EXPECT_EQ(used.Check("node_slots"),
            Critical("1 of 10", "the replication slot \"c\" of node \"b\" is in use",
                     "Another server with this node's name streams from there; look at "
                     "baton.standbys of that node."));
  used.facts.is_upstream = true;
  EXPECT_EQ(used.Check("node_slots")->status, Status::kOk) << "by this one";

  Change logical;
  logical.facts.room->slot_type = "logical";
  EXPECT_EQ(logical.Check("node_slots"),
            Critical("1 of 10", "node \"b\" has a logical replication slot with this node's name",
                     "Drop it there, or give it another name."));

  Change forbidden;
  forbidden.facts.room->may_replicate = false;
  EXPECT_EQ(forbidden.Check("node_slots"),
            Critical("1 of 10", "role baton_node may make no replication slot on node \"b\"",
                     "It needs REPLICATION; pg_baton setup-primary on the primary gives it."));
}

TEST(UpstreamWalSenders, IsCriticalWithoutRoom) {
  Change it;
  it.facts.room->senders_used = 10;
  EXPECT_EQ(it.Check("node_wal_senders"),
            Critical("10 of 10", "all 10 WAL senders of node \"b\" are in use",
                     "Raise max_wal_senders and restart it, or let another standby leave it."));

  it.facts.is_upstream = true;
  EXPECT_EQ(it.Check("node_wal_senders")->status, Status::kOk) << "one of them is for this one";
}

//   a (primary, timeline 2 from 5000060 on)      b (timeline 1), where this one is to go
TEST(UpstreamStaysThere, IsCriticalWhereTheAutomaticFollowingWouldUndoIt) {
  Change it;
  it.Of("a").row.timeline = 2;
  it.Of("a").row.reign = {5, 2, Lsn(0x5000060)};
  it.Of("b").row.upstream = "d";
  EXPECT_EQ(it.Check("stays_there"),
            Critical("a",
                     "this standby would leave node \"b\" for \"a\" by itself: it is the primary "
                     "on timeline 2 from 0/5000060 on",
                     "Follow \"a\", or let node \"b\" follow it first."));

  it.facts.follow_primary = false;
  EXPECT_EQ(it.Check("stays_there")->status, Status::kOk);
  it.facts.follow_primary = true;
  it.Of("b").row.upstream = "a";
  EXPECT_EQ(it.Check("stays_there")->status, Status::kOk) << "its WAL leads there";
}

TEST(UpstreamSyncStandbys, IsCriticalWhereCommitsWouldWaitForEver) {
  Change it;
  it.facts.sync = UpstreamSync{"FIRST 1 (c)", true, 0};
  EXPECT_EQ(it.Check("sync_standbys"),
            Critical("FIRST 1 (c)",
                     "commits on the primary wait for this standby, and would wait for ever: "
                     "synchronous_standby_names is \"FIRST 1 (c)\"",
                     "Only a direct standby of the primary counts; change the setting there "
                     "first."));

  it.facts.sync = UpstreamSync{"ANY 1 (b, c)", true, 1};
  EXPECT_EQ(it.Check("sync_standbys"),
            Ok("ANY 1 (b, c)", "commits that wait for this standby can wait for others"));
  it.facts.sync = UpstreamSync{"b", false, 1};
  EXPECT_EQ(it.Check("sync_standbys"), Ok("b", "no commit waits for this standby"));
}

TEST(UpstreamSyncStandbys, IsUnknownWhereItCouldNotBeTold) {
  Change silent;
  silent.facts.sync = std::nullopt;
  EXPECT_EQ(silent.Check("sync_standbys"),
            Unknown("", "the primary could not be asked whether commits wait for this standby"));

  Change strange;
  strange.facts.sync = UpstreamSync{"ANY (", true, 0};
  EXPECT_EQ(strange.Check("sync_standbys"),
            Unknown("ANY (", "synchronous_standby_names of the primary could not be understood"));
}

}  // namespace
}  // namespace baton::core
