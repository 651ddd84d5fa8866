// What the recorder has seen of a program, played back to its end, is what the program has left.
#include "test/power/recorder.hpp"

#include <fstream>
#include <gmock/gmock.h>

#include "helper/system/process.hpp"
#include "test/power/power_loss.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class Recorder : public testing::Test {
 protected:
  Recorder() {
    fs::create_directory(folder_);
    std::ofstream(folder_ / "old") << "was there before";
  }

  // Plays back what the program does in the folder.
  PowerLoss Run(const std::vector<std::string>& arguments) {
    const Recording recording(folder_, directory_ / "log");
    helper::ProcessOptions options;
    options.environment = recording.Environment();
    const helper::ProcessResult result = helper::RunProcess(arguments, options);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return recording.Read();
  }
  PowerLoss Act(const std::string& act) {
    return Run({BuiltForTests("power_actor"), act, folder_.string()});
  }
  PowerLoss RunShell(const std::string& commands) {
    return Run({"/bin/sh", "-ec", "cd '" + folder_.string() + "'\n" + commands});
  }

  std::vector<std::string> DifferencesAtTheEnd(PowerLoss loss) {
    EXPECT_THAT(loss.operations(), testing::Not(IsEmpty()));
    loss.Materialise(loss.operations().size(), kKilled, directory_ / "played");
    return Differences(folder_, directory_ / "played");
  }

  helper::TemporaryDirectory directory_;
  fs::path folder_ = directory_ / "folder";
};

TEST_F(Recorder, SeesWhatGoesThroughDescriptors) {
  EXPECT_THAT(DifferencesAtTheEnd(Act("write-descriptors")), IsEmpty());
}

TEST_F(Recorder, SeesWhatGoesThroughStreams) {
  EXPECT_THAT(DifferencesAtTheEnd(Act("write-streams")), IsEmpty());
}

TEST_F(Recorder, SeesNamesAndModes) {
  EXPECT_THAT(DifferencesAtTheEnd(Act("change-names")), IsEmpty());
}

TEST_F(Recorder, KeepsTheOrderOfSeveralProcesses) {
  EXPECT_THAT(DifferencesAtTheEnd(Act("write-together")), IsEmpty());
}

TEST_F(Recorder, SeesWhatTheShellAndItsProgramsDo) {
  EXPECT_THAT(
      DifferencesAtTheEnd(RunShell("mkdir -p a/b c\n"
                                   "echo one >a/file; echo two >>a/file; cp a/file c\n"
                                   "cp -a a copied; mv a/file a/b/moved; ln a/b/moved hard\n"
                                   "ln -s nowhere soft; chmod 750 c; rm -r copied\n"
                                   "dd if=/dev/zero of=zeros bs=1000 count=100\n"
                                   "dd if=/dev/urandom of=noise bs=1000 count=100\n"
                                   "sed -i s/before/after/ old; seq 10000 >numbers\n"
                                   "sort -r -o numbers numbers; truncate -s 5000 noise\n"
                                   "sync numbers; mkdir d; rmdir d; install -m 640 old new\n"
                                   "tar -cf archive c; mkdir out; tar -xf archive -C out\n")),
      IsEmpty());
}

TEST_F(Recorder, DescribesWhatItSees) {
  const PowerLoss loss = Act("replace");
  std::vector<std::string> descriptions;
  for (const Operation& operation : loss.operations()) {
    descriptions.push_back(loss.Describe(operation));
  }

  EXPECT_THAT(descriptions,
              ElementsAre("create folder/file.pg_baton.tmp", "chmod 0600 folder/file.pg_baton.tmp",
                          "write 11 bytes at 0 of folder/file.pg_baton.tmp",
                          "fsync folder/file.pg_baton.tmp",
                          "rename folder/file.pg_baton.tmp -> folder/file", "fsync folder"));
}

TEST_F(Recorder, SeesNothingOfOtherFolders) {
  fs::create_directory(directory_ / "folder_too");

  const PowerLoss loss = RunShell("echo 1 >../folder_too/file; echo 1 >../file; rm old");

  ASSERT_EQ(loss.operations().size(), 1u);
  EXPECT_EQ(loss.Describe(loss.operations()[0]), "unlink folder/old");
}

// What was missed must not make a test pass.
TEST_F(Recorder, WhatItCannotFollowIsAnError) {
  PowerLoss loss = RunShell("mkdir ../outside; touch ../outside/file; mv ../outside inside");

  EXPECT_THROW(loss.Materialise(loss.operations().size(), kKilled, directory_ / "played"),
               std::runtime_error);
}

TEST_F(Recorder, AProgramThatWasNotRecordedIsMissed) {
  const Recording recording(folder_, directory_ / "log");
  std::ofstream(folder_ / "unseen") << "content";
  PowerLoss loss = recording.Read();

  loss.Materialise(0, kKilled, directory_ / "played");

  EXPECT_THAT(Differences(folder_, directory_ / "played"), ElementsAre("unseen: only in the one"));
}

TEST_F(Recorder, ChangesOfAFileThatNobodySawComingAreAnError) {
  const Recording recording(folder_, directory_ / "log");
  std::ofstream(folder_ / "unseen") << "content";
  helper::ProcessOptions options;
  options.environment = recording.Environment();
  helper::RunProcess({"/bin/sh", "-c", "echo more >>'" + (folder_ / "unseen").string() + "'"},
                     options);
  PowerLoss loss = recording.Read();

  EXPECT_THROW(loss.Materialise(loss.operations().size(), kKilled, directory_ / "played"),
               std::runtime_error);
}

}  // namespace
}  // namespace baton::test
