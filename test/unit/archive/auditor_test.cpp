#include "archive/auditor.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/archive/audit_faults.hpp"

namespace baton::archive {
namespace {

using test::AuditedArchive;
using test::Cannot;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kMegabyte = std::uint64_t{1024} * 1024;

class FaultTable : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FaultTable, AnUntouchedArchiveIsClean) {
  const AuditedArchive archive(GetParam());

  EXPECT_THAT(archive.Findings(), IsEmpty());
  EXPECT_EQ(archive.Coverage({}),
            fmt::format("WAL is unbroken from {} to {}.", archive.At(3), archive.At(9)));
}

TEST_P(FaultTable, EachFaultIsFoundAndNothingElse) {
  for (const test::AuditFault& fault : test::AuditFaults()) {
    SCOPED_TRACE(fault.name);
    const AuditedArchive archive(GetParam());
    fault.make(archive);

    EXPECT_EQ(archive.Findings(), fault.findings(archive));
  }
}

INSTANTIATE_TEST_SUITE_P(Segments, FaultTable,
                         testing::Values(kMegabyte, 16 * kMegabyte, 64 * kMegabyte),
                         [](const auto& size) {
                           return fmt::format("Of{}MB", size.param / kMegabyte);
                         });

class AuditorTest : public testing::Test {
 protected:
  AuditedArchive::Asked Server() const {
    AuditedArchive::Asked asked;
    asked.server.origin = {test::kSystemIdentifier, archive_.segment_bytes(), core::PageMagic(15)};
    asked.server.timeline = 2;
    asked.server.lsn = core::Lsn(archive_.Begin(9).bytes() + 100);
    asked.histories[2] = {{1, core::Lsn(), archive_.fork()}, {2, archive_.fork(), core::Lsn()}};
    return asked;
  }

  AuditedArchive archive_{kMegabyte};
};

TEST_F(AuditorTest, AServerThatAgreesAddsNothing) {
  EXPECT_THAT(archive_.Findings(Server()), IsEmpty());
}

TEST_F(AuditorTest, AnArchiveOfAnotherClusterIsNotTheServers) {
  AuditedArchive::Asked asked = Server();
  asked.server.origin.system_identifier = 77;

  EXPECT_EQ(
      archive_.Findings(asked).front(),
      fmt::format("critical | other_cluster | {} | it is of the cluster with system identifier "
                  "{} | {}",
                  archive_.Name(3), test::kSystemIdentifier, Cannot(archive_, 3)));
}

TEST_F(AuditorTest, AServerThatIsAheadIsTold) {
  AuditedArchive::Asked asked = Server();
  asked.server.lsn = archive_.Begin(11);
  EXPECT_THAT(archive_.Findings(asked),
              ElementsAre(fmt::format(
                  "warning | archive_behind | {} | the server is at {}, and 2 segments before that "
                  "are not archived | If the server were lost now, what it wrote after {} would be "
                  "lost.",
                  archive_.Name(9, 2), archive_.At(11), archive_.At(9))));

  asked.server.lsn = archive_.Begin(40);
  EXPECT_THAT(archive_.Findings(asked),
              ElementsAre(testing::StartsWith("critical | archive_behind | ")));
}

TEST_F(AuditorTest, TheServersHistoryIsBelieved) {
  AuditedArchive::Asked asked = Server();
  archive_.WriteText("00000002.history", fmt::format("1\t{}\tx\n", archive_.At(7)));

  EXPECT_THAT(archive_.Findings(asked),
              ElementsAre(fmt::format(
                  "critical | history_differs | 00000002.history | it says timeline 1 until {}, "
                  "timeline 2; the server's says timeline 1 until {}, timeline 2 | A restore "
                  "follows this file, and would take a wrong way or none.",
                  archive_.At(7), archive_.fork().ToString())));
}

TEST_F(AuditorTest, ATimelineThatTheServerIsNotOnIsTold) {
  AuditedArchive::Asked asked = Server();
  asked.server.timeline = 1;
  asked.server.lsn = archive_.fork();

  EXPECT_THAT(
      archive_.Findings(asked),
      ElementsAre("warning | newer_timeline | 00000002.history | the archive has timeline 2, "
                  "and the server that was asked is on timeline 1 | A restore to the latest "
                  "timeline would follow that one, and not the server's."));
}

TEST_F(AuditorTest, ABackupThatIsNamedIsTheBeginning) {
  AuditedArchive::Asked asked;
  asked.backups.push_back({"", 0, archive_.Begin(2), core::Lsn()});

  EXPECT_THAT(archive_.Findings(asked),
              ElementsAre(fmt::format("critical | missing_segment | {} | it is missing | {}",
                                      archive_.Name(2), Cannot(archive_, 2))));
}

TEST_F(AuditorTest, WithoutABackupTheOldestSegmentIsTheBeginning) {
  fs::remove(archive_.folder() / archive_.BackupName());
  fs::remove(archive_.folder() / archive_.Name(3));

  EXPECT_THAT(archive_.Findings(), IsEmpty());
  EXPECT_EQ(archive_.Coverage({}),
            fmt::format("WAL is unbroken from {} to {}.", archive_.At(4), archive_.At(9)));
}

TEST_F(AuditorTest, WhatIsBrokenIsLeftOutOfWhatCanBeRestored) {
  fs::remove(archive_.folder() / (archive_.Name(4) + ".zst"));
  archive_.Overwrite(archive_.Name(6, 2), 200, "?");

  EXPECT_EQ(
      archive_.Coverage({}),
      fmt::format("WAL is unbroken from {} to {}, from {} to {}, from {} to {}.", archive_.At(3),
                  archive_.At(4), archive_.At(5), archive_.At(6), archive_.At(7), archive_.At(9)));
}

TEST_F(AuditorTest, AQuickLookSeesNamesAndSizesAlone) {
  AuditedArchive::Asked asked;
  asked.quick = true;
  EXPECT_THAT(archive_.Findings(asked), IsEmpty());

  archive_.Overwrite(archive_.Name(3), 200, "?");
  EXPECT_THAT(archive_.Findings(asked), IsEmpty());

  fs::resize_file(archive_.folder() / archive_.Name(3), 1000);
  fs::remove(archive_.folder() / (archive_.Name(5) + ".gz"));
  EXPECT_THAT(archive_.Findings(asked),
              ElementsAre(testing::StartsWith("critical | wrong_size | " + archive_.Name(3)),
                          testing::StartsWith("critical | missing_segment | " + archive_.Name(5))));
}

TEST_F(AuditorTest, AnEmptyFolderIsNoArchive) {
  fs::remove_all(archive_.folder());
  fs::create_directory(archive_.folder());

  EXPECT_THAT(
      archive_.Findings(),
      ElementsAre("critical | empty_archive |  | there is no segment of WAL | Nothing can be "
                  "restored beyond the end of a base backup."));
}

TEST_F(AuditorTest, AFolderThatIsNotThereIsAnError) {
  fs::remove_all(archive_.folder());

  EXPECT_THROW(archive_.Findings(), core::Error);
}

TEST_F(AuditorTest, ArchivesOfOthersAreNamedAndNotJudged) {
  const std::vector<std::pair<std::string, std::string>> tools = {
      {"15-1", "pgBackRest"},
      {"stanza/15-1", "pgBackRest"},
      {"wals", "Barman"},
      {"0000000100000000", "Barman or pgBackRest"},
      {"wal_005", "WAL-G"}};
  for (const auto& [folder, tool] : tools) {
    fs::remove_all(archive_.folder());
    fs::create_directories(archive_.folder() / folder);

    EXPECT_THAT(
        archive_.Findings(),
        ElementsAre(fmt::format("unknown | foreign_archive |  | this is an archive of {} | It "
                                "is not judged here; its own program tells whether it can be "
                                "restored from.",
                                tool)));
  }
}

TEST_F(AuditorTest, WhatThePauseThrowsEndsIt) {
  EXPECT_THROW(Audit({archive_.folder(), false, {}, {}, {}},
                     {[](const core::ArchiveFinding&) {},
                      [] { throw core::Error(core::ErrorCode::kInterrupted, "interrupted"); }}),
               core::Error);
}

}  // namespace
}  // namespace baton::archive
