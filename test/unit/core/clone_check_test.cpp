#include "core/clone_check.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/problem_text.hpp"

namespace baton::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Directory = CloneTarget::Directory;

constexpr std::int64_t kMegabyte = 1024 * 1024;
constexpr std::int64_t kGigabyte = 1024 * kMegabyte;

// A source and a target between which a clone would work.
struct Clonable {
  CloneSource source;
  CloneTarget target;

  Clonable() {
    source.major = 15;
    source.version = "15.4";
    source.architecture = "x86_64";
    source.has_extension = true;
    source.bytes = kGigabyte;
    source.wal_senders_max = 10;
    source.slots_max = 10;
    target.path = "/data/b";
    target.bindir = "/usr/lib/postgresql/15/bin";
    target.major = 15;
    target.architecture = "x86_64";
    source.layout = target.layout = PageLayout{8192, 8192, 131072};
    source.data_checksums = true;
    source.preloads = target.preloads = {{"pg_baton"}};
    source.collations = {{{"postgres", 'c', "2.36"}}};
    target.version = "15.4";
    target.volumes = {{"/data/b", kGigabyte, true, 100 * kGigabyte}};
    target.library_folder = "/usr/lib/postgresql/15/lib";
    target.libc_version = "2.36";
    target.clock = ClockReading{};
    target.port = 5432;
    target.port_is_free = true;
    target.advertise = "10.0.0.2";
  }

  Problems Check() const { return Refused(CheckClone(source, target)); }

  // Of one check, what is not ok: "warning: message".
  std::vector<std::string> Said(std::string_view check) const {
    std::vector<std::string> said;
    for (const CloneFinding& finding : CheckClone(source, target)) {
      if (finding.check_name != check || finding.status == CloneStatus::kOk) continue;
      said.push_back(std::string(CloneStatusText(finding.status)) + ": " + finding.text.message);
    }
    return said;
  }
};

TEST(CloneCheck, FindsNothingWhereACloneWouldWork) {
  Clonable it;
  EXPECT_THAT(it.Check(), IsEmpty());

  it.target.directory = Directory::kEmpty;
  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesAStandbyAsSource) {
  Clonable it;
  it.source.in_recovery = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source is a standby", "A clone is made from the primary.",
                                  "Connect to the primary; baton.node_status.upstream names it."}));
}

TEST(CloneCheck, RefusesASourceWithoutTheExtension) {
  Clonable it;
  it.source.has_extension = false;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source has no extension pg_baton",
                                  "The new standby could not be registered there.",
                                  "Run pg_baton setup-primary on the source's host first."}));
}

TEST(CloneCheck, RefusesTheNameOfTheSource) {
  Clonable it;
  it.source.name_is_source = true;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the new node has the name of the source",
                                              "Each node needs its own name.",
                                              "Choose another one with --node-name."}));
}

TEST(CloneCheck, IsContentWithTwoFreeWalSenders) {
  Clonable it;
  it.source.wal_senders_used = 8;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesASourceWithTooFewFreeWalSenders) {
  Clonable it;
  it.source.wal_senders_used = 9;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the source has too few free WAL senders",
                                  "9 of max_wal_senders = 10 are in use; a clone needs 2.",
                                  "Raise max_wal_senders on the source and restart it, or end a "
                                  "connection in pg_stat_replication."}));
}

TEST(CloneCheck, RefusesASourceWithoutAFreeSlot) {
  Clonable it;
  it.source.slots_used = 10;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the source has no free replication slot",
                                              "All of max_replication_slots = 10 are taken.",
                                              "Drop a slot that nobody needs, or raise "
                                              "max_replication_slots and restart the source."}));
}

TEST(CloneCheck, TakesTheSlotThatIsThereAlready) {
  Clonable it;
  it.source.slots_used = 10;
  it.source.slot_exists = true;

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesASlotThatIsInUse) {
  Clonable it;
  it.source.slots_used = 10;
  it.source.slot_exists = true;
  it.source.slot_active = true;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"the replication slot of this node is in use",
                                  "A standby with this name streams from the source already.",
                                  "Stop that standby, or choose another name with --node-name."}));
}

TEST(CloneCheck, RefusesADirectoryThatItCannotWrite) {
  const Problem problem{"cannot write to directory \"/data/b\"",
                        "The data directory belongs to the user who runs the server.",
                        "Run pg_baton as that user, for example with runuser -u postgres."};
  Clonable it;
  it.target.can_create = false;

  EXPECT_THAT(it.Check(), ElementsAre(problem));

  it.target.directory = Directory::kEmpty;
  EXPECT_THAT(it.Check(), ElementsAre(problem));
}

TEST(CloneCheck, RefusesADirectoryThatIsNotEmpty) {
  Clonable it;
  it.target.directory = Directory::kNotEmpty;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"directory \"/data/b\" exists but is not empty",
                                              "A clone never overwrites anything.",
                                              "Move it aside or name another directory with -D; a "
                                              "former primary comes back with pg_baton rejoin."}));
}

TEST(CloneCheck, RefusesAnUnfinishedCopy) {
  Clonable it;
  it.target.directory = Directory::kUnfinished;

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"directory \"/data/b\" holds an unfinished copy",
                                  "A clone or rejoin was cut short; no server can start from it.",
                                  "Remove the directory and run the command again."}));
}

TEST(CloneCheck, RefusesADirectoryThatARejoinWouldGoOnWith) {
  Clonable it;
  it.target.rejoin_journal = "/data/b.pg_baton_rejoin";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "a rejoin of directory \"/data/b\" has a journal",
                              "It is in \"/data/b.pg_baton_rejoin\", and would be gone on with.",
                              "Let pg_baton rejoin come to its end, or move that folder aside."}));
}

TEST(CloneCheck, RefusesAFileInPlaceOfTheDirectory) {
  Clonable it;
  it.target.directory = Directory::kNotADirectory;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"\"/data/b\" exists but is not a directory", "",
                                              "Name another directory with -D."}));
}

TEST(CloneCheck, RefusesADirectoryOfAnotherUser) {
  Clonable it;
  it.target.directory = Directory::kForeign;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"directory \"/data/b\" belongs to another user", "",
                                              "Run pg_baton as its owner."}));
}

TEST(CloneCheck, RefusesAHostWithoutServerPrograms) {
  Clonable it;
  it.target.bindir = "";
  it.target.major = 0;
  it.target.architecture = "";

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"no server programs of PostgreSQL 15 found on this host",
                                  "A standby runs the same major version as its primary.",
                                  "Install postgresql-15, or name the folder with --bindir."}));
}

TEST(CloneCheck, RefusesAnotherMajorVersion) {
  Clonable it;
  it.target.bindir = "/opt/pg17/bin";
  it.target.major = 17;

  EXPECT_THAT(it.Check(), ElementsAre(Problem{
                              "the servers have different major versions",
                              "The source runs PostgreSQL 15.4, the programs in "
                              "\"/opt/pg17/bin\" are of PostgreSQL 17.",
                              "Install postgresql-15 here, or name its folder with --bindir."}));
}

constexpr const char* kSameArchitecture =
    "A standby needs the same architecture; across architectures only logical replication works.";

TEST(CloneCheck, RefusesAnotherArchitecture) {
  Clonable it;
  it.target.architecture = "aarch64";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"the servers have different architectures",
                                              "The source runs on x86_64, the programs in "
                                              "\"/usr/lib/postgresql/15/bin\" are for aarch64.",
                                              kSameArchitecture}));
}

// Programs behind a wrapper script have no ELF header to read.
TEST(CloneCheck, DoesNotCompareAnArchitectureThatTheProgramsDoNotTell) {
  Clonable it;
  it.target.architecture = "";

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, DoesNotCompareAnArchitectureThatTheSourceDoesNotTell) {
  Clonable it;
  it.source.architecture = "";

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, IsContentWithSpaceForTheDataAndSomeWal) {
  Clonable it;
  it.target.volumes = {{"/data/b", kGigabyte, true, kGigabyte + 256 * kMegabyte}};

  EXPECT_THAT(it.Check(), IsEmpty());
}

TEST(CloneCheck, RefusesWhereSpaceForTheWalIsLacking) {
  Clonable it;
  it.target.volumes = {{"/data/b", 20 * kGigabyte, true, 20 * kGigabyte}};

  EXPECT_THAT(it.Check(),
              ElementsAre(Problem{"not enough free space for the copy",
                                  "20 GB of the source will be there, with room for WAL 20 GB are "
                                  "needed; \"/data/b\" has 20 GB free.",
                                  "Make room, or name a directory on another file system with -D "
                                  "or --tablespace-mapping."}));
}

TEST(CloneCheck, RefusesEachVolumeThatIsTooSmall) {
  Clonable it;
  it.target.volumes = {{"/data/b", kGigabyte, true, 100 * kGigabyte},
                       {"/ts/one", kGigabyte, false, kGigabyte},
                       {"/ts/two", kGigabyte, false, kGigabyte - 1}};

  EXPECT_THAT(it.Said("space"), ElementsAre("refused: not enough free space for the copy"));
}

TEST(CloneCheck, ReckonsWithTheWalThatTheSourceWritesMeanwhile) {
  Clonable it;
  it.source.bytes = kGigabyte;
  it.source.wal_bytes_per_second = 10.0 * kMegabyte;
  it.target.max_rate = "10M";
  it.target.volumes = {{"/data/b", kGigabyte, true, 2 * kGigabyte + 256 * kMegabyte}};
  EXPECT_THAT(it.Said("space"), IsEmpty());

  it.target.max_rate = "5M";
  EXPECT_THAT(it.Said("space"), SizeIs(1));
}

TEST(CloneCheck, DoesNotGuessAtSpace) {
  Clonable it;
  it.target.volumes = {{"/data/b", kGigabyte, true, 0}};
  it.source.can_read_sizes = false;
  EXPECT_THAT(it.Said("space"), ElementsAre("unknown: the size of the source could not be read"));

  it.source.can_read_sizes = true;
  it.target.volumes[0].free_bytes.reset();
  EXPECT_THAT(it.Said("space"), ElementsAre("unknown: the free space of \"/data/b\" is not known"));
}

TEST(CloneCheck, WarnsOfAnotherMinorVersionAndSaysWhichToUpdate) {
  Clonable it;
  it.target.version = "15.10 (Debian 15.10-0+deb12u1)";
  EXPECT_THAT(it.Said("version"),
              ElementsAre("warning: the servers have different minor versions"));

  it.source.version = "15.11";
  for (const CloneFinding& finding : CheckClone(it.source, it.target)) {
    if (finding.check_name != "version") continue;
    EXPECT_EQ(
        finding.text.detail,
        "The source runs PostgreSQL 15.11, the programs in \"/usr/lib/postgresql/15/bin\" are "
        "of 15.10.");
    EXPECT_EQ(finding.text.hint,
              "Update PostgreSQL on this host first: a standby should have the newer one of two "
              "minor versions.");
  }
}

TEST(CloneCheck, RefusesAnotherLayoutOfTheFiles) {
  Clonable it;
  it.target.layout->block_bytes = 16384;
  EXPECT_THAT(it.Said("page_layout"),
              ElementsAre("refused: the servers have different layouts of their files"));

  it.target.layout.reset();
  EXPECT_THAT(it.Said("page_layout"),
              ElementsAre("unknown: the layouts of the files cannot be compared"));
}

TEST(CloneCheck, WarnsOfASourceWithoutChecksums) {
  Clonable it;
  it.source.data_checksums = false;

  EXPECT_THAT(it.Said("checksums"), ElementsAre("warning: the source has no data checksums"));
}

TEST(CloneCheck, WarnsOfAnotherCLibraryOnlyWhereTextIsSortedByIt) {
  Clonable it;
  it.target.libc_version = "2.41";
  EXPECT_THAT(it.Said("collation"),
              ElementsAre("warning: the C libraries of the two hosts may sort text differently"));

  it.source.collations = {{{"postgres", 'c', ""}, {"other", 'b', "1"}}};
  EXPECT_THAT(it.Said("collation"), IsEmpty());
}

TEST(CloneCheck, DoesNotGuessAtTheVersionOfIcu) {
  Clonable it;
  it.source.collations = {{{"postgres", 'c', "2.36"}, {"shop", 'i', "153.120"}}};

  EXPECT_THAT(it.Said("collation"),
              ElementsAre("unknown: whether ICU sorts text here as on the source is not known"));
}

TEST(CloneCheck, WarnsOfSettingsThatWillBeRaised) {
  Clonable it;
  it.target.settings = {{"max_connections", 100, 100}, {"max_wal_senders", 10, std::nullopt}};
  EXPECT_THAT(it.Said("settings"), IsEmpty());

  it.target.settings[0].here = 99;
  EXPECT_THAT(it.Said("settings"),
              ElementsAre("warning: settings are lower here than on the source"));
}

TEST(CloneCheck, RefusesEachLibraryThatIsNotOnThisHost) {
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

TEST(CloneCheck, WarnsOfALibraryThatTheNewServerWouldNotLoad) {
  Clonable it;
  it.target.preloads = {{"auto_explain"}};

  EXPECT_THAT(it.Said("libraries"),
              ElementsAre("warning: the new server will not load library \"pg_baton\""));
}

TEST(CloneCheck, DoesNotGuessAtLibraries) {
  Clonable it;
  it.source.preloads.reset();

  EXPECT_THAT(it.Said("libraries"), SizeIs(1));
}

TEST(CloneCheck, WarnsOfAClockThatIsSurelyWrong) {
  using namespace std::chrono_literals;
  Clonable it;
  it.target.clock = ClockReading{-3s, 2s};
  EXPECT_THAT(it.Said("clock"), IsEmpty());

  it.target.clock = ClockReading{-3s, 1ms};
  EXPECT_THAT(it.Said("clock"), ElementsAre("warning: this host's clock is 3.0 s behind"));
}

TEST(CloneCheck, RefusesAPortThatIsTakenIfTheServerIsToBeStarted) {
  Clonable it;
  it.target.port_is_free = false;
  EXPECT_THAT(it.Said("port"), ElementsAre("refused: port 5432 is in use on this host"));

  it.target.will_start = false;
  EXPECT_THAT(it.Said("port"), ElementsAre("warning: port 5432 is in use on this host"));

  it.target.port_is_free.reset();
  EXPECT_THAT(it.Said("port"),
              ElementsAre("unknown: whether the new server's port is free is not known"));
}

TEST(CloneCheck, NeverSaysThatTheOthersReachAServerThatDoesNotRun) {
  EXPECT_THAT(
      Clonable().Said("way_back"),
      ElementsAre("unknown: whether the other nodes reach 10.0.0.2 port 5432 shows when the "
                  "server runs"));
}

TEST(CloneCheck, RefusesWhatIsNoRate) {
  Clonable it;
  it.target.max_rate = "fast";

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"\"fast\" is no rate", "",
                                              "Give --max-rate kilobytes a second, or a number "
                                              "with suffix k or M, from 32k to 1024M."}));
}

TEST(CloneCheck, RefusesEachTablespaceDirectoryThatIsTaken) {
  Clonable it;
  it.target.occupied_tablespaces = {"/ts/one", "/ts/two"};

  EXPECT_THAT(it.Check(), ElementsAre(Problem{"tablespace directory \"/ts/one\" is not empty here",
                                              "The copy would put the source's tablespace into it.",
                                              "Map it elsewhere: -T /ts/one=/another/directory"},
                                      Problem{"tablespace directory \"/ts/two\" is not empty here",
                                              "The copy would put the source's tablespace into it.",
                                              "Map it elsewhere: -T /ts/two=/another/directory"}));
}

TEST(CloneCheck, FindsAllProblemsAtOnce) {
  Clonable it;
  it.source.in_recovery = true;
  it.source.has_extension = false;
  it.source.slots_used = 10;
  it.target.directory = Directory::kNotEmpty;
  it.target.major = 17;
  it.target.architecture = "aarch64";
  it.target.volumes[0].free_bytes = 0;
  it.target.port_is_free = false;

  EXPECT_THAT(it.Check(), SizeIs(8));
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

TEST(NamesInList, AreWithoutQuotesAndBlanks) {
  EXPECT_THAT(NamesInList("pg_baton, \"auto_explain\" ,, $libdir/x"),
              ElementsAre("pg_baton", "auto_explain", "$libdir/x"));
  EXPECT_THAT(NamesInList(""), IsEmpty());
}

TEST(ArchitectureOf, IsTheFirstPartOfThePlatform) {
  EXPECT_EQ(ArchitectureOf("PostgreSQL 15.4 (Debian 15.4-1) on x86_64-pc-linux-gnu, compiled by "
                           "gcc (Debian 12.2.0-14) 12.2.0, 64-bit"),
            "x86_64");
  EXPECT_EQ(ArchitectureOf("PostgreSQL 18.1 on aarch64-unknown-linux-gnu, compiled by gcc"),
            "aarch64");
  EXPECT_EQ(ArchitectureOf("PostgreSQL 18.1 on aarch64"), "aarch64");
}

TEST(ArchitectureOf, IsEmptyWhereNoneIsTold) {
  EXPECT_EQ(ArchitectureOf(""), "");
  EXPECT_EQ(ArchitectureOf("PostgreSQL 15.4"), "");
}

}  // namespace
}  // namespace baton::core
