// pg_baton without a command: what it says about the servers that it finds on this host.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "test/cluster/old_primary_scenario.hpp"

namespace baton::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// Servers of others may run on the host, and what is said of them depends on them.
class NextStep : public Scenario {
 protected:
  std::string SaidOf(const Node& node, const std::map<std::string, std::string>& more = {}) {
    std::map<std::string, std::string> environment = {
        {"PGDATA", node.data().string()},
        {"PG_CLUSTER_CONF_ROOT", (cluster_.directory() / "none").string()},
        {"PATH", Cluster::bindir().string()}};
    for (const auto& [name, value] : more) environment[name] = value;
    const HelperResult result = cluster_.Helper({}, environment);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, EndsWith("All commands: pg_baton --help, or man pg_baton.\n"));
    std::istringstream lines(result.output);
    std::string said;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(node.data().string())) continue;
      EXPECT_EQ(said, "");
      said = line.substr(node.data().string().size());
    }
    return said;
  }
};

TEST_F(NextStep, LeadsFromAPlainServerToAStandby) {
  Node& a = cluster_.InitPlain("a", kQuick);
  const std::string port = fmt::format(" -p {}", a.port());
  EXPECT_EQ(SaidOf(a), fmt::format(": runs without pg_baton; to put a standby in its place, stop "
                                   "it, then pg_baton clone -h PRIMARY -D {} --move-aside; to make "
                                   "it a primary that may have standbys: pg_baton setup-primary{} "
                                   "--node-name=NAME --advertise=ADDRESS --dry-run",
                                   a.data().string(), port));

  cluster_.SetupPrimary(a);
  EXPECT_EQ(SaidOf(a),
            fmt::format(": set up, and runs without the library until it is restarted; then run "
                        "setup-primary again: pg_ctl restart -D {}",
                        a.data().string()));

  a.Restart();
  EXPECT_THAT(SaidOf(a), StartsWith(" (node a): loads the library, and is not registered yet; run "
                                    "setup-primary once more"));

  cluster_.SetupPrimary(a);
  const std::string clone = fmt::format(
      " (node a): primary without a standby; on the other host: pg_baton clone -h 127.0.0.1{} -D "
      "DIRECTORY --node-name=NAME --advertise=ADDRESS --dry-run",
      port);
  EXPECT_TRUE(Eventually([&] { return SaidOf(a) == clone; })) << SaidOf(a);

  Node& b = cluster_.Clone("b", a);
  EXPECT_TRUE(Eventually([&] {
    return SaidOf(a) == " (node a): primary, 1 standby streams: pg_baton status" + port;
  })) << SaidOf(a);
  EXPECT_TRUE(Eventually([&] {
    return SaidOf(b).starts_with(" (node b): standby of a, streaming: pg_baton status");
  })) << SaidOf(b);
}

TEST_F(NextStep, SaysItInJsonToo) {
  Node& a = cluster_.InitPlain("a", kQuick);

  const HelperResult result =
      cluster_.Helper({"--format=json"}, {{"PGDATA", a.data().string()},
                                          {"PG_CLUSTER_CONF_ROOT", cluster_.directory() / "none"},
                                          {"PATH", Cluster::bindir().string()}});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  const nlohmann::json told = nlohmann::json::parse(result.json());
  EXPECT_EQ(told.at("ok"), true);
  std::vector<nlohmann::json> of_a;
  for (const nlohmann::json& server : told.at("servers")) {
    if (server.at("data_directory") == a.data().string()) of_a.push_back(server);
  }
  ASSERT_EQ(of_a.size(), 1U) << result.output;
  EXPECT_EQ(of_a[0].at("state"), "running");
  EXPECT_EQ(of_a[0].at("node"), nullptr);
  EXPECT_THAT(of_a[0].at("fact").get<std::string>(), StartsWith("runs without pg_baton"));
  EXPECT_THAT(of_a[0].at("command").get<std::string>(), StartsWith("pg_baton setup-primary -p "));
}

TEST_F(NextStep, ChangesNothing) {
  Node& a = cluster_.InitPlain("a");
  a.Stop();
  const std::string list =
      fmt::format("find {} -printf '%p %m %s %T@ %C@\\n' | sort", a.data().string());
  const std::string before = RunOrFail({"/bin/sh", "-c", list});

  EXPECT_EQ(SaidOf(a), fmt::format(": stopped, and without pg_baton; to put a standby in its "
                                   "place, pg_baton clone -h PRIMARY -D {0} --move-aside; to make "
                                   "it a primary, start it, then run setup-primary: pg_ctl start "
                                   "-D {0}",
                                   a.data().string()));

  EXPECT_EQ(RunOrFail({"/bin/sh", "-c", list}), before);
}

TEST_F(NextStep, SaysWhyNoMoreIsKnown) {
  Node& a = cluster_.InitPlain("a");
  std::ofstream(a.data() / "pg_hba.conf") << "local all all reject\n";
  a.Sql("SELECT pg_reload_conf()");

  EXPECT_TRUE(Eventually([&] { return SaidOf(a).starts_with(": runs, and no more is known: "); }));
  EXPECT_THAT(SaidOf(a), HasSubstr("pg_hba.conf rejects connection"));
}

//   a (killed)    b (primary)
class NextStepAfterPromotion : public OldPrimaryScenario {};

TEST_F(NextStepAfterPromotion, BringsTheOldPrimaryBack) {
  a_.Kill();
  PromoteB();

  const HelperResult result =
      cluster_.Helper({}, {{"PGDATA", a_.data().string()},
                           {"PG_CLUSTER_CONF_ROOT", (cluster_.directory() / "none").string()},
                           {"PATH", Cluster::bindir().string()}});

  EXPECT_THAT(result.output,
              HasSubstr(fmt::format("{} (node a): stopped, and node b is the primary now: pg_baton "
                                    "rejoin -h 127.0.0.1 -p {} -D {}\n",
                                    a_.data().string(), b_.port(), a_.data().string())));
}

}  // namespace
}  // namespace baton::test
