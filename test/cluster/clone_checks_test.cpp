// What clone finds before it begins, on real servers, and how it tells.
//
// Each finding that is not ok, and the test that makes it happen, with a real server unless it is
// simulated; that stands for what no server or program does here: one host has one clock and one C
// library.  The house rules compare this with the sources.
//
//   refused architecture  Clone.RefusesAnotherArchitecture; real ones: test/architecture.sh
//   unknown architecture  CloneChecks.WarnOfWhatDoesNotKeepItFromWorking (behind a script)
//   unknown checksums     CloneLikeness.DoesNotGuessAtChecksums (simulated: every server tells)
//   warning checksums     CloneChecks.WarnOfASourceWithoutChecksums
//   unknown clock         CloneHost.DoesNotGuessAtTheClock (simulated: every server tells)
//   warning clock         CloneHost.WarnsOfAClockThatIsSurelyWrong (simulated: one host, one clock)
//   unknown collation     CloneLikeness.DoesNotGuessAtCollations (simulated: every server tells)
//   unknown collation     CloneChecks.SayWhatCannotBeKnown (ICU)
//   warning collation     CloneLikeness.WarnsOfAnotherCLibraryOnlyWhereTextIsSortedByIt (simulated)
//   refused configuration  CloneConfiguration.ThatComesWithTheDataNeedsNoMoreRights
//   refused configuration  CloneConfiguration.ThatComesWithTheDataNeedsNoMoreRights
//   refused configuration  CloneConfiguration.GoesIntoTheDataDirectoryWhereThereIsNoOtherPlace
//   refused configuration  CloneConfiguration.OfTheSourceIsTakenOver
//   refused configuration  CloneConfiguration.CannotBeTakenIntoAFolderThatIsNotWritable
//   refused configuration  CloneConfiguration.WithRulesFromElsewhereIsRefused
//   unknown configuration  CloneConfiguration.DoesNotGuessWhereTheSourcesIs (simulated)
//   warning configuration  CloneConfiguration.ThatWouldBeMissedIsTold
//   warning configuration  CloneConfiguration.OfTheSourceIsTakenOver
//   warning configuration  CloneConfiguration.IsTakenOverAgainAfterAFailure
//   refused directory     CloneChecks.RefuseADirectoryThatIsInUse (by a server)
//   refused directory     CloneChecks.RefuseDirectoriesThatCannotBeWritten (to be moved aside)
//   refused directory     CloneChecks.RefuseDirectoriesThatCannotBeWritten
//   refused directory     CloneChecks.RefuseADirectoryThatIsInUse (by an unfinished copy)
//   refused directory     Clone.RefusesADirectoryThatIsNotEmpty
//   refused directory     CloneChecks.RefuseWhatIsNoDirectoryOfThisUser (a file)
//   refused directory     CloneChecks.RefuseWhatIsNoDirectoryOfThisUser
//   refused directory     CloneChecks.RefuseADirectoryThatIsInUse (by a rejoin)
//   refused full_page_writes  CloneCascade.RefusesWhatCannotBeFollowed
//   refused libraries     CloneChecks.FindAllThatIsWrongAtOnceAndChangeNothing
//   unknown libraries     CloneChecks.WarnOfWhatDoesNotKeepItFromWorking (no folder of them)
//   warning libraries     CloneChecks.WarnOfWhatDoesNotKeepItFromWorking
//   refused max_rate      CloneChecks.FindAllThatIsWrongAtOnceAndChangeNothing
//   refused page_layout   CloneChecks.RefuseProgramsThatDoNotFit (simulated: nobody packages such)
//   unknown page_layout   CloneChecks.RefuseProgramsThatDoNotFit (simulated: every server tells)
//   refused port          CloneChecks.FindAllThatIsWrongAtOnceAndChangeNothing
//   unknown port          CloneChecks.SayWhatCannotBeKnown
//   warning port          CloneChecks.WarnOfWhatDoesNotKeepItFromWorking
//   warning settings      CloneChecks.WarnOfWhatDoesNotKeepItFromWorking
//   refused primary       CloneCascade.RefusesAStandbyWhosePrimaryIsGone
//   refused slot          CloneChecks.RefuseNamesThatAreTaken (in use)
//   refused slot          CloneChecks.RefuseASourceWhoseSlotsAreTaken
//   refused source        Clone.RefusesAServerWithoutTheExtensionAndTellsAllProblemsAtOnce
//   refused source        CloneChecks.RefuseNamesThatAreTaken (its own name)
//   refused space         Clone.RefusesAFileSystemThatIsTooSmall
//   unknown space         CloneChecks.SayWhatCannotBeKnown (the size of the source)
//   unknown space         CloneHost.DoesNotGuessAtSpace (simulated: every file system tells)
//   refused tablespaces   CloneChecks.RefuseATablespaceWhosePlaceIsTaken
//   refused tls           Tls.ANewNodeNeedsACertificateOfItsOwn
//   warning tls           Tls.ANewNodeNeedsACertificateOfItsOwn
//   refused upstream      CloneCascade.RefusesWhatCannotBeFollowed (itself)
//   refused upstream      CloneCascade.RefusesWhatCannotBeFollowed (nobody)
//   refused upstream      CloneChecks.RefuseAnUpstreamOnAnotherTimeline
//   refused upstream      CloneCascade.RefusesASourceThatLagsBehindWhatTheUpstreamKeeps
//   refused version       CloneChecks.RefuseProgramsThatDoNotFit (none)
//   refused version       Clone.RefusesAnotherMajorVersion (simulated by a script that says so)
//   unknown version       CloneLikeness.DoesNotGuessAtTheMinorVersion (simulated: all of them tell)
//   warning version       CloneChecks.WarnOfWhatDoesNotKeepItFromWorking (simulated by a script)
//   refused waldir        CloneOptions.AFolderForTheWalIsRefusedThatIsNotEmptyOrInTheDataDirectory
//   refused waldir        CloneOptions.AFolderForTheWalIsRefusedThatIsNotEmptyOrInTheDataDirectory
//   refused wal_senders   Clone.RefusesAPrimaryWithoutFreeWalSenders
//   unknown way_back      CloneChecks.ADryRunShowsWhatWasLookedAt
//   warning way_back      CloneChecks.WarnOfAnAddressThatIsNotOfThisHost
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;

class CloneChecks : public testing::Test {
 protected:
  // The checks of a dry run in JSON, by their names; of several findings the first.
  std::map<std::string, json> Checks(Node& target, Node& source,
                                     std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--dry-run", "--format=json"});
    const HelperResult result = cluster_.RunClone(target, source, more);
    std::map<std::string, json> checks;
    const json object = json::parse(result.json());
    if (!object.contains("checks")) throw std::runtime_error(result.output);
    for (const json& check : object.at("checks")) checks.emplace(check.at("check_name"), check);
    return checks;
  }

  // "refused: message" of one check.
  std::string Said(const std::string& check, Node& target, Node& source,
                   const std::vector<std::string>& more = {}) {
    const json found = Checks(target, source, more).at(check);
    return fmt::format("{}: {}", found.at("status").get<std::string>(),
                       found.at("message").get<std::string>());
  }

  // A folder with this server's programs, of which postgres is a script that has these cases of its
  // arguments for itself.
  fs::path ProgramsThatSay(const std::string& name, const std::string& cases) {
    const fs::path folder = cluster_.directory() / name;
    fs::create_directory(folder);
    for (const auto& program : fs::directory_iterator(Cluster::bindir())) {
      fs::create_symlink(program.path(), folder / program.path().filename());
    }
    fs::remove(folder / "postgres");
    std::ofstream(folder / "postgres")
        << fmt::format("#!/bin/sh\ncase \"$*\" in {} *) exec {} \"$@\";; esac\n", cases,
                       Cluster::Program("postgres"));
    chmod((folder / "postgres").c_str(), 0755);
    return folder;
  }

  Cluster cluster_;
};

TEST_F(CloneChecks, ADryRunShowsWhatWasLookedAt) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a, {"--dry-run"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  for (const char* const row :
       {"source +\\| ok +\\| a primary with PostgreSQL", "wal_senders +\\| ok", "slot +\\| ok",
        "directory +\\| ok +\\| .* is not there yet", "tablespaces +\\| ok", "version +\\| ok",
        "architecture +\\| ok", "page_layout +\\| ok +\\| blocks of 8192 bytes",
        "checksums +\\| (ok|warning)", "collation +\\| ok", "max_rate +\\| ok", "space +\\| ok",
        "settings +\\| ok", "libraries +\\| ok", "clock +\\| ok", "port +\\| ok",
        "way_back +\\| unknown"}) {
    EXPECT_THAT(result.output, ContainsRegex(row));
  }
  EXPECT_FALSE(fs::exists(b.data()));
}

// A library that the source has loaded and that is gone meanwhile: simulated by removing a copy.
TEST_F(CloneChecks, FindAllThatIsWrongAtOnceAndChangeNothing) {
  const fs::path library = cluster_.directory() / "gone.so";
  fs::copy_file(Cluster::bindir().parent_path() / "lib" / "auto_explain.so", library);
  Node& a = cluster_.InitPrimary("a");
  a.Configure(fmt::format("shared_preload_libraries = 'pg_baton, {}'", library.string()));
  a.Sql("ALTER SYSTEM RESET shared_preload_libraries");
  a.Restart();
  fs::remove(library);
  Node& b = cluster_.Plan("b");
  fs::create_directory(b.data());
  std::ofstream(b.data() / "precious") << "data";

  const std::vector<std::string> wrong = {"--max-rate=fast", "--set",
                                          fmt::format("port={}", a.port())};
  const HelperResult text = cluster_.RunClone(b, a, wrong);
  const auto checks = Checks(b, a, wrong);

  EXPECT_EQ(text.exit_code, 3);
  for (const std::string& message :
       {fmt::format("library \"{}\" is not on this host", library.string()),
        fmt::format("port {} is in use on this host", a.port()), std::string("\"fast\" is no rate"),
        fmt::format("directory \"{}\" exists but is not empty", b.data().string())}) {
    EXPECT_THAT(text.output, HasSubstr("pg_baton: error: " + message));
    EXPECT_THAT(text.output, HasSubstr("| refused | " + message));
  }
  for (const char* const name : {"libraries", "port", "max_rate", "directory"}) {
    EXPECT_EQ(checks.at(name).at("status"), "refused") << checks.at(name);
  }
  EXPECT_EQ(checks.at("version").at("status"), "ok");
  EXPECT_EQ(helper::ReadFile(b.data() / "precious"), "data");
  EXPECT_EQ(a.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

// Another minor version: simulated by a script that says so.
TEST_F(CloneChecks, WarnOfWhatDoesNotKeepItFromWorking) {
  Node& a = cluster_.InitPrimary("a", "max_connections = 60\n");
  Node& b = cluster_.Plan("b");
  const fs::path other = ProgramsThatSay(
      "bin", fmt::format("--version) echo 'postgres (PostgreSQL) {}.999';;", a.Connect().major()));

  const auto checks = Checks(b, a,
                             {"--bindir=" + other.string(), "--no-start", "--set",
                              "max_connections=30", "--set", fmt::format("port={}", a.port())});

  EXPECT_EQ(checks.at("version").at("message"), "the servers have different minor versions");
  EXPECT_EQ(checks.at("architecture").at("message"), "the architectures cannot be compared");
  EXPECT_EQ(checks.at("libraries").at("status"), "unknown");
  EXPECT_EQ(checks.at("settings").at("detail"), "max_connections is 30, on the source 60.");
  EXPECT_EQ(checks.at("port").at("status"), "warning");
  EXPECT_EQ(checks.at("page_layout").at("status"), "ok");
  for (const auto& [name, check] : checks) EXPECT_NE(check.at("status"), "refused") << check;
  EXPECT_EQ(Said("libraries", b, a, {"--set", "shared_preload_libraries=auto_explain"}),
            "warning: the new server will not load library \"pg_baton\"");
}

TEST_F(CloneChecks, WarnOfASourceWithoutChecksums) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const auto said = [&] {
    return std::pair(a.Sql("SHOW data_checksums"), Said("checksums", b, a));
  };

  const auto before = said();
  a.Stop();
  RunOrFail({Cluster::Program("pg_checksums"), before.first == "on" ? "--disable" : "--enable",
             "--no-sync", "-D", a.data()});
  a.Start();
  std::map<std::string, std::string> by_setting = {before, said()};

  EXPECT_EQ(by_setting["off"], "warning: the source has no data checksums");
  EXPECT_EQ(by_setting["on"], "ok: every page is checked while it is copied");
}

//   a (primary) <--- b
TEST_F(CloneChecks, RefuseNamesThatAreTaken) {
  Node& a = cluster_.InitPrimary("a");
  cluster_.Clone("b", a);
  Node& c = cluster_.Plan("c");

  EXPECT_EQ(Said("source", c, a, {"--node-name=a"}),
            "refused: the new node has the name of the source");
  EXPECT_EQ(Said("slot", c, a, {"--node-name=b"}),
            "refused: the replication slot of this node is in use");
  EXPECT_EQ(Said("source", c, a).substr(0, 3), "ok:");
}

//   a (primary)    b (primary)
TEST_F(CloneChecks, RefuseAnUpstreamOnAnotherTimeline) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Plan("c");
  ASSERT_EQ(b.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");

  EXPECT_EQ(Said("upstream", c, a, {"--upstream=b"}),
            "refused: node \"b\" is on timeline 2, and the source on 1");
}

TEST_F(CloneChecks, RefuseASourceWhoseSlotsAreTaken) {
  Node& a = cluster_.InitPrimary("a");
  a.Sql("ALTER SYSTEM SET max_replication_slots = 1");
  a.Restart();
  Node& b = cluster_.Plan("b");
  EXPECT_EQ(Said("slot", b, a), "ok: one can be made");

  a.Sql("SELECT pg_create_physical_replication_slot('other')");

  EXPECT_EQ(Said("slot", b, a), "refused: the source has no free replication slot");
}

TEST_F(CloneChecks, RefuseWhatIsNoDirectoryOfThisUser) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  std::ofstream(b.data()) << "data";

  EXPECT_EQ(Said("directory", b, a),
            fmt::format("refused: \"{}\" exists but is not a directory", b.data().string()));
  EXPECT_EQ(Said("directory", b, a, {"-D", "/usr"}),
            "refused: directory \"/usr\" belongs to another user");
}

TEST_F(CloneChecks, RefuseDirectoriesThatCannotBeWritten) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const fs::path folder = cluster_.directory() / "folder";
  fs::create_directories(folder / "full" / "precious");
  fs::permissions(folder, static_cast<fs::perms>(0555));

  const std::string absent = Said("directory", b, a, {"-D", folder / "absent"});
  const std::string full = Said("directory", b, a, {"-D", folder / "full", "--move-aside"});
  fs::permissions(folder, static_cast<fs::perms>(0755));

  EXPECT_EQ(absent,
            fmt::format("refused: cannot write to directory \"{}\"", (folder / "absent").string()));
  EXPECT_EQ(full, fmt::format("refused: directory \"{}\" cannot be moved aside",
                              (folder / "full").string()));
  EXPECT_EQ(Said("directory", b, a, {"-D", folder / "absent"}).substr(0, 3), "ok:");
}

//   a (primary) <--- b
TEST_F(CloneChecks, RefuseADirectoryThatIsInUse) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Clone("b", a);
  Node& c = cluster_.Plan("c");
  fs::create_directories(c.data() / "base");
  fs::permissions(c.data(), static_cast<fs::perms>(0701));
  Node& d = cluster_.Plan("d");
  const fs::path rejoin = d.data().string() + ".pg_baton_rejoin";
  fs::create_directory(rejoin);
  std::ofstream(rejoin / "journal.json") << "{}";

  EXPECT_EQ(Said("directory", b, a, {"--move-aside"}),
            fmt::format("refused: a server is running from directory \"{}\"", b.data().string()));
  EXPECT_EQ(Said("directory", c, a),
            fmt::format("refused: directory \"{}\" holds an unfinished copy", c.data().string()));
  const HelperResult result = cluster_.RunClone(d, a, {"--dry-run"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr(fmt::format("error: a rejoin of directory \"{}\" has a "
                                                   "journal\n",
                                                   d.data().string())));
}

TEST_F(CloneChecks, RefuseATablespaceWhosePlaceIsTaken) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const fs::path folder = cluster_.directory() / "ts";
  fs::create_directory(folder);
  a.Sql(fmt::format("CREATE TABLESPACE ts LOCATION '{}'", folder.string()));

  EXPECT_EQ(Said("tablespaces", b, a),
            fmt::format("refused: tablespace directory \"{}\" is not empty here", folder.string()));
  EXPECT_EQ(Said("tablespaces", b, a, {"-T", folder.string() + "=" + folder.string() + "_of_b"}),
            "ok: 1 outside the data directory");
}

// Another layout of the files, or one that is not told: simulated by scripts that say so.
TEST_F(CloneChecks, RefuseProgramsThatDoNotFit) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  const fs::path none = cluster_.directory() / "none";
  fs::create_directory(none);
  const fs::path other = ProgramsThatSay("other", "*'-C block_size') echo 16384;;");
  const fs::path silent = ProgramsThatSay("silent", "*'-C segment_size') exit 1;;");

  EXPECT_EQ(Said("version", b, a, {"--bindir=" + none.string()}),
            fmt::format("refused: no server programs of PostgreSQL {} found on this host",
                        a.Connect().major()));
  const json layout = Checks(b, a, {"--bindir=" + other.string()}).at("page_layout");
  EXPECT_EQ(layout.at("status"), "refused");
  EXPECT_EQ(layout.at("detail"),
            fmt::format("The source has blocks of 8192 bytes, of 8192 in the WAL, 131072 in a "
                        "file; the programs in \"{}\" have blocks of 16384 bytes, of 8192 in the "
                        "WAL, 131072 in a file.",
                        other.string()));
  EXPECT_EQ(Said("page_layout", b, a, {"--bindir=" + silent.string()}),
            "unknown: the layouts of the files cannot be compared");
}

TEST_F(CloneChecks, SayWhatCannotBeKnown) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");
  a.Sql(
      "CREATE DATABASE shop TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu "
      "ICU_LOCALE 'en'");
  a.Sql("REVOKE pg_monitor FROM baton_node");
  a.Sql("GRANT pg_read_all_settings TO baton_node");

  const auto checks = Checks(b, a, {"--set", "port=any"});

  EXPECT_EQ(checks.at("space").at("message"), "the size of the source could not be read");
  EXPECT_EQ(checks.at("collation").at("detail"), "Databases that use it: shop.");
  EXPECT_EQ(checks.at("port").at("message"), "whether the new server's port is free is not known");
  for (const auto& [name, check] : checks) EXPECT_NE(check.at("status"), "refused") << check;
}

// 192.0.2.0/24 is for documents; no host has it.
TEST_F(CloneChecks, WarnOfAnAddressThatIsNotOfThisHost) {
  Node& a = cluster_.InitPrimary("a");
  Node& b = cluster_.Plan("b");

  const HelperResult result = cluster_.RunClone(b, a, {"--advertise=192.0.2.1", "--dry-run"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              ContainsRegex("way_back +\\| warning +\\| 192.0.2.1 is no address of this host"));
}

}  // namespace
}  // namespace baton::test
