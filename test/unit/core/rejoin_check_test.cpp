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
  std::optional<CommonTimeline> common = CommonTimeline{1, Lsn(0x4000)};

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
    target.end = Lsn(0x5000);
    source.current = Lsn(0x9000);
  }

  Problems Check() const { return CheckRejoin(source, target); }
  RejoinVerdict Judge() const { return JudgeRejoin(source, target, common); }
  Problems AgainstRewinding() const {
    const RejoinVerdict verdict = Judge();
    EXPECT_EQ(verdict.way, RejoinWay::kCopy);
    return verdict.against_rewinding;
  }
};

constexpr const char* kCloneInstead =
    "Move the directory aside and make a new standby with pg_baton clone.";
constexpr const char* kCopyInstead = "It can come back by a new copy of the source.";

TEST(RejoinCheck, FindsNothingWhereARewindWouldWork) {
  EXPECT_THAT(Rejoinable().Check(), IsEmpty());
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

TEST(RejoinCheck, RefusesADirectoryThatIsLockedWithoutAJournal) {
  Rejoinable it;
  it.target.is_unfinished = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"directory \"/data/a\" was left half-way by a clone",
                                  "Nothing can start from it, and no journal of a rejoin is beside "
                                  "it.",
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

  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "the source is a standby",
                              "A former primary comes back behind the server that took over from "
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

TEST(RejoinCheck, DoesNotCompareATimelineThatIsNotKnown) {
  Rejoinable it;
  it.source.timeline = 0;

  EXPECT_THAT(it.Check(), IsEmpty());
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
  it.source.may_checkpoint = false;
  it.source.system_identifier = "9999";
  it.source.name_is_source = true;

  EXPECT_THAT(it.Check(), SizeIs(4));
}

TEST(JudgeRejoin, RewindsWhatWroteBeyondTheFork) {
  EXPECT_EQ(Rejoinable().Judge().way, RejoinWay::kRewind);
}

TEST(JudgeRejoin, LetsANodeFollowThatHasNothingOfItsOwn) {
  Rejoinable it;
  it.target.end = it.common->end;

  EXPECT_EQ(it.Judge().way, RejoinWay::kFollow);
}

TEST(JudgeRejoin, CopiesWhereTheEndOfTheWalIsNotKnown) {
  Rejoinable it;
  it.target.end = Lsn();
  it.target.end_error = "segment 3 is damaged";

  EXPECT_THAT(it.AgainstRewinding(), ElementsAre(Problem{"where this node's WAL ends is not known",
                                                         "segment 3 is damaged", kCopyInstead}));
}

TEST(JudgeRejoin, LetsAStandbyOfTheSameTimelineFollow) {
  Rejoinable it;
  it.target.is_standby = true;
  it.target.timeline = 2;
  it.common = CommonTimeline{2, Lsn()};

  EXPECT_EQ(it.Judge().way, RejoinWay::kFollow);
}

TEST(JudgeRejoin, CopiesAStandbyThatHasMoreOfTheTimelineThanTheSource) {
  Rejoinable it;
  it.target.is_standby = true;
  it.target.timeline = 2;
  it.target.end = Lsn(0xA000);
  it.common = CommonTimeline{2, Lsn()};

  EXPECT_THAT(
      it.AgainstRewinding(),
      ElementsAre(Problem{"\"/data/a\" has more of timeline 2 than the source",
                          "Its WAL ends at 0/A000, that of the source at 0/9000.", kCopyInstead}));
}

TEST(JudgeRejoin, CopiesWhereBothWereAPrimaryOfOneTimeline) {
  Rejoinable it;
  it.target.timeline = 2;
  it.common = CommonTimeline{2, Lsn()};

  EXPECT_THAT(it.AgainstRewinding(),
              ElementsAre(Problem{"\"/data/a\" is on the same timeline as the source",
                                  "Both are on timeline 2, and both have been a primary on it.",
                                  kCopyInstead}));
}

// a was promoted to timeline 2, and so was another node, from which the source took over.
TEST(JudgeRejoin, CopiesWhereAnotherReignHadTheSameTimeline) {
  Rejoinable it;
  it.source.timeline = 3;
  it.target.timeline = 2;
  it.target.reign = "00000000000000aa";
  it.source.reign_of_targets_timeline = "00000000000000bb";
  it.common = CommonTimeline{2, Lsn(0x6000)};

  EXPECT_THAT(it.AgainstRewinding(),
              ElementsAre(Problem{"timeline 2 of \"/data/a\" is not the source's timeline 2",
                                  "Two servers were promoted to a timeline of the same number, and "
                                  "pg_rewind cannot tell them apart.",
                                  kCopyInstead}));
  it.source.reign_of_targets_timeline = it.target.reign;
  EXPECT_EQ(it.Judge().way, RejoinWay::kFollow);
  it.source.reign_of_targets_timeline = "";
  EXPECT_EQ(it.Judge().way, RejoinWay::kFollow) << "not known is no difference";
}

TEST(JudgeRejoin, CopiesWithoutACommonTimeline) {
  Rejoinable it;
  it.common.reset();

  EXPECT_THAT(
      it.AgainstRewinding(),
      ElementsAre(Problem{"the two histories have nothing in common",
                          "The source's history does not contain timeline 1.", kCopyInstead}));
}

TEST(JudgeRejoin, CopiesWithoutHintsAndChecksums) {
  Rejoinable it;
  it.target.wal_log_hints = false;

  EXPECT_THAT(it.AgainstRewinding(),
              ElementsAre(Problem{"pg_rewind cannot be used on this directory",
                                  "Neither wal_log_hints nor data checksums were on when it last "
                                  "ran.",
                                  kCopyInstead}));
  it.target.data_checksums = true;
  EXPECT_EQ(it.Judge().way, RejoinWay::kRewind);
}

TEST(JudgeRejoin, NamesAllThatSpeaksAgainstARewind) {
  Rejoinable it;
  it.source.full_page_writes = false;
  it.source.special_files = {".s.PGSQL.5432"};

  EXPECT_THAT(it.AgainstRewinding(),
              ElementsAre(Problem{"full_page_writes is off on the source", "pg_rewind needs it.",
                                  "Set it on and reload the source."},
                          Problem{"\".s.PGSQL.5432\" in the source's data directory is no regular "
                                  "file",
                                  "pg_rewind cannot copy a socket or pipe.",
                                  "Let unix_socket_directories of the source lead elsewhere."}));
}

}  // namespace
}  // namespace baton::core
