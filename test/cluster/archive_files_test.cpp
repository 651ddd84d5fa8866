// archive-push and archive-get on files alone: exit codes, messages, and what is left behind.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "helper/archive/spool.hpp"
#include "helper/system/file.hpp"
#include "test/cluster/archive_commands_scenario.hpp"
#include "test/cluster/small_file_system.hpp"
#include "test/unit/archive/segments.hpp"

namespace baton::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOne = "000000010000000000000001";

TEST_F(ArchiveFiles, ComeBackAsTheyWere) {
  Write(kOne);
  Write("00000002.history", "1\t0/300000\tno recovery target specified\n");

  EXPECT_EQ(Push(kOne).exit_code, 0);
  EXPECT_EQ(Push("00000002.history", {"--compression=lz4"}).exit_code, 0);

  const HelperResult got = Get(kOne);
  EXPECT_EQ(got.exit_code, 0);
  EXPECT_EQ(got.output, "");
  EXPECT_TRUE(helper::ReadFile(to_) == MakeSegment(kOne));
  EXPECT_EQ(Get("00000002.history").exit_code, 0);
  EXPECT_EQ(helper::ReadFile(to_), "1\t0/300000\tno recovery target specified\n");
}

TEST_F(ArchiveFiles, AreNotThere) {
  for (const char* const name : {"000000010000000000000001", "00000002.history",
                                 "000000010000000000000001.00000028.backup"}) {
    const HelperResult got = Get(name);
    EXPECT_EQ(got.exit_code, 1) << name;
    EXPECT_EQ(got.output, "") << "the server asks all the time";
  }
  EXPECT_FALSE(fs::exists(to_));

  Write(kOne);
  ASSERT_EQ(Push(kOne).exit_code, 0);
  EXPECT_EQ(Get(kOne).exit_code, 0) << "that it was not there is not remembered";
}

TEST_F(ArchiveFiles, AreRefusedWhereTheirArgumentsMakeNoSense) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"archive-push"},
           {"archive-push", "x"},
           {"archive-push", "x", "--archive-directory"},
           {"archive-push", "x", "--archive-directory=/tmp", "--compression=gzip"},
           {"archive-get", kOne, "--archive-directory=/tmp"},
           {"archive-get", "../../etc/passwd", "x", "--archive-directory=/tmp"},
           {"archive-get", kOne + ".zst", "x", "--archive-directory=/tmp"},
           {"archive-get", kOne, "x", "--archive-directory=/tmp", "--prefetch=-1"},
           {"archive-get", kOne, "x", "--archive-directory=/tmp", "--jobs=0"}}) {
    const HelperResult result = cluster_.Helper(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.output;
  }
  EXPECT_EQ(Push("postgresql.conf").exit_code, 1);
  EXPECT_EQ(Get(kOne, {"-D", "/nowhere"}).exit_code, 3);
}

TEST_F(ArchiveFiles, AreArchivedForTheDataDirectoryThatTheyLieIn) {
  Write(kOne);
  const fs::path elsewhere = cluster_.directory() / kOne;
  fs::copy_file(data_ / "pg_wal" / kOne, elsewhere);
  const std::string archive = "--archive-directory=" + archive_.string();

  const HelperResult unknown = cluster_.Helper({"archive-push", elsewhere, archive});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.output, HasSubstr("no data directory is above"));
  EXPECT_EQ(cluster_.Helper({"archive-push", elsewhere, archive, "-D", data_}).exit_code, 0);
  EXPECT_EQ(cluster_.Helper({"archive-push", "pg_wal/" + kOne, archive, "-D", data_}).exit_code, 0);

  const HelperResult inside = cluster_.Helper(
      {"archive-push", elsewhere, "-D", data_, "--archive-directory=" + data_.string()});
  EXPECT_EQ(inside.exit_code, 1);
  EXPECT_THAT(inside.output, HasSubstr("is inside the data directory"));
}

TEST_F(ArchiveFiles, AreOfThisClusterOnly) {
  std::string foreign = MakeSegment(kOne);
  foreign[24] ^= 1;
  Write(kOne, foreign);

  const HelperResult pushed = Push(kOne);
  EXPECT_EQ(pushed.exit_code, 1);
  EXPECT_THAT(pushed.output, HasSubstr("it is of the cluster with system identifier"));

  helper::ReplaceFile(archive_ / kOne, foreign);
  const HelperResult got = Get(kOne);
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.output, HasSubstr("it is of the cluster with system identifier"));
  EXPECT_FALSE(fs::exists(to_));
}

TEST_F(ArchiveFiles, GoToAllArchivesAlsoAfterOneHasFailed) {
  Write(kOne);
  const fs::path gone = cluster_.directory() / "gone";
  const fs::path third = cluster_.directory() / "third";
  const std::vector<std::string> more = {"--archive-directory=" + gone.string(),
                                         "--archive-directory=" + third.string()};
  fs::create_directory(third);

  const HelperResult failed = Push(kOne, more);
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.output,
              HasSubstr(fmt::format("could not archive \"{}\" in \"{}\"", kOne, gone.string())));
  EXPECT_THAT(failed.output, testing::Not(HasSubstr("in \"" + third.string())));
  EXPECT_TRUE(fs::exists(archive_ / kOne));
  EXPECT_TRUE(fs::exists(third / kOne));

  fs::create_directory(gone);
  EXPECT_EQ(Push(kOne, more).exit_code, 0);
  EXPECT_TRUE(fs::exists(gone / kOne));
}

TEST_F(ArchiveFiles, ComeFromTheNextArchiveWhereOneIsDamagedOrGone) {
  Write(kOne);
  const fs::path damaged = cluster_.directory() / "damaged";
  fs::create_directory(damaged);
  helper::ReplaceFile(damaged / (kOne + ".zst"), "no such thing");
  const std::vector<std::string> first = {
      "archive-get", kOne, to_, "--archive-directory=" + damaged.string(),
      "--archive-directory=" + (cluster_.directory() / "gone").string()};

  HelperResult got = cluster_.Helper(first);
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.output, HasSubstr("error: could not get"));
  EXPECT_THAT(NamesIn(to_.parent_path()), ElementsAre(kOne));

  ASSERT_EQ(Push(kOne).exit_code, 0);
  std::vector<std::string> all = first;
  all.push_back("--archive-directory=" + archive_.string());
  got = cluster_.Helper(all);
  EXPECT_EQ(got.exit_code, 0);
  EXPECT_THAT(got.output,
              HasSubstr("warning: could not get \"" + kOne + "\" from \"" + damaged.string()));
  EXPECT_TRUE(helper::ReadFile(to_) == MakeSegment(kOne));
}

TEST_F(ArchiveFiles, AreGivenUpWhereTheStorageHangs) {
  // Whoever opens it waits for one who writes.
  const fs::path hanging = data_ / "pg_wal" / kOne;
  ASSERT_EQ(mkfifo(hanging.c_str(), 0600), 0);

  const HelperResult pushed = Push(kOne, {"--timeout=1"});

  EXPECT_EQ(pushed.exit_code, 1);
  EXPECT_THAT(pushed.output, HasSubstr("it takes longer than 1 s"));
}

TEST_F(ArchiveFiles, AreNotTakenByAFullOrReadOnlyArchive) {
  Write(kOne);
  fs::permissions(archive_, fs::perms::owner_read | fs::perms::owner_exec);
  const HelperResult read_only = Push(kOne);
  EXPECT_EQ(read_only.exit_code, 1);
  EXPECT_THAT(read_only.output, HasSubstr("Permission denied"));
  fs::permissions(archive_, fs::perms::owner_all);

  const std::string push =
      helper::CommandText({Cluster::Program("pg_baton"), "archive-push", data_ / "pg_wal" / kOne});
  const helper::ProcessResult full = RunOnSmallFileSystem(
      cluster_.directory(),
      fmt::format("mkdir $SMALL/archive; dd if=/dev/zero of=$SMALL/more bs=64k 2>&1; "
                  "{} --archive-directory=$SMALL/archive; result=$?; "
                  "find $SMALL/archive -type f; rm -rf $SMALL/archive $SMALL/more; exit $result",
                  push),
      2);
  EXPECT_EQ(full.exit_code, 1) << full.output;
  EXPECT_THAT(full.output, HasSubstr("pg_baton: error: could not archive"));
  EXPECT_THAT(full.output, HasSubstr("No space left on device"));
  EXPECT_THAT(full.output, testing::Not(HasSubstr("\n/"))) << "nothing is left of it";
}

class ArchiveSpool : public ArchiveFiles {
 protected:
  ArchiveSpool() {
    for (int i = 1; i <= 8; ++i) {
      Write(Name(i));
      EXPECT_EQ(Push(Name(i)).exit_code, 0);
    }
  }
  void ExpectBrought(const std::string& name, std::vector<std::string> more = {}) {
    more.push_back("--prefetch=4");
    const HelperResult got = Get(name, more);
    EXPECT_EQ(got.exit_code, 0) << got.output;
    EXPECT_EQ(got.output, "");
    EXPECT_TRUE(helper::ReadFile(to_) == MakeSegment(name)) << name;
    EXPECT_TRUE(SpoolIsDone());
  }
  fs::path FileOf(const std::string& segment) const {
    for (const std::string& name : NamesIn(spool_)) {
      if (name.starts_with(segment)) return spool_ / name;
    }
    ADD_FAILURE() << segment << " is not in the spool";
    return {};
  }
};

TEST_F(ArchiveSpool, HasTheNextSegmentsAndNoMore) {
  ExpectBrought(Name(1));
  EXPECT_THAT(Spooled(), ElementsAre(Name(2), Name(3), Name(4), Name(5)));

  ExpectBrought(Name(2));
  ExpectBrought(Name(3));
  ExpectBrought(Name(4));
  // Half of them was there when 4 was asked for.
  EXPECT_THAT(Spooled(), ElementsAre(Name(5), Name(6), Name(7)));

  // At the end of the archive nothing is left of it.
  for (int i = 5; i <= 8; ++i) ExpectBrought(Name(i));
  EXPECT_EQ(Get(Name(9)).exit_code, 1);
  EXPECT_THAT(Spooled(), IsEmpty());
}

TEST_F(ArchiveSpool, IsUsed) {
  ExpectBrought(Name(1));
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(stat(FileOf(Name(2)).c_str(), &before), 0);

  ExpectBrought(Name(2));

  ASSERT_EQ(stat(to_.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino) << "it was moved";
}

TEST_F(ArchiveSpool, IsNotBelievedWhenItIsStaleOrCutShort) {
  ExpectBrought(Name(1));
  const std::string other = MakeSegment(Name(2), 'x');
  helper::ReplaceFile(archive_ / Name(2), other);
  fs::resize_file(FileOf(Name(3)), kSegmentBytes / 2);
  const fs::path unfinished = FileOf(Name(4)).string() + ".pg_baton.abc123";
  fs::rename(FileOf(Name(4)), unfinished);

  EXPECT_EQ(Get(Name(2)).exit_code, 0);
  EXPECT_TRUE(helper::ReadFile(to_) == other);
  EXPECT_TRUE(SpoolIsDone());
  ExpectBrought(Name(3));
  ExpectBrought(Name(4));
  EXPECT_FALSE(fs::exists(unfinished));
}

TEST_F(ArchiveSpool, IsLeftForAnotherTimeline) {
  Write(Name(3, 2));
  ASSERT_EQ(Push(Name(3, 2)).exit_code, 0);
  ExpectBrought(Name(1));

  ExpectBrought(Name(3, 2));

  EXPECT_THAT(Spooled(), IsEmpty());
}

TEST_F(ArchiveSpool, OfAnotherClusterIsNotUsed) {
  ExpectBrought(Name(1));
  // As a copy of the data directory would bring it along.
  const fs::path spooled = FileOf(Name(2));
  std::string foreign = MakeSegment(Name(2));
  foreign[24] ^= 1;
  std::ofstream(spooled, std::ios::trunc | std::ios::binary) << foreign;

  ExpectBrought(Name(2));
}

TEST_F(ArchiveSpool, IsLeftAloneByHistoriesAndNotes) {
  Write("00000002.history", "1\t0/300000\tno recovery target specified\n");
  ASSERT_EQ(Push("00000002.history").exit_code, 0);

  EXPECT_EQ(Get("00000002.history").exit_code, 0);

  EXPECT_FALSE(fs::exists(spool_));
}

TEST_F(ArchiveSpool, NeverFailsWhoAsked) {
  const HelperResult unwritable = Get(Name(1), {"--spool=/proc/spool"});
  EXPECT_EQ(unwritable.exit_code, 0);
  EXPECT_THAT(unwritable.output,
              HasSubstr("warning: no segments are fetched before they are asked for"));

  // With less room than is to stay free, nothing is fetched.
  const helper::ProcessResult full = RunOnSmallFileSystem(
      cluster_.directory(),
      fmt::format("{} --spool=$SMALL/spool; result=$?; find $SMALL/spool -name '0*'; exit $result",
                  helper::CommandText({Cluster::Program("pg_baton"), "archive-get", Name(1), to_,
                                       "--archive-directory=" + archive_.string()})),
      4);
  EXPECT_EQ(full.exit_code, 0);
  EXPECT_EQ(full.output, "");
}

// The server's disk is full: one comes from the spool, one from the archive.
TEST_F(ArchiveSpool, AndTheArchiveLeaveNothingWhereTheDiskIsFull) {
  ExpectBrought(Name(1));
  for (const std::string& name : {Name(2), Name(8)}) {
    const helper::ProcessResult full = RunOnSmallFileSystem(
        cluster_.directory(),
        fmt::format("mkdir $SMALL/wal; dd if=/dev/zero of=$SMALL/more bs=64k 2>&1; "
                    "{} $SMALL/wal/RECOVERYXLOG --archive-directory={} -D {} --prefetch=4; "
                    "result=$?; find $SMALL/wal -type f; rm -rf $SMALL/wal $SMALL/more; "
                    "exit $result",
                    helper::CommandText({Cluster::Program("pg_baton"), "archive-get", name}),
                    archive_.string(), data_.string()),
        2);

    EXPECT_EQ(full.exit_code, 3) << name << "\n" << full.output;
    EXPECT_THAT(full.output, HasSubstr("pg_baton: error: could not get \"" + name));
    EXPECT_THAT(full.output, HasSubstr("No space left on device"));
    EXPECT_THAT(full.output, testing::Not(HasSubstr("\n/"))) << "nothing is left of it";
    EXPECT_TRUE(SpoolIsDone());
  }
  ExpectBrought(Name(2));
  ExpectBrought(Name(8));
}

TEST_F(ArchiveSpool, IsFilledByAProcessThatHoldsNobodyUp) {
  ExpectBrought(Name(1), {"--jobs=4"});
  // What was written to the pipe of this test's Helper has ended, or it would not have returned.
  EXPECT_THAT(Spooled(), ElementsAre(Name(2), Name(3), Name(4), Name(5)));
  // Somebody else fills it: nobody waits.
  const auto lock = helper::Spool(spool_, {}).TryLock();
  ASSERT_TRUE(lock);
  const HelperResult got = Get(Name(5), {"--prefetch=4"});
  EXPECT_EQ(got.exit_code, 0);
  close(*lock);
  EXPECT_THAT(Spooled(), IsEmpty());
}

}  // namespace
}  // namespace baton::test
