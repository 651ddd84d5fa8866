// Standbys that are copied from another standby, or stream from one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "helper/system/file.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;

//   a (primary) <--- b
class CloneCascade : public Scenario {
 protected:
  CloneCascade() : a_(cluster_.InitPrimary("a")), b_(cluster_.Clone("b", a_)) {
    a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
    WaitForReplay(a_, b_);
    EXPECT_TRUE(Returns(b_, "SELECT count(*) FROM baton.cluster WHERE reachable", "2"));
  }

  static testing::AssertionResult Streams(const Node& standby, const Node& upstream) {
    return Returns(standby, "SELECT state, upstream FROM baton.node_status",
                   "streaming|" + upstream.name());
  }
  static std::string Slots(const Node& node) {
    return node.Rows("SELECT slot_name, active FROM pg_replication_slots ORDER BY slot_name");
  }
  void ExpectWritesToArrive(const Node& standby) {
    a_.Sql("INSERT INTO t VALUES (0)");
    WaitForReplay(a_, standby);
    EXPECT_EQ(standby.Sql("SELECT count(*) FROM t"), a_.Sql("SELECT count(*) FROM t"));
  }

  Node& a_;
  Node& b_;
};

TEST_F(CloneCascade, AStandbyIsTheSourceAndTheUpstream) {
  Node& c = cluster_.Plan("c");

  const HelperResult result = cluster_.RunClone(c, b_);

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              ContainsRegex(fmt::format(
                  "node \"c\" streams from 127.0.0.1 port {}, [0-9.]+ [kM]?B behind", b_.port())));
  EXPECT_TRUE(Streams(c, b_));
  EXPECT_EQ(Slots(a_), "b|t");
  EXPECT_EQ(Slots(b_), "c|t");
  EXPECT_EQ(a_.Sql("SELECT string_agg(name, ',' ORDER BY name) FROM baton.node"), "a,b,c");
  EXPECT_EQ(c.Sql("SELECT pg_is_in_recovery()"), "t");
  ExpectWritesToArrive(c);
  EXPECT_TRUE(Returns(a_, "SELECT upstream FROM baton.cluster WHERE name = 'c'", "b"));
  EXPECT_TRUE(
      Returns(a_, "SELECT count(*) FROM baton.verify_replication() WHERE NOT verified", "0"));
}

TEST_F(CloneCascade, ACopyOfAStandbyMayStreamFromThePrimary) {
  Node& c = cluster_.Plan("c");

  const HelperResult result = cluster_.RunClone(c, b_, {"--upstream=a"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("made replication slot \"c\" on node \"a\""));
  EXPECT_TRUE(Streams(c, a_));
  EXPECT_EQ(Slots(a_), "b|t\nc|t");
  EXPECT_EQ(Slots(b_), "");
  ExpectWritesToArrive(c);
}

TEST_F(CloneCascade, ACopyOfThePrimaryMayStreamFromAStandby) {
  Node& c = cluster_.Plan("c");

  const HelperResult result = cluster_.RunClone(c, a_, {"--upstream=b"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_TRUE(Streams(c, b_));
  EXPECT_EQ(Slots(a_), "b|t");
  EXPECT_EQ(Slots(b_), "c|t");
  ExpectWritesToArrive(c);
}

TEST_F(CloneCascade, WhatBelongsToTheSourceAloneDoesNotComeAlong) {
  b_.Sql("ALTER SYSTEM SET recovery_min_apply_delay = '1h'");
  b_.Sql("ALTER SYSTEM SET max_connections = 150");
  b_.Restart();
  WaitForReplay(a_, b_);
  Node& c = cluster_.Plan("c");

  const HelperResult result =
      cluster_.RunClone(c, b_, {"--upstream=a", "--set", "max_connections=100"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(c.Sql("SHOW recovery_min_apply_delay"), "0");
  EXPECT_EQ(c.Sql("SHOW pg_baton.node_name"), "c");
  // The primary has no more, and that is what counts.
  EXPECT_EQ(c.Sql("SHOW max_connections"), "100");
}

TEST_F(CloneCascade, RefusesWhatCannotBeFollowed) {
  Node& c = cluster_.Plan("c");

  const HelperResult unknown = cluster_.RunClone(c, b_, {"--upstream=nobody"});
  const HelperResult itself = cluster_.RunClone(c, a_, {"--upstream=c"});
  a_.Sql("ALTER SYSTEM SET full_page_writes = off");
  a_.Sql("SELECT pg_reload_conf()");
  ASSERT_TRUE(Returns(a_, "SHOW full_page_writes", "off"));
  const HelperResult torn = cluster_.RunClone(c, b_);

  EXPECT_EQ(unknown.exit_code, 3);
  EXPECT_THAT(unknown.output, HasSubstr("error: node \"nobody\" is not registered"));
  EXPECT_EQ(itself.exit_code, 3);
  EXPECT_THAT(itself.output, HasSubstr("error: the new node cannot stream from itself"));
  EXPECT_EQ(torn.exit_code, 3);
  EXPECT_THAT(torn.output, HasSubstr("error: node \"a\", the primary, has full_page_writes off"));
  EXPECT_FALSE(fs::exists(c.data()));
  EXPECT_EQ(Slots(a_), "b|t");
  EXPECT_EQ(Slots(b_), "");
}

TEST_F(CloneCascade, RefusesAStandbyWhosePrimaryIsGone) {
  Node& c = cluster_.Plan("c");
  a_.Stop("immediate");
  ASSERT_TRUE(Returns(b_, "SELECT reachable FROM baton.cluster WHERE name = 'a'", "f"));

  const HelperResult result = cluster_.RunClone(c, b_);

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("error: no primary answers node \"b\""));
  EXPECT_FALSE(fs::exists(c.data()));
  EXPECT_EQ(Slots(b_), "");
}

TEST_F(CloneCascade, RefusesASourceThatLagsBehindWhatTheUpstreamKeeps) {
  b_.Sql("SELECT pg_wal_replay_pause()");
  ASSERT_TRUE(Returns(b_, "SELECT pg_get_wal_replay_pause_state()", "paused"));
  a_.Sql("INSERT INTO t SELECT generate_series(1, 1000)");
  a_.Sql("CHECKPOINT");
  Node& c = cluster_.Plan("c");

  const HelperResult result = cluster_.RunClone(c, b_, {"--upstream=a"});

  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, ContainsRegex("error: node \"a\" keeps WAL from [0-9A-F/]+ on, and "
                                           "the source is at"));
  EXPECT_EQ(Slots(a_), "b|t");
}

TEST_F(CloneCascade, TheNewStandbyTellsHowItCameToBe) {
  Node& c = cluster_.Plan("c");

  const HelperResult result = cluster_.RunClone(c, a_, {"--format=json"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  const json told = json::parse(result.json());
  EXPECT_EQ(told.at("way_back"), true);
  EXPECT_GE(told.at("replay_lag_bytes").get<std::int64_t>(), 0);
  const std::int64_t bytes = told.at("copied_bytes").get<std::int64_t>();
  EXPECT_GT(bytes, 1000000);
  EXPECT_TRUE(Eventually([&] {
    return c.Rows(
               "SELECT event_id, detail LIKE '%from 127.0.0.1 port%' FROM baton.events"
               " WHERE kind = 'clone'") == "1|t";
  }));
  EXPECT_THAT(
      c.Rows("SELECT message, detail FROM baton.events WHERE kind = 'clone'"),
      ContainsRegex(fmt::format("^made as a copy of node a: .* in .*\\|{} bytes in", bytes)));
  EXPECT_EQ(c.Sql("SELECT happened_at BETWEEN now() - interval '5 min' AND now() FROM baton.events"
                  " WHERE kind = 'clone'"),
            "t");
}

// A line that keeps the primary out of the new server, as a pg_hba.conf of its own may have it.
TEST_F(CloneCascade, WarnsWhereThePrimaryWouldNotGetIn) {
  const fs::path configuration = cluster_.directory() / "etc";
  fs::create_directory(configuration);
  for (const char* const file : {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"}) {
    fs::copy_file(a_.data() / file, configuration / file);
  }
  Node& c = cluster_.Plan("c");
  helper::ReplaceFile(configuration / "postgresql.conf",
                      helper::ReadFile(configuration / "postgresql.conf") +
                          fmt::format("\ndata_directory = '{}'\n", c.data().string()));
  helper::ReplaceFile(configuration / "pg_hba.conf",
                      "local all all trust\nhost replication baton_node all reject\n" +
                          helper::ReadFile(configuration / "pg_hba.conf"));

  const HelperResult result = cluster_.RunClone(c, a_, {"--config-dir=" + configuration.string()});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("warning: node \"a\" could not follow node \"c\" if roles changed"));
}

}  // namespace
}  // namespace baton::test
