#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

constexpr const char* kMakeRoom =
    "Make room: PostgreSQL stops when it cannot write WAL. Look at checks slot_retained and "
    "archive_backlog for what holds WAL back.";

NodeFacts NodeWithWalSpace(std::int64_t free_bytes) {
  NodeFacts node = HealthyNode();
  node.storage.wal.free_bytes = free_bytes;
  return node;
}

TEST(HealthWalSpace, IsOkWhileThereIsRoom) {
  EXPECT_EQ(HealthOf(HealthyNode(), "wal_space"), Ok("60 %", "WAL: 60 GB of 100 GB free"));
  EXPECT_EQ(StatusOf(NodeWithWalSpace(10 * kGigabyte + 1), "wal_space"), Status::kOk);
}

TEST(HealthWalSpace, WarnsFromTheThresholdDown) {
  EXPECT_EQ(HealthOf(NodeWithWalSpace(10 * kGigabyte), "wal_space"),
            Warning("10 %", "WAL: 10 GB of 100 GB free", kMakeRoom));
  EXPECT_EQ(StatusOf(NodeWithWalSpace(5 * kGigabyte + 1), "wal_space"), Status::kWarning);
}

TEST(HealthWalSpace, IsCriticalFromTheSecondThresholdDown) {
  EXPECT_EQ(HealthOf(NodeWithWalSpace(5 * kGigabyte), "wal_space"),
            Critical("5 %", "WAL: 5.0 GB of 100 GB free", kMakeRoom));
  EXPECT_EQ(HealthOf(NodeWithWalSpace(0), "wal_space"),
            Critical("0 %", "WAL: 0 B of 100 GB free", kMakeRoom));
}

TEST(HealthWalSpace, IsUnknownUntilItWasMeasured) {
  NodeFacts node = HealthyNode();
  node.storage.wal = {};
  node.storage.age.reset();

  EXPECT_EQ(HealthOf(node, "wal_space"), Unknown("", "free space has not been measured yet"));
}

NodeFacts NodeFullIn(std::chrono::microseconds time) {
  NodeFacts node = HealthyNode();
  node.storage.wal_full_in = time;
  return node;
}

TEST(HealthWalFullIn, IsOkWhileItTakesLong) {
  EXPECT_EQ(
      HealthOf(HealthyNode(), "wal_full_in"),
      Ok("100 h 00 min", "the file system of the WAL is full in 100 h 00 min at the present rate"));
  EXPECT_EQ(StatusOf(NodeFullIn(4h + 1us), "wal_full_in"), Status::kOk);
}

TEST(HealthWalFullIn, IsOkWhileItDoesNotFill) {
  NodeFacts node = HealthyNode();
  node.storage.wal_full_in.reset();

  EXPECT_EQ(HealthOf(node, "wal_full_in"), Ok("", "the file system of the WAL does not fill"));
  EXPECT_EQ(RowOf(node, "wal_full_in").value_number, std::nullopt);
}

TEST(HealthWalFullIn, WarnsFromTheThresholdDown) {
  EXPECT_EQ(
      HealthOf(NodeFullIn(4h), "wal_full_in"),
      Warning("4 h 00 min", "the file system of the WAL is full in 4 h 00 min at the present rate",
              kMakeRoom));
  EXPECT_EQ(StatusOf(NodeFullIn(1h + 1us), "wal_full_in"), Status::kWarning);
}

TEST(HealthWalFullIn, IsCriticalFromTheSecondThresholdDown) {
  EXPECT_EQ(
      HealthOf(NodeFullIn(1h), "wal_full_in"),
      Critical("1 h 00 min", "the file system of the WAL is full in 1 h 00 min at the present rate",
               kMakeRoom));
}

TEST(HealthWalFullIn, GivesNoRowUntilThereIsARate) {
  NodeFacts node = HealthyNode();
  node.storage.wal_rate_known = false;
  node.storage.wal_full_in.reset();

  EXPECT_EQ(HealthOf(node, "wal_full_in"), std::nullopt);
}

NodeFacts NodeWithDiskSpace(std::int64_t free_bytes) {
  NodeFacts node = HealthyNode();
  node.storage.fullest.free_bytes = free_bytes;
  return node;
}

TEST(HealthDiskSpace, IsOkWhileThereIsRoom) {
  EXPECT_EQ(HealthOf(HealthyNode(), "disk_space"),
            Ok("50 %", "data directory: 50 GB of 100 GB free"));
  EXPECT_EQ(StatusOf(NodeWithDiskSpace(10 * kGigabyte + 1), "disk_space"), Status::kOk);
}

TEST(HealthDiskSpace, WarnsFromTheThresholdDown) {
  NodeFacts node = NodeWithDiskSpace(10 * kGigabyte);
  node.storage.fullest.name = "archive";

  EXPECT_EQ(HealthOf(node, "disk_space"),
            Warning("10 %", "archive: 10 GB of 100 GB free", "Make room, or move a tablespace."));
  EXPECT_EQ(StatusOf(NodeWithDiskSpace(5 * kGigabyte + 1), "disk_space"), Status::kWarning);
}

TEST(HealthDiskSpace, IsCriticalFromTheSecondThresholdDown) {
  EXPECT_EQ(
      HealthOf(NodeWithDiskSpace(5 * kGigabyte), "disk_space"),
      Critical("5 %", "data directory: 5.0 GB of 100 GB free", "Make room, or move a tablespace."));
}

TEST(HealthDiskSpace, IsUnknownUntilItWasMeasured) {
  NodeFacts node = HealthyNode();
  node.storage.fullest.total_bytes = 0;
  node.storage.age.reset();

  EXPECT_EQ(HealthOf(node, "disk_space"), Unknown("", "free space has not been measured yet"));
}

NodeFacts NodeThatWroteIn(std::chrono::microseconds time) {
  NodeFacts node = HealthyNode();
  node.storage.took = time;
  return node;
}

constexpr const char* kLookAtTheStorage =
    "Look at the storage and at the kernel's log; commits wait for the same disk.";

TEST(HealthStorage, IsOkWhileWritesAreFast) {
  EXPECT_EQ(HealthOf(HealthyNode(), "storage"),
            Ok("2 ms", "a small write to the data directory was durable in 2 ms"));
  EXPECT_EQ(StatusOf(NodeThatWroteIn(1s - 1us), "storage"), Status::kOk);
}

TEST(HealthStorage, WarnsFromTheThresholdOn) {
  EXPECT_EQ(HealthOf(NodeThatWroteIn(1s), "storage"),
            Warning("1.0 s", "a small write to the data directory was durable in 1.0 s",
                    kLookAtTheStorage));
  EXPECT_EQ(StatusOf(NodeThatWroteIn(10s - 1us), "storage"), Status::kWarning);
}

TEST(HealthStorage, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(HealthOf(NodeThatWroteIn(10s), "storage"),
            Critical("10.0 s", "a small write to the data directory was durable in 10.0 s",
                     kLookAtTheStorage));
}

NodeFacts NodeThatWritesFor(std::chrono::microseconds time) {
  NodeFacts node = HealthyNode();
  node.storage.pending = time;
  return node;
}

TEST(HealthStorage, DoesNotMindAWriteUnderWayThatIsNotSlowYet) {
  EXPECT_EQ(HealthOf(NodeThatWritesFor(1s - 1us), "storage"),
            Ok("2 ms", "a small write to the data directory was durable in 2 ms"));
}

TEST(HealthStorage, WarnsOfAWriteUnderWayBeforeItEnds) {
  EXPECT_EQ(HealthOf(NodeThatWritesFor(1s), "storage"),
            Warning("1.0 s", "a small write to the data directory has been under way for 1.0 s",
                    kLookAtTheStorage));
}

TEST(HealthStorage, IsCriticalWhenAWriteHangs) {
  NodeFacts node = NodeThatWritesFor(10min);
  node.storage.took.reset();

  EXPECT_EQ(HealthOf(node, "storage"),
            Critical("10 min 00 s",
                     "a small write to the data directory has been under way for 10 min 00 s",
                     kLookAtTheStorage));
  EXPECT_EQ(RowOf(node, "storage").value_number, 600);
}

TEST(HealthStorage, IsCriticalWhenAWriteFailed) {
  NodeFacts node = HealthyNode();
  node.storage.error = "No space left on device";

  EXPECT_EQ(HealthOf(node, "storage"),
            Critical("failed", "could not write to the data directory: No space left on device",
                     kLookAtTheStorage));
  EXPECT_EQ(RowOf(node, "storage").value_number, std::nullopt);
}

NodeFacts PrimaryWithFilesToArchive(std::int64_t files) {
  NodeFacts node = HealthyPrimary();
  node.archiver.ready_files = files;
  return node;
}

// The worker that tries and measures has stopped.
TEST(HealthStorage, IsUnknownWithItsAgeWhenNobodyHasLookedForLong) {
  NodeFacts node = PrimaryWithFilesToArchive(1);
  node.storage = {};
  node.storage.age = 5s;
  node.archiver.counted = false;

  EXPECT_EQ(HealthOf(node, "storage"),
            Unknown("", "no write to the data directory has been tried for 5.0 s"));
  EXPECT_EQ(HealthOf(node, "wal_space"), Unknown("", "free space has not been measured for 5.0 s"));
  EXPECT_EQ(HealthOf(node, "disk_space"),
            Unknown("", "free space has not been measured for 5.0 s"));
  EXPECT_EQ(HealthOf(node, "archive_backlog"),
            Unknown("", "the waiting files have not been counted for 5.0 s"));
}

TEST(HealthStorage, IsUnknownUntilAWriteHasEnded) {
  NodeFacts node = HealthyNode();
  node.storage.took.reset();
  node.storage.age.reset();
  EXPECT_EQ(HealthOf(node, "storage"),
            Unknown("", "no write to the data directory has been tried yet"));

  node.storage.pending = 1ms;
  EXPECT_EQ(HealthOf(node, "storage"),
            Unknown("", "no write to the data directory has been tried yet"));
}

constexpr const char* kSeeArchiver =
    "See pg_stat_archiver and the server log for what the command said.";

TEST(HealthArchiver, IsOkWhenTheServerArchivesNothing) {
  NodeFacts node = HealthyPrimary();
  node.archiver.enabled = false;

  EXPECT_EQ(HealthOf(node, "archiver"), Ok("off", "this server archives nothing now"));
}

TEST(HealthArchiver, IsCriticalWhenThereIsNothingToArchiveWith) {
  NodeFacts node = HealthyPrimary();
  node.archiver.configured = false;

  EXPECT_EQ(
      HealthOf(node, "archiver"),
      Critical("not configured", "archive_mode is on, but neither a command nor a library is set",
               "WAL piles up until archive_command or archive_library is set."));
}

TEST(HealthArchiver, IsOkWhileItWorks) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "archiver"), Ok("at work", "the archiver is at work"));
}

TEST(HealthArchiver, IsOkHoweverManyFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(200), "archiver"),
            Ok("at work", "the archiver is at work"));
}

TEST(HealthArchiver, WarnsOfAFailureHoweverFewFilesWait) {
  NodeFacts node = PrimaryWithFilesToArchive(1);
  node.archiver.failing = true;
  node.archiver.last_failed = "000000010000000000000003";

  EXPECT_EQ(HealthOf(node, "archiver"),
            Warning("failing", "archiving \"000000010000000000000003\" failed", kSeeArchiver));
  EXPECT_EQ(HealthOf(node, "archive_backlog"), Ok("1 file", "1 file waits to be archived"));
}

TEST(HealthArchiver, WarnsWhenItsProcessIsNotThere) {
  NodeFacts node = HealthyPrimary();
  node.archiver.running = false;

  EXPECT_EQ(HealthOf(node, "archiver"),
            Warning("not running", "the archiver process is not there",
                    "See the server log for what ended it; a command that is not found or is "
                    "killed by a signal is counted nowhere."));
}

TEST(HealthArchiver, TellsTheCountedFailureRatherThanTheMissingProcess) {
  NodeFacts node = HealthyPrimary();
  node.archiver.running = false;
  node.archiver.failing = true;
  node.archiver.last_failed = "000000010000000000000003";

  EXPECT_EQ(HealthOf(node, "archiver"),
            Warning("failing", "archiving \"000000010000000000000003\" failed", kSeeArchiver));
}

TEST(HealthArchiveBacklog, IsOkWhileFewFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(0), "archive_backlog"),
            Ok("0 files", "0 files wait to be archived"));
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(1), "archive_backlog"),
            Ok("1 file", "1 file waits to be archived"));
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(15), "archive_backlog"),
            Ok("15 files", "15 files wait to be archived"));
}

TEST(HealthArchiveBacklog, WarnsWhenManyFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(16), "archive_backlog"),
            Warning("16 files", "16 files wait to be archived", kSeeArchiver));
  EXPECT_EQ(StatusOf(PrimaryWithFilesToArchive(127), "archive_backlog"), Status::kWarning);
}

TEST(HealthArchiveBacklog, IsCriticalWhenVeryManyFilesWait) {
  EXPECT_EQ(HealthOf(PrimaryWithFilesToArchive(128), "archive_backlog"),
            Critical("128 files", "128 files wait to be archived", kSeeArchiver));
}

TEST(HealthArchiveBacklog, StaysCriticalWhenTheArchiverFailsToo) {
  NodeFacts node = PrimaryWithFilesToArchive(200);
  node.archiver.failing = true;
  node.archiver.last_failed = "000000010000000000000003";

  EXPECT_EQ(HealthOf(node, "archiver"),
            Warning("failing", "archiving \"000000010000000000000003\" failed", kSeeArchiver));
  EXPECT_EQ(HealthOf(node, "archive_backlog"),
            Critical("200 files", "200 files wait to be archived", kSeeArchiver));
}

TEST(HealthArchiveBacklog, GivesItsNumbersToPrograms) {
  const Finding row = RowOf(PrimaryWithFilesToArchive(3), "archive_backlog");

  EXPECT_EQ(row.value_number, 3);
  EXPECT_EQ(row.unit.view(), "files");
  EXPECT_EQ(row.threshold.view(), "warning at 16 files, critical at 128 files");
}

TEST(HealthArchiveBacklog, IsUnknownUntilTheFilesWereCounted) {
  NodeFacts node = HealthyPrimary();
  node.archiver.counted = false;
  node.storage.age.reset();

  EXPECT_EQ(HealthOf(node, "archive_backlog"),
            Unknown("", "the waiting files have not been counted yet"));
  EXPECT_EQ(HealthOf(node, "archive_age"), std::nullopt);
}

TEST(HealthArchiveBacklog, GivesNoRowIfTheServerArchivesNothing) {
  NodeFacts node = HealthyPrimary();
  node.archiver.enabled = false;

  EXPECT_EQ(HealthOf(node, "archive_backlog"), std::nullopt);
  EXPECT_EQ(HealthOf(node, "archive_age"), std::nullopt);
}

TEST(HealthArchiveBacklog, IsCountedEvenIfThereIsNothingToArchiveWith) {
  NodeFacts node = PrimaryWithFilesToArchive(128);
  node.archiver.configured = false;

  EXPECT_EQ(HealthOf(node, "archive_backlog"),
            Critical("128 files", "128 files wait to be archived", kSeeArchiver));
}

NodeFacts PrimaryWhoseOldestFileWaitsFor(std::chrono::microseconds age) {
  NodeFacts node = PrimaryWithFilesToArchive(1);
  node.archiver.oldest_ready = age;
  return node;
}

constexpr const char* kCountedNowhere =
    "The archive command hangs, fails or is too slow; what hangs or is killed is counted nowhere, "
    "so look at the process and the server log.";

TEST(HealthArchiveAge, IsOkWhenNothingWaits) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "archive_age"), Ok("0 ms", "nothing waits to be archived"));
}

TEST(HealthArchiveAge, IsOkBelowTheThreshold) {
  EXPECT_EQ(HealthOf(PrimaryWhoseOldestFileWaitsFor(59s), "archive_age"),
            Ok("59.0 s", "the oldest file has waited for 59.0 s"));
  EXPECT_EQ(StatusOf(PrimaryWhoseOldestFileWaitsFor(5min - 1us), "archive_age"), Status::kOk);
}

TEST(HealthArchiveAge, WarnsFromTheThresholdOn) {
  EXPECT_EQ(HealthOf(PrimaryWhoseOldestFileWaitsFor(5min), "archive_age"),
            Warning("5 min 00 s", "the oldest file has waited for 5 min 00 s", kCountedNowhere));
  EXPECT_EQ(StatusOf(PrimaryWhoseOldestFileWaitsFor(30min - 1us), "archive_age"), Status::kWarning);
}

TEST(HealthArchiveAge, IsCriticalFromTheSecondThresholdOn) {
  EXPECT_EQ(HealthOf(PrimaryWhoseOldestFileWaitsFor(30min), "archive_age"),
            Critical("30 min 00 s", "the oldest file has waited for 30 min 00 s", kCountedNowhere));
}

NodeFacts NodeWithFailedPages(std::int64_t count) {
  NodeFacts node = HealthyNode();
  node.checksum_failures = count;
  return node;
}

constexpr const char* kDoNotTrustTheDisk =
    "See pg_stat_database.checksum_last_failure and the server log; the disk cannot be trusted.";

TEST(HealthChecksumFailures, IsOkWithoutAFailure) {
  EXPECT_EQ(HealthOf(HealthyNode(), "checksum_failures"),
            Ok("0", "no data page failed its checksum since the statistics began"));
}

TEST(HealthChecksumFailures, IsCriticalFromTheFirstOn) {
  EXPECT_EQ(HealthOf(NodeWithFailedPages(1), "checksum_failures"),
            Critical("1", "1 data page failed its checksum since the statistics began",
                     kDoNotTrustTheDisk));
  EXPECT_EQ(HealthOf(NodeWithFailedPages(17), "checksum_failures"),
            Critical("17", "17 data pages failed their checksum since the statistics began",
                     kDoNotTrustTheDisk));
}

TEST(HealthChecksumFailures, MayBeAcknowledgedByAHigherThreshold) {
  HealthPolicy policy;
  policy.Of(Check::kChecksumFailures) = {2, 18};

  const auto status = [&](std::int64_t count) {
    return RowOf(EvaluateHealth(NodeWithFailedPages(count), policy), "checksum_failures")->status;
  };
  EXPECT_EQ(status(1), Status::kOk);
  EXPECT_EQ(status(17), Status::kWarning);
  EXPECT_EQ(status(18), Status::kCritical);
}

TEST(HealthChecksumFailures, IsUnknownUntilTheStatisticsWereRead) {
  NodeFacts node = HealthyNode();
  node.checksum_failures.reset();

  EXPECT_EQ(HealthOf(node, "checksum_failures"),
            Unknown("", "the statistics of checksums have not been read yet"));
}

TEST(HealthChecksumFailures, GivesNoRowWhileChecksumsAreOff) {
  NodeFacts node = NodeWithFailedPages(1);
  node.data_checksums = false;

  EXPECT_EQ(HealthOf(node, "checksum_failures"), std::nullopt);
}

}  // namespace
}  // namespace baton::core
