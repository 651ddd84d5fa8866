#include "core/clone_check.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/clonable.hpp"
#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Directory = CloneTarget::Directory;

TEST(CloneCheck, FindsNothingWhereACloneWouldWork) {
  Clonable it;
  EXPECT_THAT(it.Check(), IsEmpty());

  it.target.directory = Directory::kEmpty;
  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesASourceWithoutTheExtension) {
  Clonable it;
  it.source.has_extension = false;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source has no extension pg_baton",
                                  "The new standby could not be registered there.",
                                  "Run pg_baton setup-primary on the source's host first."}));
}

TEST(CloneCheck, RefusesTheNameOfTheSource) {
  Clonable it;
  it.source.name = "b";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the new node has the name of the source",
                                              "Each node needs its own name.",
                                              "Choose another one with --node-name."}));
}

TEST(CloneCheck, IsContentWithTwoFreeWalSenders) {
  Clonable it;
  it.source.room.wal_senders_used = 8;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesASourceWithTooFewFreeWalSenders) {
  Clonable it;
  it.source.room.wal_senders_used = 9;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source has too few free WAL senders",
                                  "9 of max_wal_senders = 10 are in use; a clone needs 2.",
                                  "Raise max_wal_senders on the source and restart it, or end a "
                                  "connection in pg_stat_replication."}));
}

TEST(CloneCheck, RefusesASourceWithoutAFreeSlot) {
  Clonable it;
  it.source.room.slots_used = 10;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the source has no free replication slot",
                                              "All of max_replication_slots = 10 are taken.",
                                              "Drop a slot that nobody needs, or raise "
                                              "max_replication_slots and restart the source."}));
}

TEST(CloneCheck, TakesTheSlotThatIsThereAlready) {
  Clonable it;
  it.source.room.slots_used = 10;
  it.source.room.slot_exists = true;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesASlotThatIsInUse) {
  Clonable it;
  it.source.room.slots_used = 10;
  it.source.room.slot_exists = true;
  it.source.room.slot_active = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the replication slot of this node is in use",
                                  "A standby with this name streams from the source already.",
                                  "Stop that standby, or choose another name with --node-name."}));
}

TEST(CloneCheck, RefusesADirectoryThatItCannotWrite) {
  const Problem problem{"cannot write to directory \"/data/b\"",
                        "The data directory belongs to the user who runs the server.",
                        "Run pg_baton as that user, for example with runuser -u postgres."};
  Clonable it;
  it.target.can_create = false;

  EXPECT_THAT(it.Check(), ElementsAre(problem));

  it.target.directory = Directory::kEmpty;
  EXPECT_THAT(it.Check(), ElementsAre(problem));
}

TEST(CloneCheck, RefusesADirectoryThatIsNotEmpty) {
  Clonable it;
  it.target.directory = Directory::kNotEmpty;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"directory \"/data/b\" exists but is not empty",
                                  "A clone never overwrites anything.",
                                  "Move it aside with --move-aside, or name another directory with "
                                  "-D; a former primary comes back with pg_baton rejoin."}));
}

TEST(CloneCheck, RefusesAnUnfinishedCopy) {
  Clonable it;
  it.target.directory = Directory::kUnfinished;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"directory \"/data/b\" holds an unfinished copy",
                                  "A clone or rejoin was cut short; no server can start from it.",
                                  "Move it aside with --move-aside, or remove it."}));
}

TEST(CloneCheck, TakesWhatAnEarlierCloneLeft) {
  Clonable it;
  it.target.directory = Directory::kLeftOver;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, LetsADirectoryBeMovedAsideUnlessAServerRunsThere) {
  Clonable it;
  it.target.directory = Directory::kNotEmpty;
  it.target.move_aside_to = "/data/b.before_clone";
  EXPECT_THAT(it.Check(), IsEmpty());

  it.target.can_be_moved = false;
  EXPECT_THAT(it.Said("directory"),
              ElementsAre("refused: directory \"/data/b\" cannot be moved aside"));

  it.target.can_be_moved = true;
  it.target.is_running = true;
  EXPECT_THAT(it.Said("directory"),
              ElementsAre("refused: a server is running from directory \"/data/b\""));
}

TEST(CloneCheck, RefusesADirectoryThatARejoinWouldGoOnWith) {
  Clonable it;
  it.target.rejoin_journal = "/data/b.pg_baton_rejoin";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "a rejoin of directory \"/data/b\" has a journal",
                              "It is in \"/data/b.pg_baton_rejoin\", and would be gone on with.",
                              "Let pg_baton rejoin come to its end, or move that folder aside."}));
}

TEST(CloneCheck, RefusesAFileInPlaceOfTheDirectory) {
  Clonable it;
  it.target.directory = Directory::kNotADirectory;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"\"/data/b\" exists but is not a directory", "",
                                              "Name another directory with -D."}));
}

TEST(CloneCheck, RefusesADirectoryOfAnotherUser) {
  Clonable it;
  it.target.directory = Directory::kForeign;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"directory \"/data/b\" belongs to another user", "",
                                              "Run pg_baton as its owner."}));
}

TEST(CloneCheck, RefusesEachTablespaceDirectoryThatIsTaken) {
  Clonable it;
  it.target.occupied_tablespaces = {"/ts/one", "/ts/two"};

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"tablespace directory \"/ts/one\" is not empty here",
                                              "The copy would put the source's tablespace into it.",
                                              "Map it elsewhere: -T /ts/one=/another/directory"},
                                      Problem{"tablespace directory \"/ts/two\" is not empty here",
                                              "The copy would put the source's tablespace into it.",
                                              "Map it elsewhere: -T /ts/two=/another/directory"}));
}

TEST(CloneCheck, FindsAllProblemsAtOnce) {
  Clonable it;
  it.source.primary = ClonePrimary{"", {"no primary answers node \"a\"", "", ""}, true};
  it.source.has_extension = false;
  it.source.room.slots_used = 10;
  it.target.directory = Directory::kNotEmpty;
  it.target.major = 17;
  it.target.architecture = "aarch64";
  it.target.volumes[0].free_bytes = 0;
  it.target.port_is_free = false;

  EXPECT_THAT(it.Check(), SizeIs(8));
}

TEST(NamesInList, AreWithoutQuotesAndBlanks) {
  EXPECT_THAT(NamesInList("pg_baton, \"auto_explain\" ,, $libdir/x"),
              ElementsAre("pg_baton", "auto_explain", "$libdir/x"));
  EXPECT_THAT(NamesInList(""), IsEmpty());
}

TEST(ArchitectureOf, IsTheFirstPartOfThePlatform) {
  EXPECT_EQ(ArchitectureOf("PostgreSQL 15.4 (Debian 15.4-1) on x86_64-pc-linux-gnu, compiled by "
                           "gcc (Debian 12.2.0-14) 12.2.0, 64-bit"),
            "x86_64");
  EXPECT_EQ(ArchitectureOf("PostgreSQL 18.1 on aarch64-unknown-linux-gnu, compiled by gcc"),
            "aarch64");
  EXPECT_EQ(ArchitectureOf("PostgreSQL 18.1 on aarch64"), "aarch64");
}

TEST(ArchitectureOf, IsEmptyWhereNoneIsTold) {
  EXPECT_EQ(ArchitectureOf(""), "");
  EXPECT_EQ(ArchitectureOf("PostgreSQL 15.4"), "");
}

}  // namespace
}  // namespace baton::core
