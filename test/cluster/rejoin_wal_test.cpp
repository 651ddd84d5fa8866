// A rejoin that needs WAL which the old primary does not have any more.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/rejoin_scenario.hpp"
#include "test/cluster/small_file_system.hpp"

namespace baton::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

class RejoinWal : public RejoinScenario {
 protected:
  // The last checkpoint that the two have in common comes to lie three segments before the one in
  // which their histories part.
  void PartLongAfterACheckpoint() {
    a_.Sql("ALTER SYSTEM SET wal_keep_size = 0");
    a_.Sql("SELECT pg_reload_conf()");
    b_.Sql("ALTER SYSTEM SET wal_keep_size = '1GB'");
    b_.Sql("SELECT pg_reload_conf()");
    a_.Sql("CHECKPOINT");
    first_ = a_.Sql("SELECT pg_walfile_name(checkpoint_lsn) FROM pg_control_checkpoint()");
    for (int i = 0; i < 3; ++i) {
      a_.Sql("INSERT INTO t VALUES (1)");
      last_ = a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())");
      a_.Sql("SELECT pg_switch_wal()");
    }
    a_.Sql("INSERT INTO t VALUES (1)");
    WaitForReplay();
    Diverge();
  }
  // a keeps none of the three segments, and needs none for its recovery.
  void KillWithoutTheWal() {
    a_.Sql("CHECKPOINT");
    a_.Kill();
    Remove(a_);
  }

  // The three segments between the checkpoint and the fork; returns how many there were.
  int Remove(const Node& node) const { return RemoveFrom(node.data() / "pg_wal"); }
  int RemoveFrom(const fs::path& folder) const {
    int removed = 0;
    for (const fs::path& segment : SegmentsIn(folder)) removed += fs::remove(segment) ? 1 : 0;
    return removed;
  }
  std::vector<fs::path> SegmentsIn(const fs::path& folder) const {
    std::vector<fs::path> segments;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      if (name.size() == 24 && name >= first_ && name <= last_) segments.push_back(entry.path());
    }
    return segments;
  }

  void Archive() {
    fs::create_directory(archive());
    a_.Sql("ALTER SYSTEM SET archive_mode = on");
    a_.Sql(fmt::format("ALTER SYSTEM SET archive_command = 'cp %p {}/%f'", archive().string()));
    a_.Sql(fmt::format("ALTER SYSTEM SET restore_command = 'cp {}/%f %p'", archive().string()));
    a_.Restart();
  }
  testing::AssertionResult IsArchived() {
    if (Eventually([&] {
          return a_.Sql(fmt::format("SELECT last_archived_wal >= '{}' FROM pg_stat_archiver",
                                    last_)) == "t";
        })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << a_.Rows("SELECT * FROM pg_stat_archiver");
  }
  fs::path archive() const { return cluster_.directory() / "archive"; }

  std::string first_;  // the segment of the last common checkpoint
  std::string last_;   // the one before the fork's
};

//   a (killed, WAL removed) -> archive    b (primary, WAL removed)         a ---> b, rewound
TEST_F(RejoinWal, IsFetchedFromTheArchive) {
  Archive();
  PartLongAfterACheckpoint();
  ASSERT_TRUE(IsArchived());
  KillWithoutTheWal();
  ASSERT_EQ(Remove(b_), 3);

  const HelperResult planned = cluster_.RunRejoin(a_, b_, {"--dry-run"});
  const std::size_t after_the_dry_run = SegmentsIn(a_.data() / "pg_wal").size();
  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind"});

  EXPECT_EQ(planned.exit_code, 0) << planned.output;
  EXPECT_THAT(planned.output,
              AllOf(HasSubstr(fmt::format("WAL that pg_rewind reads: {}", first_)),
                    HasSubstr(", 64 MB: 1 here, 3 archive\n"),
                    ContainsRegex("to be copied: [0-9]+ blocks \\([0-9.]+ [kM]B\\) that this node "
                                  "has changed since 0/[0-9A-F]+, and all that is no table, with "
                                  "[0-9.]+ MB of WAL\n"),
                    HasSubstr("plan: rewind\n")));
  EXPECT_EQ(after_the_dry_run, 0u);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t WHERE n BETWEEN 5000 AND 5999"), "0");
  ExpectFollows();
}

//   a (killed, WAL removed)    b (primary, has it)         a ---> b, rewound
TEST_F(RejoinWal, IsFetchedFromTheSource) {
  PartLongAfterACheckpoint();
  KillWithoutTheWal();
  ASSERT_EQ(SegmentsIn(b_.data() / "pg_wal").size(), 3u);

  const HelperResult planned = cluster_.RunRejoin(a_, b_, {"--dry-run"});
  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind"});

  EXPECT_THAT(planned.output,
              AllOf(HasSubstr(": 1 here, 3 source\n"), HasSubstr("plan: rewind\n")));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("rewound: "));
  ExpectFollows();
}

// An archive may have a file of that name that is something else.
//   a (killed, WAL removed) -> damaged archive    b (primary, has it)         a ---> b, rewound
TEST_F(RejoinWal, IsFetchedFromTheSourceWhereTheArchiveHasItDamaged) {
  Archive();
  PartLongAfterACheckpoint();
  ASSERT_TRUE(IsArchived());
  KillWithoutTheWal();
  for (const fs::path& segment : SegmentsIn(archive())) fs::resize_file(segment, 1000);

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr(": 1 here, 3 source\n"));
  ExpectFollows();
}

//   a (killed, WAL removed)    b (primary, WAL removed)         a ---> b, by a new copy
TEST_F(RejoinWal, ThatIsNowhereNeedsANewCopy) {
  Archive();
  PartLongAfterACheckpoint();
  ASSERT_TRUE(IsArchived());
  KillWithoutTheWal();
  ASSERT_EQ(Remove(b_), 3);
  ASSERT_EQ(RemoveFrom(archive()), 3);
  const std::string control = helper::ReadFile(a_.data() / "global" / "pg_control");

  const HelperResult planned = cluster_.RunRejoin(a_, b_, {"--dry-run"});
  const HelperResult refused = cluster_.RunRejoin(a_, b_, {"--method=rewind"});
  const std::string afterwards = helper::ReadFile(a_.data() / "global" / "pg_control");
  const HelperResult copied = cluster_.RunRejoin(a_, b_);

  EXPECT_THAT(planned.output,
              AllOf(HasSubstr("no rewind: WAL segment "), HasSubstr(" is missing"),
                    HasSubstr("to be copied: the whole source, "), HasSubstr("plan: copy\n")));
  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(
      refused.output,
      HasSubstr(fmt::format("pg_baton: error: WAL segment {} is missing\n"
                            "pg_baton: detail: pg_rewind needs it, and it is neither in pg_wal, "
                            "nor in the archive, nor on the source.\n"
                            "pg_baton: hint: If you have it, put it into pg_wal, or let "
                            "restore_command find it.\n",
                            last_)));
  EXPECT_EQ(afterwards, control);
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  EXPECT_FALSE(fs::exists(Beside(".pg_baton_fetched")));
  ExpectFollows();
}

// Where a segment is missing, recovery takes what is before it for all there is, and the data files
// have more than that.
//   a (killed, WAL of its recovery removed)    b (primary, has it)         a ---> b, rewound
TEST_F(RejoinWal, ThatRecoveryNeedsIsFetchedBeforeIt) {
  PartLongAfterACheckpoint();
  a_.Kill();
  ASSERT_EQ(Remove(a_), 3);

  const HelperResult result = cluster_.RunRejoin(a_, b_, {"--method=rewind", "--timeout=20"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, AllOf(HasSubstr(": 1 here, 3 source\n"), HasSubstr("rewound: ")));
  ExpectFollows();
}

//   a (killed, WAL of its recovery removed)    b (primary, without it)     a ---> b, by a new copy
TEST_F(RejoinWal, ThatRecoveryNeedsAndThatIsNowhereNeedsANewCopy) {
  PartLongAfterACheckpoint();
  a_.Kill();
  fs::remove(a_.data() / "pg_wal" / last_);
  fs::remove(b_.data() / "pg_wal" / last_);

  const HelperResult refused = cluster_.RunRejoin(a_, b_, {"--method=rewind", "--timeout=20"});
  const HelperResult copied = cluster_.RunRejoin(a_, b_, {"--timeout=20"});

  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr(fmt::format("WAL segment {} is missing\n", last_)));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  ExpectFollows();
}

// A damaged record looks like the end of WAL, and what seems to lie before the fork does not.
//   a (killed, a record damaged)    b (primary)         a ---> b, by a new copy
TEST_F(RejoinWal, ThatIsDamagedIsNotTakenForTheEnd) {
  PartLongAfterACheckpoint();
  a_.Kill();
  std::fstream segment(a_.data() / "pg_wal" / last_,
                       std::ios::in | std::ios::out | std::ios::binary);
  segment.seekp(40);  // behind the header of the page
  segment << std::string(4096, '\0');
  segment.close();

  const HelperResult planned = cluster_.RunRejoin(a_, b_, {"--dry-run"});
  const HelperResult copied = cluster_.RunRejoin(a_, b_);

  EXPECT_EQ(planned.exit_code, 0) << planned.output;
  EXPECT_THAT(planned.output, AllOf(HasSubstr("no rewind: where this node's WAL ends is not known"),
                                    HasSubstr("plan: copy")));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  ExpectFollows();
}

//   a (killed)   b (primary)      disk full while a's WAL is saved      a starts, and a ---> b
TEST_F(RejoinWal, ThatDoesNotFitIntoTheWorkDirectoryEndsTheRejoinAndLeavesADirectoryThatStarts) {
  PartLongAfterACheckpoint();
  a_.Kill();
  const std::string auto_conf = helper::ReadFile(a_.data() / "postgresql.auto.conf");
  std::vector<std::string> arguments = {Cluster::Program("pg_baton")};
  for (const std::string& one : Cluster::RejoinArguments(a_, b_)) arguments.push_back(one);

  const auto rejoin = [&](const std::string& method, int megabytes) {
    const helper::ProcessResult full = RunOnSmallFileSystem(
        cluster_.directory(),
        helper::CommandText(arguments) + " --work-directory=$SMALL --method=" + method +
            "; code=$?; ls -A $SMALL/*rejoin; exit $code",
        megabytes);
    EXPECT_EQ(full.exit_code, 1) << full.output;
    EXPECT_THAT(full.output, AllOf(HasSubstr("pg_baton: error: could not copy "),
                                   HasSubstr("No space left on device")));
    EXPECT_THAT(full.output, HasSubstr("rejoin': No such file or directory")) << "the journal";
  };
  rejoin("rewind", 20);
  rejoin("auto", 10);
  const std::string afterwards = helper::ReadFile(a_.data() / "postgresql.auto.conf");

  EXPECT_EQ(afterwards, auto_conf);
  a_.Start();
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM t WHERE n BETWEEN 5000 AND 5999"), "1000");
  a_.Stop();
  const HelperResult again = cluster_.RunRejoin(a_, b_);
  ASSERT_EQ(again.exit_code, 0) << again.output;
  ExpectFollows();
}

// A source that was made after the promotion has no WAL from before, which a node that was rewound,
// or that only follows, has to read from there.
class RejoinLateSource : public RejoinScenario {
 protected:
  // b is gone, and c, which was cloned from it, is the primary.
  Node& Succeed() {
    b_.Sql("SELECT pg_switch_wal()");
    b_.Sql("CHECKPOINT");
    Node& c = cluster_.Clone("c", b_);
    EXPECT_TRUE(Eventually([&] {
      return b_.Rows("SELECT name, state FROM baton.standbys WHERE name = 'c'") == "c|streaming";
    }));
    b_.Kill();
    EXPECT_EQ(c.Sql("SELECT outcome FROM baton.promote()"), "promoted");
    return c;
  }

  void ExpectIsACopyOf(const Node& c, const HelperResult& result) {
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("plan: copy\n"));
    EXPECT_EQ(c.Rows("SELECT name, state FROM baton.standbys WHERE name = 'a'"), "a|streaming");
    EXPECT_EQ(a_.Sql("SELECT count(*) FROM t"), c.Sql("SELECT count(*) FROM t"));
  }
};

//   a (killed)   b (primary) <--- c      b (killed)   c (primary)      a ---> c, by a new copy
TEST_F(RejoinLateSource, NeedsANewCopyOfWhatHasDiverged) {
  Diverge();
  a_.Kill();
  Node& c = Succeed();

  ExpectIsACopyOf(c, cluster_.RunRejoin(a_, c, {"--timeout=20"}));
}

//   a (stopped)   b (primary) <--- c      b (killed)   c (primary)      a ---> c, by a new copy
TEST_F(RejoinLateSource, NeedsANewCopyOfWhatCouldFollow) {
  a_.Stop();
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote()"), "promoted");
  Node& c = Succeed();

  ExpectIsACopyOf(c, cluster_.RunRejoin(a_, c, {"--timeout=20"}));
}

}  // namespace
}  // namespace baton::test
