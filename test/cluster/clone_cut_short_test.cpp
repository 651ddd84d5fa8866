// A clone that is cut short at any of its steps, by a signal, its network, its disk or its source:
// no server starts from what it leaves until that is a whole standby, and the same command goes on.
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "helper/system/file.hpp"
#include "test/cluster/clone_cut_short_scenario.hpp"
#include "test/cluster/small_file_system.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

struct Named {
  std::string operator()(const testing::TestParamInfo<CutMoment>& one) const {
    return NameOf(one.param);
  }
};

//   a    b (is copied)      SIGINT, and again      a <--- b
class CloneBySigint : public CloneCutShort, public testing::WithParamInterface<CutMoment> {};

TEST_P(CloneBySigint, LeavesNothingOrAWholeStandbyAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(BeginUntil(GetParam()));

  SendSignal(clone_, SIGINT);

  EXPECT_EQ(ExitCode(), 4) << Output();
  EXPECT_THAT(Output(), HasSubstr("pg_baton: error: interrupted\n"
                                  "pg_baton: hint: Run the same command again.\n"));
  if (!IsWhole()) ExpectNothingWasLeftHere();
  ExpectAtTheSource(IsWhole() ? "b" : "");
  ExpectNoPrimaryStarts();
  ExpectItGoesOn();
}

INSTANTIATE_TEST_SUITE_P(CloneCutShort, CloneBySigint, testing::ValuesIn(AllMoments()), Named());

//   a    b (is copied)      kill -9, and again      a <--- b
class CloneBySigkill : public CloneCutShort, public testing::WithParamInterface<CutMoment> {
 protected:
  // The programs that it ran end with it, as fast as they can.
  bool IsOver() const {
    return Eventually([this] {
      const int folder = open(note().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      const bool is_free = folder < 0 || flock(folder, LOCK_EX | LOCK_NB) == 0;
      if (folder >= 0) close(folder);
      return is_free && a_.Sql(
                            "SELECT count(*) FROM pg_stat_replication WHERE application_name "
                            "LIKE 'pg_baton_clone%'") == "0";
    });
  }
};

TEST_P(CloneBySigkill, LeavesItsSlotAndNoPrimaryAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(BeginUntil(GetParam()));

  SendSignal(clone_, SIGKILL);

  EXPECT_EQ(ExitCode(), 128 + SIGKILL) << Output();
  ASSERT_TRUE(IsOver());
  ExpectAtTheSource("b");
  ExpectNoPrimaryStarts();
  ExpectItGoesOn();
}

INSTANTIATE_TEST_SUITE_P(CloneCutShort, CloneBySigkill,
                         testing::Values(CutMoment::kCopying, CutMoment::kHalfWay,
                                         CutMoment::kCopied, CutMoment::kConfiguring,
                                         CutMoment::kWhole, CutMoment::kStarting,
                                         CutMoment::kStarted, CutMoment::kWaiting),
                         Named());

//   a ---x b (is copied)      the network is back, and again      a <--- b
class CloneByBrokenConnection : public CloneCutShort,
                                public testing::WithParamInterface<CutMoment> {};

TEST_P(CloneByBrokenConnection, SaysThatItsSlotMightBeLeftAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(BeginUntil(GetParam()));

  network_.Cut();
  GoOn();

  EXPECT_EQ(ExitCode(), 1) << Output();
  EXPECT_EQ(SaysThatItsSlotMightBeLeft(), !IsWhole()) << Output();
  if (!IsWhole()) ExpectNothingWasLeftHere();
  ExpectAtTheSource("b");
  ExpectNoPrimaryStarts();
  ExpectItGoesOn();
}

INSTANTIATE_TEST_SUITE_P(CloneCutShort, CloneByBrokenConnection,
                         testing::Values(CutMoment::kCopying, CutMoment::kHalfWay,
                                         CutMoment::kWhole),
                         Named());

//   a (restarted)    b (is copied)      again      a <--- b
class CloneByRestart : public CloneCutShort,
                       public testing::WithParamInterface<std::pair<const char*, CutMoment>> {
 protected:
  void RestartSource() {
    a_.Stop(GetParam().first);
    a_.Start();
    ASSERT_TRUE(
        Eventually([this] { return a_.Sql("SELECT gate FROM baton.node_status") == "open"; }));
  }
};

TEST_P(CloneByRestart, OfTheSourceLeavesNothingOrAWholeStandbyAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(BeginUntil(GetParam().second));

  ASSERT_NO_FATAL_FAILURE(RestartSource());
  GoOn();

  EXPECT_EQ(ExitCode(), 1) << Output();
  const bool says_so = SaysThatItsSlotMightBeLeft();
  // pg_basebackup gives up at once, and then the source may not be back yet.
  if (GetParam().second != CutMoment::kHalfWay) {
    EXPECT_FALSE(says_so) << Output();
  }
  if (!IsWhole()) ExpectNothingWasLeftHere();
  ExpectAtTheSource(IsWhole() || says_so ? "b" : "");
  ExpectNoPrimaryStarts();
  ExpectItGoesOn();
}

INSTANTIATE_TEST_SUITE_P(CloneCutShort, CloneByRestart,
                         testing::Values(std::pair("fast", CutMoment::kCopying),
                                         std::pair("fast", CutMoment::kHalfWay),
                                         std::pair("fast", CutMoment::kWhole),
                                         std::pair("immediate", CutMoment::kHalfWay),
                                         std::pair("immediate", CutMoment::kCopied)),
                         [](const auto& one) {
                           return std::string(one.param.first) + "_" + NameOf(one.param.second);
                         });

//   a    b (is copied to a disk that others fill)      there is room, and again      a <--- b
class CloneByFullDisk : public CloneCutShort, public testing::WithParamInterface<CutMoment> {
 protected:
  static constexpr int kMegabytes = 320;  // a clone wants 256 beyond the size of the source

  CloneByFullDisk() {
    // It would count what was written just now.
    a_.Sql("SELECT pg_stat_reset_shared('wal')");
  }
  ~CloneByFullDisk() override {
    for (const char* const step : {"fill", "again", "stop"}) Let(step);
    GoOn();
    if (script_ != 0) WaitFor(script_);
  }

  // Two clones, one after the other, on a file system that is filled up as soon as it is told to.
  void BeginOnSmallDiskUntil(CutMoment moment) {
    PrepareFor(moment);
    std::vector<std::string> words = CloneArguments(network_.port(), programs());
    words.insert(words.begin(), Cluster::Program("pg_baton"));
    const std::string clone =
        fmt::format("{} -D $SMALL/b -T {}", helper::CommandText(words), Mapping("$SMALL/ts_of_b"));
    helper::ReplaceFile(
        cluster_.directory() / "script",
        fmt::format("cd {0}\n"
                    "until_told() {{ until [ -e $1 ]; do sleep 0.05; done; }}\n"
                    "( until_told fill; dd if=/dev/zero of=$SMALL/more bs=64k; touch full ) &\n"
                    "{1} >clone.out 2>&1; echo $? >first\n"
                    "rm -f $SMALL/more\n"
                    "ls -d $SMALL/b* $SMALL/ts_of_b >left\n"
                    "touch ended; until_told again\n"
                    "{1} >again.out 2>&1; echo $? >second\n"
                    "touch goes_on; until_told stop\n"
                    "{2} stop -D $SMALL/b -m immediate\n"
                    "rm -rf $SMALL/b* $SMALL/ts_of_b\n",
                    cluster_.directory().string(), clone, Cluster::Program("pg_ctl")));
    script_ = SpawnOnSmallFileSystem(cluster_.directory(), "/bin/sh " + Path("script"), kMegabytes,
                                     Path("script.out"));
    ASSERT_TRUE(IsThere()) << Output() << Read("script.out");
  }
  void Let(const std::string& step) { helper::ReplaceFile(Path(step), ""); }
  bool Comes(const std::string& step) {
    return Eventually([&] { return fs::exists(Path(step)); }, 60s);
  }
  std::string Read(const std::string& file) const {
    return helper::ReadFileIfThere(Path(file)).value_or("");
  }

 private:
  std::string Path(const std::string& name) const { return (cluster_.directory() / name).string(); }

  pid_t script_ = 0;
};

TEST_P(CloneByFullDisk, LeavesNothingAndGoesOnWhenThereIsRoom) {
  ASSERT_NO_FATAL_FAILURE(BeginOnSmallDiskUntil(GetParam()));

  Let("fill");
  ASSERT_TRUE(Comes("full"));
  GoOn();

  ASSERT_TRUE(Comes("ended"));
  EXPECT_EQ(Read("first"), "1\n");
  EXPECT_THAT(Output(), HasSubstr("No space left on device"));
  EXPECT_EQ(Read("left"), "");
  ExpectAtTheSource("");

  InsertRows();
  Let("again");
  ASSERT_TRUE(Comes("goes_on"));
  EXPECT_EQ(Read("second"), "0\n") << Read("again.out");
  ExpectAllIsThere();
}

INSTANTIATE_TEST_SUITE_P(CloneCutShort, CloneByFullDisk,
                         testing::Values(CutMoment::kCopying, CutMoment::kHalfWay,
                                         CutMoment::kCopied),
                         Named());

}  // namespace
}  // namespace baton::test
