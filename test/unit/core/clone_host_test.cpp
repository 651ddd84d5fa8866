#include <gmock/gmock.h>

#include "test/unit/core/clonable.hpp"
#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(CloneHost, IsContentWithSpaceForTheDataAndSomeWal) {
  Clonable it;
  it.target.volumes = {{"/data/b", kGigabyte, true, kGigabyte + 256 * kMegabyte}};

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneHost, RefusesWhereSpaceForTheWalIsLacking) {
  Clonable it;
  it.target.volumes = {{"/data/b", 20 * kGigabyte, true, 20 * kGigabyte}};

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"not enough free space for the copy",
                                  "20 GB of the source will be there, with room for WAL 20 GB are "
                                  "needed; \"/data/b\" has 20 GB free.",
                                  "Make room, or name a directory on another file system with -D "
                                  "or --tablespace-mapping."}));
}

TEST(CloneHost, RefusesEachVolumeThatIsTooSmall) {
  Clonable it;
  it.target.volumes = {{"/data/b", kGigabyte, true, 100 * kGigabyte},
                       {"/ts/one", kGigabyte, false, kGigabyte},
                       {"/ts/two", kGigabyte, false, kGigabyte - 1}};

  EXPECT_THAT(it.Said("space"), ElementsAre("refused: not enough free space for the copy"));
}

TEST(CloneHost, ReckonsWithTheWalThatTheSourceWritesMeanwhile) {
  Clonable it;
  it.source.bytes = kGigabyte;
  it.source.wal_bytes_per_second = 10.0 * kMegabyte;
  it.target.max_rate = "10M";
  it.target.volumes = {{"/data/b", kGigabyte, true, 2 * kGigabyte + 256 * kMegabyte}};
  EXPECT_THAT(it.Said("space"), IsEmpty());

  it.target.max_rate = "5M";
  EXPECT_THAT(it.Said("space"), SizeIs(1));
}

TEST(CloneHost, DoesNotGuessAtSpace) {
  Clonable it;
  it.target.volumes = {{"/data/b", kGigabyte, true, 0}};
  it.source.can_read_sizes = false;
  EXPECT_THAT(it.Said("space"), ElementsAre("unknown: the size of the source could not be read"));

  it.source.can_read_sizes = true;
  it.target.volumes[0].free_bytes.reset();
  EXPECT_THAT(it.Said("space"), ElementsAre("unknown: the free space of \"/data/b\" is not known"));
}

TEST(CloneHost, WarnsOfSettingsThatWillBeRaised) {
  Clonable it;
  it.target.settings = {{"max_connections", 100, 100}, {"max_wal_senders", 10, std::nullopt}};
  EXPECT_THAT(it.Said("settings"), IsEmpty());

  it.target.settings[0].here = 99;
  EXPECT_THAT(it.Said("settings"),
              ElementsAre("warning: settings are lower here than on the source"));
}

TEST(CloneHost, RefusesEachLibraryThatIsNotOnThisHost) {
  Clonable it;
  it.source.preloads = it.target.preloads = {{"pg_baton", "timescaledb"}};
  it.target.missing_libraries = {"timescaledb"};

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"library \"timescaledb\" is not on this host",
                                  "The source has it in shared_preload_libraries; it is not in "
                                  "\"/usr/lib/postgresql/15/lib\", and a server that lacks it does "
                                  "not start.",
                                  "Install the package that it belongs to."}));
}

TEST(CloneHost, WarnsOfALibraryThatTheNewServerWouldNotLoad) {
  Clonable it;
  it.target.preloads = {{"auto_explain"}};

  EXPECT_THAT(it.Said("libraries"),
              ElementsAre("warning: the new server will not load library \"pg_baton\""));
}

TEST(CloneHost, DoesNotGuessAtLibraries) {
  Clonable it;
  it.source.preloads.reset();

  EXPECT_THAT(it.Said("libraries"), SizeIs(1));
}

TEST(CloneHost, WarnsOfAClockThatIsSurelyWrong) {
  using namespace std::chrono_literals;
  Clonable it;
  it.target.clock = ClockReading{-3s, 2s};
  EXPECT_THAT(it.Said("clock"), IsEmpty());

  it.target.clock = ClockReading{-3s, 1ms};
  EXPECT_THAT(it.Said("clock"), ElementsAre("warning: this host's clock is 3.0 s behind"));
}

TEST(CloneHost, DoesNotGuessAtTheClock) {
  Clonable it;
  it.target.clock.reset();

  EXPECT_THAT(it.Said("clock"), ElementsAre("unknown: the source's clock could not be read"));
}

TEST(CloneHost, RefusesAPortThatIsTakenIfTheServerIsToBeStarted) {
  Clonable it;
  it.target.port_is_free = false;
  EXPECT_THAT(it.Said("port"), ElementsAre("refused: port 5432 is in use on this host"));

  it.target.will_start = false;
  EXPECT_THAT(it.Said("port"), ElementsAre("warning: port 5432 is in use on this host"));

  it.target.port_is_free.reset();
  EXPECT_THAT(it.Said("port"),
              ElementsAre("unknown: whether the new server's port is free is not known"));
}

TEST(CloneHost, NeverSaysThatTheOthersReachAServerThatDoesNotRun) {
  EXPECT_THAT(
      Clonable().Said("way_back"),
      ElementsAre("unknown: whether the other nodes reach 10.0.0.2 port 5432 shows when the "
                  "server runs"));
}

TEST(CloneHost, RefusesAFolderForTheWalThatCannotBeOne) {
  Clonable it;
  it.target.waldir = "/wal";
  EXPECT_THAT(it.Check(), IsEmpty());

  it.target.waldir_is_usable = false;
  EXPECT_THAT(it.Said("waldir"), ElementsAre("refused: \"/wal\" cannot be the folder of the WAL"));

  it.target.waldir_is_inside = true;
  EXPECT_THAT(it.Said("waldir"), SizeIs(1));
}

TEST(IsDelay, TakesTimesAsPostgreSqlWritesThem) {
  for (const char* const text : {"0", "500", "10ms", "5s", "30min", "1h", "2d"}) {
    EXPECT_TRUE(IsDelay(text)) << text;
  }
  for (const char* const text : {"", "h", "-1h", "1 h", "1hour", "1.5h", "9999999999"}) {
    EXPECT_FALSE(IsDelay(text)) << text;
  }
}

TEST(CloneHost, RefusesWhatIsNoRate) {
  Clonable it;
  it.target.max_rate = "fast";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"\"fast\" is no rate", "",
                                              "Give --max-rate kilobytes a second, or a number "
                                              "with suffix k or M, from 32k to 1024M."}));
}

TEST(RateFromText, TakesWhatPgBasebackupTakes) {
  EXPECT_EQ(RateFromText("32"), 32 * 1024);
  EXPECT_EQ(RateFromText("100k"), 100 * 1024);
  EXPECT_EQ(RateFromText("1024M"), kGigabyte);
}

TEST(RateFromText, TakesNothingElse) {
  for (const char* const text :
       {"", "k", "31", "1025M", "10MB", "10 M", "-40", "1.5M", "99999999999999999999"}) {
    EXPECT_EQ(RateFromText(text), std::nullopt) << text;
  }
}

TEST(CloneHost, LooksForTheCertificateWhereTlsIsOn) {
  Clonable it;
  EXPECT_THAT(it.Said("tls"), IsEmpty());

  it.target.missing_tls_files = {"/etc/ssl/b.crt"};
  EXPECT_THAT(it.Said("tls"), IsEmpty());

  it.target.has_tls = true;
  EXPECT_THAT(it.Said("tls"), ElementsAre("refused: \"/etc/ssl/b.crt\" is not on this host"));

  it.target.missing_tls_files.clear();
  it.target.needs_tls = true;
  EXPECT_THAT(it.Said("tls"), IsEmpty());

  it.target.has_tls = false;
  EXPECT_THAT(it.Said("tls"), ElementsAre("warning: the new server has no TLS"));
}

TEST(CloneHost, WarnsOfAnAddressThatIsNotOfThisHost) {
  Clonable it;
  it.target.is_elsewhere = true;

  EXPECT_THAT(it.Said("way_back"),
              testing::Contains("warning: 10.0.0.2 is no address of this host"));
}

}  // namespace
}  // namespace baton::core
