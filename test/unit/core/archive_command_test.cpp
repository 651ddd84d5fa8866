#include "core/archive_command.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

constexpr const char* kData = "/srv/data";

std::string ReasonFor(std::string_view command) {
  const auto advice = AdviseArchiveCommand(command, kData);
  if (!advice) return "";
  return std::string(StatusText(advice->status)) + ": " + advice->reason;
}

constexpr const char* kNothing = "critical: it archives nothing, and reports that it did";
constexpr const char* kAlways =
    "critical: it reports success also when it has failed, so the server removes WAL that is in no "
    "archive";
constexpr const char* kPlainCopy =
    "warning: cp overwrites what is there, shows unfinished files under their final names, and "
    "flushes nothing";

TEST(ArchiveCommand, IsFineIfAProgramMadeForItArchives) {
  for (const char* const command :
       {"pgbackrest --stanza=main archive-push %p", "barman-wal-archive backup main %p",
        "wal-g wal-push \"%p\"", "pg_baton archive-push %p", "/usr/local/bin/archive.sh %p %f",
        "envdir /etc/wal-e.d/env wal-e wal-push %p", ""}) {
    EXPECT_EQ(ReasonFor(command), "") << command;
  }
}

TEST(ArchiveCommand, IsCriticalIfItDoesNothing) {
  for (const char* const command :
       {"true", "/bin/true", ":", "exit 0", " /usr/bin/true ; ", "'true'"}) {
    EXPECT_EQ(ReasonFor(command), kNothing) << command;
  }
}

TEST(ArchiveCommand, IsCriticalIfItReportsSuccessWhateverHappened) {
  for (const char* const command :
       {"cp %p /archive/%f; true", "cp %p /archive/%f || true", "cp %p /archive/%f ; exit 0",
        "rsync %p host:/archive/%f || :", "pgbackrest archive-push %p;/bin/true",
        "pgbackrest archive-push %p | true"}) {
    EXPECT_EQ(ReasonFor(command), kAlways) << command;
  }
  EXPECT_EQ(ReasonFor("wal-g wal-push %p && true"), "");
}

TEST(ArchiveCommand, IsCriticalIfItIsNotToldTheFile) {
  EXPECT_EQ(ReasonFor("pgbackrest archive-push"),
            "critical: it has neither %p nor %f, so it is not told which file it is for");
  EXPECT_EQ(ReasonFor("gzip < %p > /archive/segment.gz"),
            "critical: it writes every file to \"/archive/segment.gz\"");
  EXPECT_EQ(ReasonFor("wal-g wal-push %p > /dev/null 2>&1"), "");
  EXPECT_EQ(ReasonFor("wal-g wal-push %p 2>> /var/log/wal-g.log"), "");
}

TEST(ArchiveCommand, IsCriticalIfItArchivesIntoTheDataDirectory) {
  EXPECT_EQ(ReasonFor("cp %p /srv/data/archive/%f"),
            "critical: it writes to \"/srv/data/archive/%f\", which is inside the data directory");
  EXPECT_EQ(ReasonFor("cp %p archive/%f"),
            "critical: it writes to \"archive/%f\", which is inside the data directory");
  EXPECT_EQ(ReasonFor("gzip < %p > pg_wal/old/%f.gz"),
            "critical: it writes to \"pg_wal/old/%f.gz\", which is inside the data directory");
  EXPECT_EQ(ReasonFor("cp %p /srv/database/%f"), kPlainCopy);
}

TEST(ArchiveCommand, IsDoubtfulIfItCopiesPlainly) {
  for (const char* const command :
       {"cp %p /archive/%f", "cp \"%p\" '/archive/%f'", "/bin/cp %p /archive/",
        "cd / && cp /srv/data/%p /archive/%f", "cp %p $ARCHIVE/%f"}) {
    EXPECT_EQ(ReasonFor(command), kPlainCopy) << command;
  }
  EXPECT_EQ(
      ReasonFor("scp %p backup:/archive/%f"),
      "warning: scp overwrites what is there, shows unfinished files under their final names, "
      "and flushes nothing");
}

TEST(ArchiveCommand, IsDoubtfulIfItTestsAndThenCopies) {
  EXPECT_EQ(ReasonFor("test ! -f /archive/%f && cp %p /archive/%f"),
            "warning: cp flushes nothing, and a file that it leaves unfinished, as on a full disk, "
            "blocks the archive for ever");
}

TEST(ArchiveCommand, IsDoubtfulIfItLeavesAnotherFileInPlaceSilently) {
  EXPECT_EQ(ReasonFor("cp -i %p /archive/%f </dev/null"),
            "warning: cp -i reports success where it leaves another file in place");
  EXPECT_EQ(ReasonFor("cp -pn %p /archive/%f"),
            "warning: cp -n reports success where it leaves another file in place");
}

TEST(ArchiveCommand, IsDoubtfulIfItOverwritesOrFlushesNothing) {
  EXPECT_EQ(ReasonFor("rsync -a %p host:/archive/%f"),
            "warning: rsync overwrites what is there, and flushes nothing unless it is told to");
  EXPECT_EQ(ReasonFor("gzip < %p > /archive/%f.gz"),
            "warning: it shows \"/archive/%f.gz\" unfinished under its final name, and flushes "
            "nothing");
  EXPECT_EQ(ReasonFor("mv %p /archive/%f"),
            "critical: mv takes the file away from the server, which still needs it");
}

TEST(ArchiveCommand, IsDoubtfulIfAPipeHidesFailures) {
  EXPECT_EQ(ReasonFor("gzip -c %p | ssh backup 'cat > /archive/%f'"),
            "warning: a failure in its pipe is not noticed, except of the last command");
  EXPECT_EQ(ReasonFor("bash -c 'set -o pipefail; gzip -c %p | ssh backup archive %f'"), "");
}

TEST(ArchiveCommand, IsFineIfItRenamesWhatItHasFlushed) {
  EXPECT_EQ(ReasonFor("test ! -f /archive/%f && cp %p /archive/.%f && sync /archive/.%f && mv "
                      "/archive/.%f /archive/%f && sync /archive"),
            "");
  EXPECT_EQ(ReasonFor("dd if=%p of=/archive/.%f conv=fsync && mv /archive/.%f /archive/%f"), "");
  EXPECT_EQ(ReasonFor("cp %p /archive/.%f && mv /archive/.%f /archive/%f"), kPlainCopy);
}

TEST(ArchiveCommand, SaysWhatToDoInstead) {
  EXPECT_EQ(AdviseArchiveCommand("cp %p /archive/%f", kData)->hint,
            "Archive by archive_library = 'pg_baton', or by \"pg_baton archive-push\", which write "
            "whole files durably and overwrite nothing.");
}

TEST(IsOwnArchiveLibrary, TakesTheNamesByWhichTheServerFindsIt) {
  EXPECT_TRUE(IsOwnArchiveLibrary("pg_baton"));
  EXPECT_TRUE(IsOwnArchiveLibrary("$libdir/pg_baton"));
  EXPECT_TRUE(IsOwnArchiveLibrary("/usr/lib/postgresql/15/lib/pg_baton.so"));
  EXPECT_FALSE(IsOwnArchiveLibrary(""));
  EXPECT_FALSE(IsOwnArchiveLibrary("basic_archive"));
  EXPECT_FALSE(IsOwnArchiveLibrary("pg_baton_other"));
}

}  // namespace
}  // namespace baton::core
