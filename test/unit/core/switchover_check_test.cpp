#include "core/switchover_check.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/nodes.hpp"
#include "test/unit/core/verdict.hpp"

namespace baton::core {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;

//   a (this one, timeline 1) ---> b (the target, has everything)
struct Handover {
  SwitchoverFacts facts;

  Handover() {
    facts.target = "b";
    facts.node_name = "a";
    facts.major_version = 15;
    facts.timeline = 1;
    facts.registry_readable = true;
    facts.registered = true;
    facts.senders_read = true;
    facts.sender = TargetSender{.state = "streaming", .lacks_bytes = 0};
    facts.lag_allowed = 16 * kMegabyte;
    facts.answer.name = "b";
    facts.answer.kind = PeerAnswer::Kind::kAnswered;
    facts.answer.row.role = Role::kStandby;
    facts.answer.row.state = "streaming";
    facts.answer.row.timeline = 1;
    facts.answer.row.server_version = "15.4 (Debian 15.4-1)";
    facts.promotion_check = std::vector<Finding>{
        Judged("primary_alive", Status::kCritical, "a", "node \"a\" answers as primary")};
    facts.sees_us = true;
    facts.slots = core::TargetSlots{.total = 10, .used = 1, .has_ours = false};
    facts.standby_login = "";
  }

  void TargetSays(std::string_view check, Status status, std::string_view message) {
    facts.promotion_check->push_back(Judged(check, status, "", message));
  }
  void Unanswered(std::string_view error) {
    facts.answer = {};
    facts.answer.name = "b";
    facts.answer.error = error;
    facts.error = error;
    facts.promotion_check = std::nullopt;
    facts.sees_us = std::nullopt;
    facts.slots = std::nullopt;
    facts.standby_login = std::nullopt;
  }
  std::optional<Verdict> Check(std::string_view check) const {
    return VerdictOf(CheckSwitchover(facts), check);
  }
};

TEST(Switchover, ToAStandbyThatHasEverythingIsOkInEveryCheck) {
  const auto findings = CheckSwitchover(Handover().facts);

  EXPECT_THAT(ChecksOf(findings),
              ElementsAre("target_known", "target_answers", "target_is_standby", "target_timeline",
                          "target_lag", "target_version", "target_promotable", "target_reaches_us",
                          "target_slots", "target_standby_login", "sync_standbys"));
  EXPECT_THAT(findings, Each(Field(&Finding::status, Status::kOk)));
}

TEST(SwitchoverTargetKnown, IsOkForARegisteredNode) {
  EXPECT_EQ(Handover().Check("target_known"), Ok("b", "node \"b\" is registered"));
}

TEST(SwitchoverTargetKnown, IsTheOnlyAnswerForANodeThatIsNotRegistered) {
  Handover it;
  it.facts.registered = false;

  EXPECT_THAT(ChecksOf(CheckSwitchover(it.facts)), ElementsAre("target_known"));
  EXPECT_EQ(it.Check("target_known"),
            Critical("b", "node \"b\" is not registered",
                     "See baton.node; SELECT baton.register_node() enters a node."));
}

TEST(SwitchoverTargetKnown, IsTheOnlyAnswerForThisNodeItself) {
  Handover it;
  it.facts.target = "a";

  EXPECT_THAT(ChecksOf(CheckSwitchover(it.facts)), ElementsAre("target_known"));
  EXPECT_EQ(it.Check("target_known"), Critical("a", "node \"a\" is this node itself",
                                               "Name the standby that is to take over."));
}

TEST(SwitchoverTargetKnown, IsCriticalWithoutTheRegistry) {
  Handover it;
  it.facts.registry_readable = false;

  EXPECT_EQ(it.Check("target_known"),
            Critical("b", "the registered nodes are not known, so nobody could be asked",
                     "Create the extension in the database of pg_baton.database."));
}

TEST(SwitchoverTargetAnswers, IsOkWhenItDoes) {
  EXPECT_EQ(Handover().Check("target_answers"), Ok("b", "node \"b\" answers"));
}

TEST(SwitchoverTargetAnswers, IsCriticalWhenItDoesNotAndLeavesTheRestUnknown) {
  Handover it;
  it.Unanswered("connection refused");

  EXPECT_EQ(
      it.Check("target_answers"),
      Critical("b", "node \"b\" does not answer: connection refused",
               "Make sure that it runs, and that this server can connect to it as baton_node."));
  for (const char* const check : {"target_timeline", "target_version", "target_promotable",
                                  "target_reaches_us", "target_slots", "target_standby_login"}) {
    EXPECT_EQ(it.Check(check), Unknown("", "node \"b\" could not be asked: connection refused"))
        << check;
  }
}

TEST(SwitchoverTargetIsStandby, IsOkWhileItStreamsFromHere) {
  EXPECT_EQ(Handover().Check("target_is_standby"),
            Ok("streaming", "node \"b\" streams from this server"));
}

TEST(SwitchoverTargetIsStandby, IsCriticalWhenItStreamsFromElsewhereOrNotAtAll) {
  Handover it;
  it.facts.sender = std::nullopt;

  EXPECT_EQ(it.Check("target_is_standby"),
            Critical("not connected", "node \"b\" does not stream from this server",
                     "Only a standby that follows this server directly can take over; see "
                     "baton.standbys."));
}

TEST(SwitchoverTargetIsStandby, IsCriticalWhileItCatchesUp) {
  Handover it;
  it.facts.sender->state = "catchup";

  EXPECT_EQ(it.Check("target_is_standby"),
            Critical("catchup", "node \"b\" is in state catchup",
                     "Wait until it is streaming; see baton.standbys."));
}

TEST(SwitchoverTargetIsStandby, IsCriticalWhenItIsAPrimary) {
  Handover it;
  it.facts.answer.row.role = Role::kPrimary;
  it.facts.answer.row.timeline = 2;

  EXPECT_EQ(it.Check("target_is_standby"),
            Critical("primary", "node \"b\" answers as primary on timeline 2",
                     "Bring one of the two back as a standby by \"pg_baton rejoin\"."));
}

TEST(SwitchoverTargetIsStandby, IsUnknownWhereTheSendersWereNotRead) {
  Handover it;
  it.facts.senders_read = false;

  EXPECT_EQ(it.Check("target_is_standby"),
            Unknown("", "it is not known who streams from this server"));
}

TEST(SwitchoverTargetTimeline, IsCriticalWhenItIsOnAnother) {
  Handover it;
  EXPECT_EQ(it.Check("target_timeline"), Ok("1", "both are on timeline 1"));

  it.facts.timeline = 2;
  EXPECT_EQ(it.Check("target_timeline"),
            Critical("1", "node \"b\" is on timeline 1, and this server on 2",
                     "Wait until it has replayed the change of timeline, or let it rejoin."));
}

TEST(SwitchoverTargetLag, IsOkUpToWhatIsAllowed) {
  Handover it;
  it.facts.sender->lacks_bytes = 16 * kMegabyte;

  EXPECT_EQ(it.Check("target_lag"), Ok("16 MB", "node \"b\" has still to replay 16 MB of WAL"));
  const auto row = RowOf(CheckSwitchover(it.facts), "target_lag");
  EXPECT_EQ(row->value_number, 16 * kMegabyte);
  EXPECT_EQ(row->threshold.view(), "critical above 16 MB");
}

TEST(SwitchoverTargetLag, IsCriticalBeyond) {
  Handover it;
  it.facts.sender->lacks_bytes = 20 * kMegabyte;

  EXPECT_EQ(it.Check("target_lag"),
            Critical("20 MB",
                     "node \"b\" has still to replay 20 MB of WAL, and pg_baton.switchover_max_lag "
                     "allows 16 MB",
                     "Commits would wait for it; let it catch up."));
}

TEST(SwitchoverTargetLag, IsUnknownWhereTheTargetHasNotTold) {
  Handover it;
  it.facts.sender->lacks_bytes = std::nullopt;

  EXPECT_EQ(it.Check("target_lag"), Unknown("", "it is not known what node \"b\" has replayed"));
}

TEST(SwitchoverTargetVersion, IsCriticalWhenItIsAnotherMajorOne) {
  Handover it;
  EXPECT_EQ(it.Check("target_version"), Ok("15.4 (Debian 15.4-1)", "both are PostgreSQL 15"));

  it.facts.answer.row.server_version = "16.1";
  EXPECT_EQ(it.Check("target_version"),
            Critical("16.1", "node \"b\" is PostgreSQL 16, and this server 15",
                     "Roles can be swapped only within one major version."));
}

TEST(SwitchoverTargetVersion, IsUnknownWhenItDoesNotTell) {
  Handover it;
  it.facts.answer.row.server_version = "";

  EXPECT_EQ(it.Check("target_version"), Unknown("", "node \"b\" did not tell its version"));
}

TEST(SwitchoverTargetPromotable, PassesOverWhatHandingOverSettles) {
  Handover it;
  for (const char* const check : {"primary_alive", "primary_seen", "missing_work", "missing_time",
                                  "replay_pending", "most_advanced"}) {
    it.TargetSays(check, Status::kCritical, "so it is while the primary lives");
  }

  EXPECT_EQ(it.Check("target_promotable"),
            Ok("yes", "nothing on node \"b\" speaks against its promotion"));
}

TEST(SwitchoverTargetPromotable, PassesOverWarningsAndWhatIsUnknown) {
  Handover it;
  it.TargetSays("archiving", Status::kWarning, "no command");
  it.TargetSays("archive_wal", Status::kUnknown, "no answer");

  EXPECT_EQ(it.Check("target_promotable")->status, Status::kOk);
}

TEST(SwitchoverTargetPromotable, IsCriticalForEveryOtherRow) {
  Handover it;
  it.TargetSays("write_gate", Status::kCritical, "fenced by hand");
  it.TargetSays("replay_paused", Status::kCritical, "replay is paused");

  EXPECT_EQ(it.Check("target_promotable"),
            Critical("no", "write_gate: fenced by hand; replay_paused: replay is paused",
                     "See the hints in baton.promotion_check on node \"b\"."));
}

TEST(SwitchoverTargetPromotable, CountsAnotherStandbyAheadOfATargetThatLacksTooMuch) {
  Handover it;
  it.TargetSays("most_advanced", Status::kCritical, "standby \"c\" is further ahead");
  const Verdict expected = Critical("no", "most_advanced: standby \"c\" is further ahead",
                                    "See the hints in baton.promotion_check on node \"b\".");

  it.facts.sender->lacks_bytes = 16 * kMegabyte + 1;
  EXPECT_EQ(it.Check("target_promotable"), expected);
  it.facts.sender->lacks_bytes = std::nullopt;
  EXPECT_EQ(it.Check("target_promotable"), expected);
  it.facts.sender = std::nullopt;
  EXPECT_EQ(it.Check("target_promotable"), expected);
}

TEST(SwitchoverTargetReachesUs, IsOkWhileItsReceiverStreams) {
  Handover it;
  it.facts.sees_us = false;

  EXPECT_EQ(it.Check("target_reaches_us"), Ok("streaming", "the receiver of node \"b\" streams"));
}

TEST(SwitchoverTargetReachesUs, IsOkWhenItsObserverHasAnAnswerFromHere) {
  Handover it;
  it.facts.answer.row.state = "not receiving";

  EXPECT_EQ(it.Check("target_reaches_us"), Ok("reachable", "node \"b\" reaches this node"));
}

TEST(SwitchoverTargetReachesUs, IsCriticalWhenItDoesNot) {
  Handover it;
  it.facts.answer.row.state = "not receiving";
  it.facts.sees_us = false;

  EXPECT_EQ(it.Check("target_reaches_us"),
            Critical("not reachable", "node \"b\" does not reach this node",
                     "It has to fetch the last WAL from here; see baton.cluster there."));
}

TEST(SwitchoverTargetReachesUs, IsUnknownWhenItHasNotLookedYet) {
  Handover it;
  it.facts.answer.row.state = "not receiving";
  it.facts.sees_us = std::nullopt;

  EXPECT_EQ(it.Check("target_reaches_us"), Unknown("", "node \"b\" could not be asked"));
}

TEST(SwitchoverTargetSlots, AreOkWithRoomForOne) {
  Handover it;
  it.facts.slots = core::TargetSlots{.total = 10, .used = 9, .has_ours = false};

  EXPECT_EQ(it.Check("target_slots"), Ok("9 of 10", "node \"b\" has room for a slot of this node"));
}

TEST(SwitchoverTargetSlots, AreOkWhenOursIsAmongThem) {
  Handover it;
  it.facts.slots = core::TargetSlots{.total = 10, .used = 10, .has_ours = true};

  EXPECT_EQ(it.Check("target_slots"),
            Ok("10 of 10", "node \"b\" has a slot for this node already"));
}

TEST(SwitchoverTargetSlots, AreCriticalWithoutRoom) {
  Handover it;
  it.facts.slots = core::TargetSlots{.total = 10, .used = 10, .has_ours = false};

  EXPECT_EQ(it.Check("target_slots"),
            Critical("10 of 10", "all 10 replication slots of node \"b\" are in use",
                     "Drop one there, or raise max_replication_slots and restart it."));
}

TEST(SwitchoverTargetStandbyLogin, IsCriticalWithTheReasonWhenItIsRefused) {
  Handover it;
  EXPECT_EQ(it.Check("target_standby_login"),
            Ok("yes", "node \"b\" lets this server in as a standby"));

  it.facts.standby_login = "FATAL: no pg_hba.conf entry";
  EXPECT_EQ(it.Check("target_standby_login"),
            Critical("no",
                     "node \"b\" does not let this server in as a standby: FATAL: no pg_hba.conf "
                     "entry",
                     "Afterwards it will stream from there by its primary_conninfo, or else as "
                     "baton_node; mend pg_hba.conf there, or the login."));
}

TEST(SwitchoverSyncStandbys, AreNoneWhereNoneIsNamed) {
  EXPECT_EQ(Handover().Check("sync_standbys"), Ok("", "no commit waits for a standby"));
}

TEST(SwitchoverSyncStandbys, StayWhereTheTargetIsNotNamed) {
  Handover it;
  it.facts.synchronous_standby_names = "ANY 1 (*)";

  EXPECT_EQ(it.Check("sync_standbys"),
            Ok("ANY 1 (*)", "synchronous_standby_names does not name node \"b\""));
}

TEST(SwitchoverSyncStandbys, NameThisNodeInThePlaceOfTheTarget) {
  Handover it;
  it.facts.synchronous_standby_names = "ANY 1 (b, c)";

  EXPECT_EQ(it.Check("sync_standbys"),
            Ok("ANY 1 (b, c)",
               "synchronous_standby_names here, ANY 1 (b, c), would be ANY 1 (a, c) on node "
               "\"b\""));
}

TEST(SwitchoverSyncStandbys, AreUnknownWhenTheyCannotBeUnderstood) {
  Handover it;
  it.facts.synchronous_standby_names = "ANY";

  EXPECT_EQ(it.Check("sync_standbys"),
            Unknown("ANY", "synchronous_standby_names could not be understood"));
}

}  // namespace
}  // namespace baton::core
