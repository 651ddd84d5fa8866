// archive-check --restore-test that does not come to its end: only planned, refused, or
// interrupted.
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/cluster/restore_test_scenario.hpp"
#include "test/cluster/small_file_system.hpp"

namespace baton::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST_F(RestoreTest, ADryRunSaysWhatItWouldRestoreAndDoesNothing) {
  TakeBackup("older");
  const fs::path newer = TakeBackup("newer");
  const std::string last = WriteSegments(2).back();
  const std::vector<std::string> server = {
      "--take-backup",           "-h", cluster_.directory().string(), "-p",
      std::to_string(a_.port()), "-U", a_.Sql("SELECT current_user"), "--dry-run"};

  const HelperResult planned = Test({"--dry-run", "--target-lsn=0/3000000"});
  const HelperResult taken = cluster_.Helper(ArgumentsOfArchiveGet(server));
  const HelperResult refused = Test({"--dry-run", "--scratch-directory=" + archive_.string()});
  const HelperResult senseless = Test({"--dry-run", "--round-trip"});

  EXPECT_EQ(planned.exit_code, 0) << planned.output;
  EXPECT_THAT(planned.output,
              ContainsRegex("^would restore \"" + newer.string() +
                            "\", begun at 0/[0-9A-F]+ on timeline 1, 20.*\n"
                            "with what restore_command \"cp .*\" brings, \"" +
                            archive_.string() + "\" having segments up to " + last +
                            "; up to 0/3000000\n"
                            "would run the server programs of PostgreSQL [0-9]+ in \".*\"\n"
                            "needs [0-9.]+ MB in \"" +
                            scratch_.string() +
                            "\", where .* are free\n"
                            "dry run: nothing was done\n$"));
  EXPECT_EQ(taken.exit_code, 0) << taken.output;
  EXPECT_THAT(taken.output,
              ContainsRegex("^would take a base backup of the server at .*, now .*\n"
                            "with the archive, \".*\" having segments up to .*; up to "
                            "its end\n"));
  EXPECT_EQ(refused.exit_code, 3) << refused.output;
  EXPECT_EQ(senseless.exit_code, 2) << senseless.output;
  ExpectNothingIsLeft();
}

TEST_F(RestoreTest, AFolderThatIsInUseIsRefused) {
  TakeBackup("backup");
  const fs::path occupied = Folder("occupied");
  std::ofstream(occupied / "file") << "x";

  const HelperResult not_empty = Test({"--scratch-directory=" + occupied.string()});
  const HelperResult data = Test({"--scratch-directory=" + a_.data().string()});
  const HelperResult inside = Test({"--scratch-directory=" + (a_.data() / "x").string()});
  const HelperResult archive = Test({"--scratch-directory=" + (archive_ / "x").string()});

  for (const HelperResult* const result : {&not_empty, &data, &inside, &archive}) {
    EXPECT_EQ(result->exit_code, 3) << result->output;
  }
  EXPECT_THAT(not_empty.output, HasSubstr("\"" + occupied.string() + "\" is not empty"));
  EXPECT_THAT(data.output, HasSubstr("is in a data directory"));
  EXPECT_THAT(inside.output, HasSubstr("is in a data directory"));
  EXPECT_THAT(archive.output, HasSubstr("are inside one another"));
  EXPECT_TRUE(fs::exists(occupied / "file"));
  EXPECT_FALSE(fs::exists(a_.data() / "x"));
}

TEST_F(RestoreTest, ItIsRefusedWhereThereIsTooLittleRoom) {
  TakeBackup("backup");
  WriteSegments(1);
  std::vector<std::string> words = {Cluster::Program("pg_baton")};
  for (const std::string& word : Arguments({"--backup-directory=" + backups_.string()})) {
    if (!word.starts_with("--scratch-directory=")) words.push_back(word);
  }

  const auto result = RunOnSmallFileSystem(
      cluster_.directory(), helper::CommandText(words) + " --scratch-directory=$SMALL/scratch");

  EXPECT_EQ(result.exit_code, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("not enough free space in "));
}

// Interrupted, it cleans up; killed, its server ends with it, and the next run cleans up.
class InterruptedRestoreTest : public RestoreTest {
 protected:
  // Starts one whose restore_command hangs, and waits for its server.
  pid_t StartHanging() {
    TakeBackup("backup");
    WriteSegments(1);
    std::vector<std::string> words = {Cluster::Program("pg_baton")};
    for (const std::string& word : Arguments(
             {"--backup-directory=" + backups_.string(), "--restore-command=sleep 1000 # %f %p"})) {
      words.push_back(word);
    }
    const pid_t process = Spawn(words, cluster_.directory() / "output");
    EXPECT_TRUE(Eventually([&] { return Server() != 0; }));
    return process;
  }
  int Server() const {
    const std::string text =
        helper::ReadFileIfThere(scratch_ / "data" / "postmaster.pid").value_or("");
    return std::atoi(text.c_str());
  }
};

TEST_F(InterruptedRestoreTest, BySigintItEndsAndLeavesNothing) {
  const pid_t process = StartHanging();

  SendSignal(process, SIGINT);

  EXPECT_EQ(WaitFor(process), 4);
  ExpectNothingIsLeft();
}

TEST_F(InterruptedRestoreTest, KilledItsServerEndsAndTheNextRunGoesOn) {
  const pid_t process = StartHanging();
  const int server = Server();

  SendSignal(process, SIGKILL);
  WaitFor(process);

  EXPECT_TRUE(Eventually([&] { return !fs::exists(fmt::format("/proc/{}", server)); }));
  EXPECT_TRUE(fs::exists(scratch_ / "data"));
  const HelperResult result = Test();
  EXPECT_EQ(result.exit_code, 0) << result.output;
  ExpectNothingIsLeft();
}

TEST_F(InterruptedRestoreTest, TwoDoNotShareAFolder) {
  const pid_t process = StartHanging();

  const HelperResult second = Test();
  SendSignal(process, SIGINT);

  EXPECT_EQ(second.exit_code, 3) << second.output;
  EXPECT_THAT(second.output, HasSubstr("a restore test is running in "));
  EXPECT_EQ(WaitFor(process), 4);
  ExpectNothingIsLeft();
}

}  // namespace
}  // namespace baton::test
