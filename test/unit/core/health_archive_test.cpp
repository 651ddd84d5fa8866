#include <gmock/gmock.h>

#include "test/unit/core/health_of.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;

NodeFacts PrimaryWhoseArchiveLacks(std::int64_t bytes, std::chrono::microseconds time) {
  NodeFacts node = HealthyPrimary();
  node.archiver.missing_bytes = bytes;
  node.archiver.missing_time = time;
  return node;
}

TEST(HealthArchiveGap, IsOkIfTheArchiveHasAll) {
  EXPECT_EQ(HealthOf(HealthyPrimary(), "archive_gap"),
            Ok("0 ms", "the archive has all WAL of this server"));
}

TEST(HealthArchiveGap, SaysWhatWouldBeLost) {
  EXPECT_EQ(
      HealthOf(PrimaryWhoseArchiveLacks(3 << 20, 90s), "archive_gap"),
      Ok("1 min 30 s", "if this server vanished now, the archive would lack 3.0 MB, 1 min 30 s"));
}

TEST(HealthArchiveGap, WarnsFromTheThresholdOnAndSaysWhatHelps) {
  NodeFacts node = PrimaryWhoseArchiveLacks(3 << 20, 1h);
  EXPECT_EQ(
      HealthOf(node, "archive_gap"),
      Warning("1 h 00 min",
              "if this server vanished now, the archive would lack 3.0 MB, 1 h 00 min",
              "A segment is archived when it is full; set archive_timeout to have it archived "
              "earlier."));
  node.archiver.ready_files = 1;
  EXPECT_EQ(HealthOf(node, "archive_gap"),
            Warning("1 h 00 min",
                    "if this server vanished now, the archive would lack 3.0 MB, 1 h 00 min",
                    "See baton.archive_status for why the archive does not keep up."));
}

TEST(HealthArchiveGap, IsUnknownWithItsReason) {
  NodeFacts node = HealthyPrimary();
  node.archiver.missing_bytes.reset();
  node.archiver.missing_reason = "the waiting files have not been counted";
  EXPECT_EQ(HealthOf(node, "archive_gap"),
            Unknown("",
                    "what the archive lacks is not known: the waiting files have not been "
                    "counted"));
}

TEST(HealthArchiveGap, GivesNoRowWhereNothingIsArchived) {
  NodeFacts node = HealthyPrimary();
  node.archiver.configured = false;
  EXPECT_EQ(HealthOf(node, "archive_gap"), std::nullopt);
  node.archiver.configured = true;
  node.archiver.enabled = false;
  EXPECT_EQ(HealthOf(node, "archive_gap"), std::nullopt);
}

NodeFacts PrimaryThatArchivesBy(const char* command) {
  NodeFacts node = HealthyPrimary();
  node.archiver.method = ArchiveMethod::kCommand;
  node.archiver.target = command;
  node.archiver.data_directory = "/srv/data";
  return node;
}

TEST(HealthArchiveCommand, IsOkIfNothingIsKnownAgainstIt) {
  EXPECT_EQ(HealthOf(PrimaryThatArchivesBy("pgbackrest archive-push %p"), "archive_command"),
            Ok("", "nothing is known against archive_command"));
}

TEST(HealthArchiveCommand, IsCriticalIfItLosesWalUnnoticed) {
  EXPECT_EQ(HealthOf(PrimaryThatArchivesBy("/bin/true"), "archive_command"),
            Critical("", "archive_command: it archives nothing, and reports that it did",
                     "Set a command that archives, or let WAL wait with an empty one."));
}

TEST(HealthArchiveCommand, WarnsOfWhatMayLoseIt) {
  EXPECT_EQ(StatusOf(PrimaryThatArchivesBy("cp %p /archive/%f"), "archive_command"),
            Status::kWarning);
}

TEST(HealthArchiveCommand, GivesNoRowIfALibraryArchives) {
  NodeFacts node = PrimaryThatArchivesBy("/bin/true");
  node.archiver.method = ArchiveMethod::kLibrary;
  EXPECT_EQ(HealthOf(node, "archive_command"), std::nullopt);
}

}  // namespace
}  // namespace baton::core
