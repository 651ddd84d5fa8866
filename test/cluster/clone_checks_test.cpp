// What clone finds before it begins, on real servers, and how it tells.
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
    const json object = json::parse(result.output.substr(result.output.find('{')));
    for (const json& check : object.at("checks")) checks.emplace(check.at("check_name"), check);
    return checks;
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
TEST_F(CloneChecks, FindsAllThatIsWrongAtOnceAndChangesNothing) {
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
TEST_F(CloneChecks, WarnsOfWhatDoesNotKeepItFromWorking) {
  Node& a = cluster_.InitPrimary("a", "max_connections = 60\n");
  Node& b = cluster_.Plan("b");
  const fs::path other = cluster_.directory() / "bin";
  fs::create_directory(other);
  for (const auto& program : fs::directory_iterator(Cluster::bindir())) {
    fs::create_symlink(program.path(), other / program.path().filename());
  }
  fs::remove(other / "postgres");
  std::ofstream(other / "postgres") << fmt::format(
      "#!/bin/sh\n"
      "case $1 in --version) echo 'postgres (PostgreSQL) {}.999';;"
      " *) exec {} \"$@\";; esac\n",
      a.Connect().major(), Cluster::Program("postgres"));
  chmod((other / "postgres").c_str(), 0755);

  const auto checks = Checks(b, a,
                             {"--bindir=" + other.string(), "--set", "max_connections=30", "--set",
                              "shared_preload_libraries=auto_explain"});

  EXPECT_EQ(checks.at("version").at("message"), "the servers have different minor versions");
  EXPECT_EQ(checks.at("settings").at("detail"), "max_connections is 30, on the source 60.");
  EXPECT_EQ(checks.at("page_layout").at("status"), "ok");
  for (const auto& [name, check] : checks) EXPECT_NE(check.at("status"), "refused") << check;
}

}  // namespace
}  // namespace baton::test
