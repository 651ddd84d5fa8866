#include "core/archive_setup.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

const ArchiveGoals kGoals{"/archive", "", "'/bin/pg_baton' archive-get '%f' '%p'"};

// The changes, as "name: from -> to", those that need a restart with a star.
std::vector<std::string> Changes(const ArchiveSetup& setup) {
  std::vector<std::string> texts;
  for (const SettingAdvice& change : setup.changes) {
    texts.push_back(change.name + ": " + change.current + " -> " + change.wanted +
                    (change.restart ? " *" : ""));
  }
  return texts;
}

ArchiveFolderFacts SoundFolder() { return {"/archive", true, true, true}; }

std::string MessageOf(const Problems& problems) {
  return problems.empty() ? "" : problems.front().message;
}

TEST(CheckArchiveFolder, TakesOneThatIsThereAndCanBeWritten) {
  EXPECT_EQ(CheckArchiveFolder(SoundFolder()), Problems());
}

TEST(CheckArchiveFolder, RefusesEachOther) {
  ArchiveFolderFacts facts = SoundFolder();
  facts.is_writable = false;
  EXPECT_EQ(MessageOf(CheckArchiveFolder(facts)), "cannot write to archive directory \"/archive\"");
  facts.is_directory = false;
  EXPECT_EQ(MessageOf(CheckArchiveFolder(facts)), "archive directory \"/archive\" is no directory");
  facts.exists = false;
  EXPECT_EQ(MessageOf(CheckArchiveFolder(facts)), "archive directory \"/archive\" does not exist");
  facts.path = "archive";
  EXPECT_EQ(MessageOf(CheckArchiveFolder(facts)),
            "archive directory \"archive\" is no absolute path");
}

TEST(PlanArchive, SetsAllThatAnOrdinaryServerLacks) {
  const ArchiveSetup setup = PlanArchive({"off", "", "(disabled)", "", "", ""}, kGoals);

  EXPECT_EQ(Changes(setup), (std::vector<std::string>{
                                "archive_mode: off -> on *", "archive_library:  -> pg_baton",
                                "pg_baton.archive_directory:  -> /archive",
                                "restore_command:  -> '/bin/pg_baton' archive-get '%f' '%p'"}));
  EXPECT_TRUE(setup.left_alone.empty());
}

TEST(PlanArchive, ChangesNothingASecondTime) {
  const ArchiveSetup setup =
      PlanArchive({"on", "pg_baton", "", "/archive", "none", kGoals.restore_command}, kGoals);

  EXPECT_EQ(Changes(setup), std::vector<std::string>());
  EXPECT_TRUE(setup.left_alone.empty());
}

TEST(PlanArchive, FollowsAChangeOfTheFolder) {
  const ArchiveSetup setup =
      PlanArchive({"always", "pg_baton", "", "/old", "none", "'/x' archive-get '%f' '%p'"},
                  {"/archive", "zstd", kGoals.restore_command});

  EXPECT_EQ(Changes(setup),
            (std::vector<std::string>{
                "pg_baton.archive_directory: /old -> /archive",
                "pg_baton.archive_compression: none -> zstd",
                "restore_command: '/x' archive-get '%f' '%p' -> " + kGoals.restore_command}));
}

TEST(PlanArchive, LeavesAnotherWayToArchiveAlone) {
  const ArchiveSetup by_command = PlanArchive({"on", "", "cp %p /a/%f", "", "", ""}, kGoals);
  const ArchiveSetup by_library = PlanArchive({"off", "basic_archive", "", "", "", ""}, kGoals);

  EXPECT_EQ(Changes(by_command), std::vector<std::string>());
  EXPECT_EQ(by_command.left_alone,
            (std::vector<Problem>{{"this server archives already, and that is left alone",
                                   "archive_command is \"cp %p /a/%f\".",
                                   "To archive by pg_baton, reset archive_command and run this "
                                   "again."}}));
  EXPECT_EQ(Changes(by_library), std::vector<std::string>());
  EXPECT_EQ(by_library.left_alone.at(0).detail, "archive_library is \"basic_archive\".");
}

TEST(PlanArchive, LeavesARestoreCommandOfSomebodyElseAlone) {
  const ArchiveSetup setup =
      PlanArchive({"on", "pg_baton", "", "/archive", "", "cp /archive/%f %p"}, kGoals);

  EXPECT_EQ(Changes(setup), std::vector<std::string>());
  EXPECT_EQ(
      setup.left_alone,
      (std::vector<Problem>{
          {"restore_command is set already, and is left alone", "It is \"cp /archive/%f %p\".",
           "See that it reads from \"/archive\"; baton.archive_round_trip() tries it."}}));
}

StandbyArchiveFacts SoundStandby() {
  return {"pg_baton",    "/archive", "'/bin/pg_baton' archive-get '%f' '%p'",
          SoundFolder(), "F",        true};
}

TEST(PlanStandbyArchive, ReadsFromASharedFolder) {
  const StandbyArchive plan = PlanStandbyArchive(SoundStandby(), "own");

  EXPECT_TRUE(plan.sets_restore_command);
  EXPECT_EQ(plan.restore_command, "own");
  EXPECT_TRUE(plan.warnings.empty());
}

TEST(PlanStandbyArchive, TellsAFolderOfItsOwnFromAShared) {
  StandbyArchiveFacts facts = SoundStandby();
  facts.has_last_archived = false;

  const StandbyArchive plan = PlanStandbyArchive(facts, "own");

  EXPECT_EQ(plan.restore_command, "own");
  EXPECT_EQ(MessageOf(plan.warnings), "\"/archive\" on this host is not the archive of the source");
}

TEST(PlanStandbyArchive, NamesNoFolderThatIsNotThere) {
  StandbyArchiveFacts facts = SoundStandby();
  facts.here.exists = false;

  const StandbyArchive plan = PlanStandbyArchive(facts, "own");

  EXPECT_TRUE(plan.sets_restore_command);
  EXPECT_EQ(plan.restore_command, "");
  EXPECT_EQ(MessageOf(plan.warnings), "archive directory \"/archive\" does not exist");
}

TEST(PlanStandbyArchive, LeavesOtherArchivesAlone) {
  StandbyArchiveFacts other = SoundStandby();
  other.library = "";
  StandbyArchiveFacts own_command = SoundStandby();
  own_command.restore_command = "cp /archive/%f %p";

  EXPECT_FALSE(PlanStandbyArchive(other, "own").sets_restore_command);
  EXPECT_FALSE(PlanStandbyArchive(own_command, "own").sets_restore_command);
}

}  // namespace
}  // namespace baton::core
