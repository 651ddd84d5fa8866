#include "core/settings_advice.hpp"

#include <gmock/gmock.h>
#include <map>

namespace baton::core {

static bool operator==(const SettingAdvice& a, const SettingAdvice& b) {
  return a.name == b.name && a.current == b.current && a.wanted == b.wanted && a.why == b.why &&
         a.restart == b.restart && a.fine == b.fine;
}

static void PrintTo(const SettingAdvice& advice, std::ostream* out) {
  *out << advice.name << ": " << advice.current << " -> " << advice.wanted << " (" << advice.why
       << (advice.restart ? ", restart" : ", reload") << (advice.fine ? ", fine)" : ")");
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr bool kRestart = true;
constexpr bool kReload = false;

// A server whose settings are all as wanted.
struct Server {
  std::map<std::string, std::string, std::less<>> settings = {
      {"wal_level", "replica"},
      {"wal_log_hints", "on"},
      {"max_wal_senders", "10"},
      {"max_replication_slots", "10"},
      {"max_worker_processes", "12"},
      {"wal_keep_size", "256"},
      {"hot_standby", "on"},
      {"full_page_writes", "on"},
      {"shared_preload_libraries", "pg_baton"},
      {"listen_addresses", "localhost"},
  };
  SettingGoals goals;

  Server& Set(const std::string& name, const std::string& value) {
    settings[name] = value;
    return *this;
  }

  std::vector<SettingAdvice> Advice() const { return AdviseSettings(Values(), goals); }
  std::vector<SettingAdvice> Check() const { return CheckSettings(Values(), goals); }

 private:
  SettingValue Values() const {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = settings.find(name);
      if (found == settings.end()) return std::nullopt;
      return found->second;
    };
  }
};

TEST(AdviseSettings, LeavesASoundServerAlone) { EXPECT_THAT(Server().Advice(), IsEmpty()); }

TEST(AdviseSettings, LeavesHigherValuesAlone) {
  EXPECT_THAT(Server()
                  .Set("wal_level", "logical")
                  .Set("max_wal_senders", "100")
                  .Set("max_replication_slots", "50")
                  .Set("max_worker_processes", "64")
                  .Set("wal_keep_size", "4096")
                  .Advice(),
              IsEmpty());
}

TEST(AdviseSettings, SaysNothingOfSettingsThatAreNotThere) {
  Server server;
  server.settings.clear();
  server.goals.listen_address = "10.0.0.1";

  EXPECT_THAT(server.Advice(), IsEmpty());
}

TEST(AdviseSettings, WantsTheWalInFull) {
  EXPECT_THAT(Server().Set("wal_level", "minimal").Advice(),
              ElementsAre(SettingAdvice{"wal_level", "minimal", "replica",
                                        "a standby needs the WAL in full", kRestart}));
}

TEST(AdviseSettings, WantsHintsWhereChecksumsAreOff) {
  Server server;
  server.Set("wal_log_hints", "off");
  EXPECT_THAT(server.Advice(), ElementsAre(SettingAdvice{
                                   "wal_log_hints", "off", "on",
                                   "pg_rewind needs it where data checksums are off", kRestart}));

  server.goals.data_checksums = true;
  EXPECT_THAT(server.Advice(), IsEmpty());
}

TEST(AdviseSettings, WantsTheMinimumOfWhatIsCounted) {
  EXPECT_THAT(
      Server()
          .Set("max_wal_senders", "9")
          .Set("max_replication_slots", "0")
          .Set("max_worker_processes", "8")
          .Advice(),
      ElementsAre(
          SettingAdvice{"max_wal_senders", "9", "10",
                        "each standby, each running base backup and its WAL stream need one",
                        kRestart},
          SettingAdvice{"max_replication_slots", "0", "10",
                        "each standby keeps the WAL it needs by a slot of its own", kRestart},
          SettingAdvice{"max_worker_processes", "8", "12",
                        "pg_baton's workers take places that other extensions had", kRestart}));
}

TEST(AdviseSettings, WantsSomeWalKeptAndGivesItsUnit) {
  EXPECT_THAT(Server().Set("wal_keep_size", "0").Advice(),
              ElementsAre(SettingAdvice{"wal_keep_size", "0MB", "256MB",
                                        "a former primary still needs its last WAL for pg_rewind",
                                        kReload}));
}

TEST(AdviseSettings, WantsStandbysToAnswerAndFullPages) {
  EXPECT_THAT(
      Server().Set("hot_standby", "off").Set("full_page_writes", "off").Advice(),
      ElementsAre(
          SettingAdvice{"hot_standby", "off", "on",
                        "a standby must answer queries and pg_baton's own questions", kRestart},
          SettingAdvice{"full_page_writes", "off", "on", "pg_rewind and base backups rely on it",
                        kReload}));
}

TEST(AdviseSettings, WantsTheLibraryBesideTheOthers) {
  EXPECT_THAT(Server().Set("shared_preload_libraries", "pg_stat_statements").Advice(),
              ElementsAre(SettingAdvice{
                  "shared_preload_libraries", "pg_stat_statements", "pg_stat_statements,pg_baton",
                  "pg_baton works in every process of the server", kRestart}));
}

// What is advised for listen_addresses; its present value if nothing is.
std::string ListenAdvice(const std::string& listen, const std::string& address) {
  Server server;
  server.Set("listen_addresses", listen);
  server.goals.listen_address = address;
  const auto advice = server.Advice();
  return advice.empty() ? listen : advice.at(0).wanted;
}

TEST(AdviseSettings, LeavesListenAddressesAloneWithoutAnAddress) {
  EXPECT_EQ(ListenAdvice("", ""), "");
  EXPECT_EQ(ListenAdvice("localhost", ""), "localhost");
}

TEST(AdviseSettings, WantsToListenWhereOthersConnect) {
  Server server;
  server.goals.listen_address = "10.0.0.1";

  EXPECT_THAT(server.Advice(),
              ElementsAre(SettingAdvice{"listen_addresses", "localhost", "*",
                                        "the other nodes connect to this address", kRestart}));
}

TEST(AdviseSettings, IsContentWithAListThatReachesTheAddress) {
  EXPECT_EQ(ListenAdvice("*", "10.0.0.1"), "*");
  EXPECT_EQ(ListenAdvice("0.0.0.0", "10.0.0.1"), "0.0.0.0");
  EXPECT_EQ(ListenAdvice("::", "fd00::1"), "::");
  EXPECT_EQ(ListenAdvice("localhost, 10.0.0.1", "10.0.0.1"), "localhost, 10.0.0.1");
  EXPECT_EQ(ListenAdvice("localhost", "127.0.0.1"), "localhost");
  EXPECT_EQ(ListenAdvice("localhost", "::1"), "localhost");
}

TEST(AdviseSettings, WantsEveryAddressWhereTheListReachesOnlyOthers) {
  EXPECT_EQ(ListenAdvice("", "10.0.0.1"), "*");
  EXPECT_EQ(ListenAdvice("10.0.0.2", "10.0.0.1"), "*");
  EXPECT_EQ(ListenAdvice("10.0.0.11", "10.0.0.1"), "*");
}

TEST(AdviseSettings, DoesNotTakeAllOfOneFamilyForTheOther) {
  EXPECT_EQ(ListenAdvice("0.0.0.0", "fd00::1"), "*");
  EXPECT_EQ(ListenAdvice("::", "10.0.0.1"), "*");
}

TEST(AdviseSettings, ListensOnlyLocallyIfThatIsEnough) {
  EXPECT_EQ(ListenAdvice("", "127.0.0.1"), "localhost");
  EXPECT_EQ(ListenAdvice("", "localhost"), "localhost");
}

constexpr bool kFine = true;

TEST(CheckSettings, TellsOfEverySettingThatMattersInASoundServer) {
  Server server;
  server.goals.listen_address = "127.0.0.1";

  EXPECT_THAT(
      server.Check(),
      ElementsAre(
          SettingAdvice{"wal_level", "replica", "replica", "a standby needs the WAL in full",
                        kRestart, kFine},
          SettingAdvice{"wal_log_hints", "on", "on",
                        "pg_rewind needs it where data checksums are off", kRestart, kFine},
          SettingAdvice{"max_wal_senders", "10", "10",
                        "each standby, each running base backup and its WAL stream need one",
                        kRestart, kFine},
          SettingAdvice{"max_replication_slots", "10", "10",
                        "each standby keeps the WAL it needs by a slot of its own", kRestart,
                        kFine},
          SettingAdvice{"max_worker_processes", "12", "12",
                        "pg_baton's workers take places that other extensions had", kRestart,
                        kFine},
          SettingAdvice{"wal_keep_size", "256MB", "256MB",
                        "a former primary still needs its last WAL for pg_rewind", kReload, kFine},
          SettingAdvice{"hot_standby", "on", "on",
                        "a standby must answer queries and pg_baton's own questions", kRestart,
                        kFine},
          SettingAdvice{"full_page_writes", "on", "on", "pg_rewind and base backups rely on it",
                        kReload, kFine},
          SettingAdvice{"shared_preload_libraries", "pg_baton", "pg_baton",
                        "pg_baton works in every process of the server", kRestart, kFine},
          SettingAdvice{"listen_addresses", "localhost", "localhost",
                        "the other nodes connect to this address", kRestart, kFine}));
}

// The row of one setting.
SettingAdvice RowOf(const Server& server, std::string_view name) {
  for (const SettingAdvice& advice : server.Check()) {
    if (advice.name == name) return advice;
  }
  ADD_FAILURE() << "no row for " << name;
  return {};
}

TEST(CheckSettings, SaysWhichAreNotAsWanted) {
  Server server;
  server.Set("wal_level", "minimal")
      .Set("wal_log_hints", "off")
      .Set("max_wal_senders", "9")
      .Set("max_replication_slots", "9")
      .Set("max_worker_processes", "11")
      .Set("wal_keep_size", "255")
      .Set("hot_standby", "off")
      .Set("full_page_writes", "off")
      .Set("shared_preload_libraries", "");
  server.goals.listen_address = "10.0.0.1";

  const auto rows = server.Check();

  EXPECT_EQ(rows.size(), server.settings.size());
  for (const SettingAdvice& row : rows) EXPECT_FALSE(row.fine) << row.name;
  EXPECT_EQ(rows, server.Advice());
}

TEST(CheckSettings, ShowsWhatIsWantedBesideAHigherValueThatIsFine) {
  Server server;
  server.Set("max_wal_senders", "100").Set("wal_level", "logical").Set("wal_keep_size", "4096");

  const SettingAdvice senders = RowOf(server, "max_wal_senders");
  EXPECT_EQ(senders.current, "100");
  EXPECT_EQ(senders.wanted, "10");
  EXPECT_TRUE(senders.fine);
  const SettingAdvice level = RowOf(server, "wal_level");
  EXPECT_EQ(level.current, "logical");
  EXPECT_EQ(level.wanted, "replica");
  EXPECT_TRUE(level.fine);
  const SettingAdvice keep = RowOf(server, "wal_keep_size");
  EXPECT_EQ(keep.current, "4096MB");
  EXPECT_EQ(keep.wanted, "256MB");
  EXPECT_TRUE(keep.fine);
}

TEST(CheckSettings, IsContentWithoutHintsWhereChecksumsAreOn) {
  Server server;
  server.Set("wal_log_hints", "off");
  EXPECT_FALSE(RowOf(server, "wal_log_hints").fine);

  server.goals.data_checksums = true;
  EXPECT_TRUE(RowOf(server, "wal_log_hints").fine);
}

TEST(CheckSettings, GivesNoRowForASettingThatIsNotThereOrNoNumber) {
  Server server;
  server.settings.clear();
  server.goals.listen_address = "10.0.0.1";
  EXPECT_THAT(server.Check(), IsEmpty());

  server.Set("max_wal_senders", "many").Set("wal_keep_size", "");
  EXPECT_THAT(server.Check(), IsEmpty());
}

TEST(CheckSettings, GivesNoRowForListenAddressesWithoutAnAddress) {
  for (const SettingAdvice& row : Server().Check()) EXPECT_NE(row.name, "listen_addresses");
}

TEST(WithLibrary, IsTheLibraryAloneIfThereWasNone) {
  EXPECT_EQ(WithLibrary("", "pg_baton"), "pg_baton");
  EXPECT_EQ(WithLibrary("  ", "pg_baton"), "pg_baton");
}

TEST(WithLibrary, AppendsToTheOthers) {
  EXPECT_EQ(WithLibrary("pg_stat_statements", "pg_baton"), "pg_stat_statements,pg_baton");
  EXPECT_EQ(WithLibrary(" auto_explain , pg_cron ", "pg_baton"), "auto_explain , pg_cron,pg_baton");
  EXPECT_EQ(WithLibrary("\"odd name\"", "pg_baton"), "\"odd name\",pg_baton");
}

TEST(WithLibrary, ChangesNothingIfItIsThere) {
  for (const char* const list :
       {"pg_baton", "auto_explain, pg_baton", "\"pg_baton\"", "$libdir/pg_baton",
        "\"$libdir/pg_baton\",auto_explain", " pg_baton ,auto_explain"}) {
    EXPECT_EQ(WithLibrary(list, "pg_baton"), list);
  }
}

TEST(WithLibrary, IsNotFooledByALongerName) {
  EXPECT_EQ(WithLibrary("pg_baton_extra", "pg_baton"), "pg_baton_extra,pg_baton");
  EXPECT_EQ(WithLibrary("my_pg_baton", "pg_baton"), "my_pg_baton,pg_baton");
}

Server ForStandbys(int count, std::optional<std::int64_t> free) {
  Server server;
  server.goals.standbys = count;
  server.goals.wal_free_bytes = free;
  server.goals.has_slot_limit = false;
  server.Set("max_slot_wal_keep_size", "-1");
  return server;
}

constexpr std::int64_t kGigabyte = 1024LL * 1024 * 1024;

TEST(AdviseSettings, CountsPlacesForTheStandbys) {
  EXPECT_THAT(
      ForStandbys(8, std::nullopt).Advice(),
      ElementsAre(SettingAdvice{"max_wal_senders", "10", "20",
                                "two for each of 8 standbys, since a link that broke keeps its own "
                                "until that is noticed, and 4 for copies",
                                kRestart},
                  SettingAdvice{"max_replication_slots", "10", "12",
                                "one for each of 8 standbys, and 4 for copies", kRestart}));
  EXPECT_THAT(ForStandbys(2, std::nullopt).Advice(), IsEmpty());
  EXPECT_THAT(ForStandbys(8, std::nullopt)
                  .Set("max_wal_senders", "21")
                  .Set("max_replication_slots", "12")
                  .Advice(),
              IsEmpty());
}

TEST(AdviseSettings, MeasuresWhatIsKeptByTheFreeSpace) {
  EXPECT_THAT(
      ForStandbys(1, 20 * kGigabyte).Set("wal_keep_size", "0").Advice(),
      ElementsAre(
          SettingAdvice{"wal_keep_size", "0MB", "1024MB",
                        "a former primary still needs its last WAL for pg_rewind; a twentieth of "
                        "the 20 GB that are free",
                        kReload},
          SettingAdvice{"max_slot_wal_keep_size", "-1", "10240MB",
                        "a standby that does not come back must not fill the disk of the primary; "
                        "half of the 20 GB that are free",
                        kReload}));
}

TEST(AdviseSettings, LeavesALimitOfSlotsThatSomebodySet) {
  Server server = ForStandbys(1, 20 * kGigabyte);
  server.goals.has_slot_limit = true;

  EXPECT_THAT(server.Advice(), IsEmpty());
}

TEST(AdviseSettings, KeepsTheLeastOnASmallDisk) {
  EXPECT_EQ(ForStandbys(1, kGigabyte / 4).Set("wal_keep_size", "64").Advice().front().wanted,
            "256MB");
  EXPECT_EQ(ForStandbys(1, 1000 * kGigabyte).Set("wal_keep_size", "64").Advice().front().wanted,
            "4096MB");
}

TEST(WithoutLibrary, TakesItOutAlone) {
  EXPECT_EQ(WithoutLibrary("pg_baton", "pg_baton"), "");
  EXPECT_EQ(WithoutLibrary("auto_explain, $libdir/pg_baton,\"other\"", "pg_baton"),
            "auto_explain,other");
  EXPECT_EQ(WithoutLibrary("auto_explain", "pg_baton"), "auto_explain");
}

}  // namespace
}  // namespace baton::core
