#include <gmock/gmock.h>

#include "test/unit/core/clonable.hpp"
#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A copy of standby "s" of primary "a", that will stream from node "u".
struct CloneOfAStandby : Clonable {
  CloneOfAStandby() {
    source.name = "s";
    source.primary = ClonePrimary{"a", {}, true};
    source.upstream = CloneUpstream{"u", {}, 1, Lsn(0x4000000), {10, 0, 10, 0}};
  }
};

std::string MessageOf(const Clonable& it, std::string_view check) {
  for (const CloneFinding& finding : CheckClone(it.source, it.target)) {
    if (finding.check_name == check) return finding.text.message;
  }
  return "no such finding";
}

TEST(CloneServers, OneServerIsSourcePrimaryAndUpstream) {
  const Clonable it;

  EXPECT_EQ(MessageOf(it, "source"), "a primary with PostgreSQL 15.4 and pg_baton");
  EXPECT_EQ(MessageOf(it, "primary"), "no such finding");
  EXPECT_EQ(MessageOf(it, "upstream"), "the new server will stream from the source");
}

TEST(CloneServers, AStandbyIsAsGood) {
  const CloneOfAStandby it;

  EXPECT_THAT(it.Check(), IsEmpty());
  EXPECT_EQ(MessageOf(it, "source"), "a standby with PostgreSQL 15.4 and pg_baton");
  EXPECT_EQ(MessageOf(it, "primary"), "node \"a\", which will register the new one");
  EXPECT_EQ(MessageOf(it, "upstream"), "the new server will stream from node \"u\"");
}

TEST(CloneServers, RefusesWithoutThePrimary) {
  CloneOfAStandby it;
  it.source.primary->missing = {"no primary answers node \"s\"", "detail", "hint"};

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"no primary answers node \"s\"", "detail", "hint"}));
}

TEST(CloneServers, RefusesAStandbyOfAPrimaryWithoutFullPageWrites) {
  CloneOfAStandby it;
  it.source.primary->full_page_writes = false;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"node \"a\", the primary, has full_page_writes off",
                                  "A copy that is made from a standby needs them.",
                                  "Set full_page_writes to on there and wait for its next "
                                  "checkpoint, or copy from the primary."}));
}

TEST(CloneServers, RefusesAnUpstreamThatCannotBeAsked) {
  CloneOfAStandby it;
  it.source.upstream->missing = {"node \"u\" is not registered", "", "hint"};
  it.source.upstream->room = {};

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"node \"u\" is not registered", "", "hint"}));
}

TEST(CloneServers, RefusesTheNewNodeAsItsOwnUpstream) {
  CloneOfAStandby it;
  it.source.upstream->name = "b";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the new node cannot stream from itself", "",
                                              "Name another node with --upstream."}));
}

TEST(CloneServers, RefusesAnUpstreamOnAnotherTimeline) {
  CloneOfAStandby it;
  it.source.upstream->timeline = 2;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"node \"u\" is on timeline 2, and the source on 1",
                                  "The new server could not follow it from where the copy ends.",
                                  "Wait until both are on the timeline of the present primary."}));
}

TEST(CloneServers, RefusesASourceThatIsBehindWhatTheUpstreamKeeps) {
  CloneOfAStandby it;
  it.source.position = Lsn(0x4000000);
  EXPECT_THAT(it.Check(), IsEmpty());

  it.source.position = Lsn(0x3FFFFFF);
  EXPECT_THAT(
      it.Check(),
      ElementsAre(Problem{"node \"u\" keeps WAL from 0/4000000 on, and the source is at 0/3FFFFFF",
                          "What is between might be gone before the new server asks for it.",
                          "Wait until the source has caught up, or copy from that node."}));
}

TEST(CloneServers, CountsWhatEachServerHasToHaveRoomFor) {
  CloneOfAStandby it;
  it.source.room.wal_senders_used = 9;            // the copy needs two
  it.source.room.slots_used = 10;                 // and a slot while it lasts
  it.source.upstream->room.wal_senders_used = 9;  // the standby needs one
  it.source.upstream->room.slots_used = 9;
  EXPECT_THAT(it.Said("wal_senders"),
              ElementsAre("refused: the source has too few free WAL senders"));
  EXPECT_THAT(it.Said("slot"), ElementsAre("refused: the source has no free replication slot"));

  it.source.room = {10, 0, 10, 0};
  it.source.upstream->room.wal_senders_used = 10;
  it.source.upstream->room.slots_used = 10;
  EXPECT_THAT(it.Said("wal_senders"),
              ElementsAre("refused: node \"u\" has too few free WAL senders"));
  EXPECT_THAT(it.Said("slot"), ElementsAre("refused: node \"u\" has no free replication slot"));
}

TEST(CloneServers, LooksForTheNodesSlotWhereItWillStream) {
  CloneOfAStandby it;
  it.source.room.slot_exists = it.source.room.slot_active = true;
  EXPECT_THAT(it.Check(), IsEmpty());
  EXPECT_FALSE(it.source.UpstreamRoom().slot_exists);

  it.source.upstream->room.slot_exists = it.source.upstream->room.slot_active = true;
  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the replication slot of this node is in use",
                                  "A standby with this name streams from node \"u\" already.",
                                  "Stop that standby, or choose another name with --node-name."}));
}

}  // namespace
}  // namespace baton::core
