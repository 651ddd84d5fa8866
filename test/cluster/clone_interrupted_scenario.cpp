#include "test/cluster/clone_interrupted_scenario.hpp"

#include <fmt/format.h>

#include "helper/system/file.hpp"

namespace baton::test {

CloneInterruptedScenario::CloneInterruptedScenario()
    : a_(cluster_.InitPrimary("a")), b_(cluster_.Plan("b")) {
  const fs::path folder = cluster_.directory() / "ts";
  fs::create_directory(folder);
  a_.Sql(fmt::format("CREATE TABLESPACE ts LOCATION '{}'", folder.string()));
  a_.Sql("CREATE TABLE elsewhere TABLESPACE ts AS SELECT generate_series(1, 1000) AS n");
  a_.Sql("CREATE TABLE here AS SELECT generate_series(1, 1000) AS n");
}

std::vector<std::string> CloneInterruptedScenario::CloneArguments(int port,
                                                                  const std::string& bindir) const {
  return {"clone",
          "-w",
          "-h",
          "127.0.0.1",
          "-p",
          std::to_string(port),
          "--node-name=b",
          "--advertise=127.0.0.1",
          "--passfile=" + cluster_.passfile().string(),
          "--bindir=" + bindir,
          "--log=" + b_.log_file().string(),
          "--set",
          fmt::format("port={}", b_.port())};
}

std::vector<std::string> CloneInterruptedScenario::CloneOfB(int port,
                                                            const std::string& bindir) const {
  std::vector<std::string> arguments = CloneArguments(port, bindir);
  arguments.insert(arguments.end(),
                   {"-D", b_.data().string(), "-T", Mapping(tablespace().string())});
  return arguments;
}

std::string CloneInterruptedScenario::Output() const {
  return helper::ReadFileIfThere(output_file()).value_or("");
}

std::string CloneInterruptedScenario::Mapping(const std::string& tablespace) const {
  return fmt::format("{}={}", (cluster_.directory() / "ts").string(), tablespace);
}

std::string CloneInterruptedScenario::Slots() const {
  return a_.Sql("SELECT string_agg(slot_name, ',' ORDER BY slot_name) FROM pg_replication_slots");
}

std::string CloneInterruptedScenario::Nodes() const {
  return a_.Sql("SELECT string_agg(name, ',' ORDER BY name) FROM baton.node");
}

void CloneInterruptedScenario::ExpectNothingWasLeft() const {
  ExpectNothingWasLeftHere();
  EXPECT_EQ(Slots(), "");
  EXPECT_EQ(Nodes(), "a");
}

void CloneInterruptedScenario::ExpectNothingWasLeftHere() const {
  EXPECT_FALSE(fs::exists(b_.data()));
  EXPECT_FALSE(fs::exists(tablespace()));
  EXPECT_FALSE(fs::exists(b_.data().string() + ".pg_baton_clone"));
}

}  // namespace baton::test
