#include "core/rejoin_check.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Server "b" took over on timeline 2; the directory is that of "a", stopped on timeline 1.
struct Rejoinable {
  RejoinSource source;
  RejoinTarget target;

  Rejoinable() {
    source.major = 15;
    source.version = "15.4";
    source.system_identifier = "7301";
    source.timeline = 2;
    target.path = "/data/a";
    target.is_data_directory = true;
    target.bindir = "/usr/lib/postgresql/15/bin";
    target.major = 15;
    target.bindir_major = 15;
    target.system_identifier = "7301";
    target.wal_log_hints = true;
    target.timeline = 1;
  }

  Problems Check() const { return CheckRejoin(source, target); }
};

constexpr const char* kCloneInstead =
    "Move the directory aside and make a new standby with pg_baton clone.";

TEST(RejoinCheck, FindsNothingWhereARewindWouldWork) {
  EXPECT_THAT(Rejoinable().Check(), IsEmpty());
}

TEST(RejoinCheck, IsContentWithChecksumsInPlaceOfHints) {
  Rejoinable it;
  it.target.wal_log_hints = false;
  it.target.data_checksums = true;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(RejoinCheck, RefusesWhatIsNoDataDirectory) {
  Rejoinable it;
  it.target.is_data_directory = false;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"\"/data/a\" is not a data directory",
                                              "It has no file PG_VERSION.",
                                              "Name the former primary's data directory with "
                                              "-D."}));
}

TEST(RejoinCheck, RefusesADirectoryOfAnotherUser) {
  Rejoinable it;
  it.target.is_foreign = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"directory \"/data/a\" belongs to another user", "",
                                  "Run pg_baton as its owner, for example with runuser -u "
                                  "postgres."}));
}

TEST(RejoinCheck, RefusesADirectoryLeftHalfWay) {
  Rejoinable it;
  it.target.is_unfinished = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"directory \"/data/a\" was left half-way by a rejoin or clone",
                                  "Its files are of two servers, so nothing can start from it.",
                                  kCloneInstead}));
}

TEST(RejoinCheck, RefusesWhileAServerRunsThere) {
  Rejoinable it;
  it.target.is_running = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"a server is running in \"/data/a\"",
                                  "A directory can be rewound only while no server uses it.",
                                  "Stop the server first, for example with pg_ctl stop -m "
                                  "fast."}));
}

TEST(RejoinCheck, JudgesNothingElseOfADirectoryThatItCannotUse) {
  Rejoinable it;
  it.source.in_recovery = true;
  it.target = RejoinTarget();
  it.target.path = "/data/a";

  EXPECT_THAT(it.Check(), SizeIs(1));
}

TEST(RejoinCheck, RefusesAHostWithoutServerPrograms) {
  const Problem problem{"no server programs of PostgreSQL 15 found", "",
                        "Install postgresql-15, or name the folder with --bindir."};
  Rejoinable it;
  it.target.bindir = "";
  it.target.bindir_major = 0;
  EXPECT_THAT(it.Check(), ElementsAre(problem));

  it.target.bindir = "/opt/pg17/bin";
  it.target.bindir_major = 17;
  EXPECT_THAT(it.Check(), ElementsAre(problem));
}

TEST(RejoinCheck, RefusesAStandbyAsSource) {
  Rejoinable it;
  it.source.in_recovery = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source is a standby",
                                  "A former primary is rewound to the server that took over from "
                                  "it.",
                                  "Connect to the present primary."}));
}

TEST(RejoinCheck, RefusesAnotherMajorVersion) {
  Rejoinable it;
  it.source.major = 17;
  it.source.version = "17.2";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the servers have different major versions",
                                              "The source runs PostgreSQL 17.2, \"/data/a\" is of "
                                              "PostgreSQL 15.",
                                              kCloneInstead}));
}

TEST(RejoinCheck, RefusesAnotherCluster) {
  Rejoinable it;
  it.source.system_identifier = "9999";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the servers are not of the same cluster",
                                              "The source's system identifier is 9999, that of "
                                              "\"/data/a\" is 7301.",
                                              "Check the host and port of the source."}));
}

TEST(RejoinCheck, RefusesToRewindTheNewerOne) {
  Rejoinable it;
  it.source.timeline = 1;
  it.target.timeline = 2;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"\"/data/a\" is on a newer timeline than the source",
                                              "It is on timeline 2, the source on 1.",
                                              "Perhaps the two are the other way round: the server "
                                              "that was promoted last is the one to keep."}));
}

TEST(RejoinCheck, RefusesTwoPrimariesOfOneTimeline) {
  Rejoinable it;
  it.target.timeline = 2;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"\"/data/a\" is on the same timeline as the source",
                                  "Both are on timeline 2, and both have been a primary on it.",
                                  kCloneInstead}));
}

TEST(RejoinCheck, DoesNotCompareATimelineThatIsNotKnown) {
  Rejoinable it;
  it.source.timeline = 0;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(RejoinCheck, RefusesAFormerStandby) {
  Rejoinable it;
  it.target.was_standby = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"\"/data/a\" was a standby, not a primary",
                                  "There is nothing to rewind; a standby follows another primary "
                                  "when its primary_conninfo says so.",
                                  kCloneInstead}));
}

TEST(RejoinCheck, RefusesWithoutHintsAndChecksums) {
  Rejoinable it;
  it.target.wal_log_hints = false;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the former primary cannot be rewound",
                                  "Neither wal_log_hints nor data checksums were on when it last "
                                  "ran.",
                                  kCloneInstead}));
}

TEST(RejoinCheck, RefusesASourceWithoutFullPageWrites) {
  Rejoinable it;
  it.source.full_page_writes = false;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"full_page_writes is off on the source", "pg_rewind needs it.",
                                  "Set it on and reload the source."}));
}

TEST(RejoinCheck, RefusesASourceWithoutTheExtension) {
  Rejoinable it;
  it.source.has_extension = false;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source has no extension pg_baton", "",
                                  "Run pg_baton setup-primary on the source's host first."}));
}

TEST(RejoinCheck, RefusesARoleThatLacksARight) {
  const Problem problem{
      "the role may not read the source's files or call for a checkpoint",
      "pg_rewind reads them by pg_ls_dir, pg_stat_file and pg_read_binary_file.",
      "Run pg_baton setup-primary on the source's host; it grants what is needed."};
  Rejoinable it;
  it.source.may_read_files = false;
  EXPECT_THAT(it.Check(), ElementsAre(problem));

  it.source.may_read_files = true;
  it.source.may_checkpoint = false;
  EXPECT_THAT(it.Check(), ElementsAre(problem));
}

TEST(RejoinCheck, RefusesTheNameOfTheSource) {
  Rejoinable it;
  it.source.name_is_source = true;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"this node has the name of the source",
                                              "Each node needs its own name.",
                                              "Name the former primary with --node-name."}));
}

TEST(RejoinCheck, RefusesASlotThatIsInUse) {
  Rejoinable it;
  it.source.slot_active = true;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "the replication slot of this node is in use",
                              "A standby with this name streams from the source already.",
                              "Check --node-name, and whether another copy of this node runs."}));
}

TEST(RejoinCheck, FindsAllProblemsAtOnce) {
  Rejoinable it;
  it.source.in_recovery = true;
  it.source.full_page_writes = false;
  it.source.system_identifier = "9999";
  it.target.was_standby = true;
  it.target.wal_log_hints = false;

  EXPECT_THAT(it.Check(), SizeIs(5));
}

}  // namespace
}  // namespace baton::core
