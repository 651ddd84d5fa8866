// What the health of a standby says about its link, where the usual figures lie.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>

#include "helper/system/file.hpp"
#include "test/cluster/proxy.hpp"
#include "test/cluster/scenario.hpp"

namespace baton::test {
namespace {

using testing::StartsWith;

// The age of the last replayed commit.
constexpr const char* kNaiveAge = "now() - pg_last_xact_replay_timestamp()";
// The usual mend of it.
constexpr const char* kNaiveLag =
    "SELECT CASE WHEN COALESCE(pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(), true) THEN 0"
    " ELSE 1 END";

class TrapLink : public Scenario {
 protected:
  TrapLink() : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)) {
    EXPECT_TRUE(Becomes(b_, "streaming", "ok"));
    EXPECT_TRUE(Becomes(b_, "replay_lag", "ok"));
    // Before the first of it, what was received is less than what is replayed.
    a_.Sql("CREATE TABLE streamed ()");
    WaitForReplay(a_, b_);
  }

  Node& a_;
  Node& b_;
};

//   a (primary, idle) <--- b
TEST_F(TrapLink, AnIdlePrimaryMakesNoLagHoweverLongItIsIdle) {
  std::string bad;
  ASSERT_TRUE(Eventually([&] {
    const std::string status = Status(b_, "replay_lag");
    if (status == "warning" || status == "critical") bad = Message(b_, "replay_lag");
    return b_.Sql(fmt::format("SELECT {} > '4 s'", kNaiveAge)) == "t";
  }));

  EXPECT_EQ(bad, "");
  EXPECT_EQ(LagSeconds(b_), 0.0);
  EXPECT_TRUE(Becomes(b_, "replay_lag", "ok", "everything that the upstream had is replayed"));
  EXPECT_TRUE(Becomes(a_, "standby_lag", "ok", "every standby has replayed all that is here"));
}

//   a (lets nobody stream) <-x- b
TEST_F(TrapLink, AStandbyThatIsKeptOutIsNotCaughtUpAlthoughItHasReplayedAllThatCame) {
  const std::string rules = helper::ReadFileIfThere(a_.data() / "pg_hba.conf").value_or("");
  std::ofstream(a_.data() / "pg_hba.conf") << "host replication all 127.0.0.1/32 reject\n" << rules;
  a_.Sql("SELECT pg_reload_conf()");
  a_.Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_replication");

  EXPECT_TRUE(Becomes(b_, "streaming", "critical", "no WAL comes in from a; last message "));
  EXPECT_TRUE(Becomes(b_, "replay_lag", "critical", "the oldest commit not replayed may be "));
  EXPECT_EQ(b_.Sql(kNaiveLag), "0") << "the naive figure lies here";
  EXPECT_EQ(b_.Sql("SELECT state FROM baton.node_status"), "not receiving");
  EXPECT_TRUE(Becomes(b_, "upstream", "ok", "a answers")) << "an ordinary connection works";
  EXPECT_TRUE(Becomes(a_, "standbys", "critical", "not streaming: b"));

  a_.Sql("CREATE TABLE t ()");
  EXPECT_TRUE(Returns(a_,
                      "SELECT name, state, replay_lag > '1 s', replay_lag_bytes > 0"
                      " FROM baton.standbys",
                      "b|disconnected|t|t"));
  EXPECT_TRUE(Becomes(a_, "standby_lag", "critical"));

  std::ofstream(a_.data() / "pg_hba.conf") << rules;
  a_.Sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(Becomes(b_, "streaming", "ok", "streaming from a"));
  EXPECT_TRUE(Becomes(b_, "replay_lag", "ok"));
  EXPECT_TRUE(Becomes(a_, "standby_lag", "ok"));
}

//   a (primary) <-(nothing gets through)- b
//               <------------------------ c
TEST_F(TrapLink, ANetworkThatSwallowsEverythingIsNoticedOnBothSides) {
  cluster_.Clone("c", a_);
  Proxy to_a(a_.port());
  Proxy to_b(b_.port());
  RegisterAt(a_, "a", to_a.port());
  RegisterAt(a_, "b", to_b.port());
  b_.Configure("wal_receiver_timeout = 8s");
  StreamFrom(b_, to_a.port());
  ASSERT_TRUE(Returns(b_,
                      fmt::format("SELECT sender_port FROM pg_stat_wal_receiver"
                                  " WHERE status = 'streaming'"),
                      std::to_string(to_a.port())));
  ASSERT_TRUE(Becomes(b_, "streaming", "ok", "streaming from a"));
  ASSERT_TRUE(Becomes(a_, "peers", "ok"));
  ASSERT_TRUE(Becomes(b_, "peers", "ok"));

  a_.Sql("CREATE TABLE through_the_proxy ()");
  WaitForReplay(a_, b_);
  ASSERT_TRUE(Returns(b_, kNaiveLag, "0"));

  to_a.Swallow();
  to_b.Swallow();
  a_.Sql("CREATE TABLE t ()");

  EXPECT_TRUE(Becomes(a_, "peers", "warning", "no answer from b (no answer within 1.0 s)"));
  EXPECT_TRUE(Becomes(b_, "peers", "warning", "no answer from a (no answer within 1.0 s)"));
  EXPECT_TRUE(Becomes(b_, "streaming", "critical", "streaming from a, but the link is silent: "));
  EXPECT_TRUE(Becomes(b_, "replay_lag", "critical", "the oldest commit not replayed may be "));
  EXPECT_EQ(b_.Sql(kNaiveLag), "0") << "the naive figure lies here";
  // The sender has not noticed either.
  EXPECT_TRUE(Becomes(a_, "standby_lag", "critical"));
  EXPECT_EQ(a_.Sql("SELECT state FROM pg_stat_replication WHERE application_name = 'b'"),
            "streaming");
  for (const Node* const node : {&a_, &b_}) {
    EXPECT_TRUE(Returns(*node,
                        "SELECT reachable, state, now() - seen_at < '3 s' FROM baton.cluster"
                        " WHERE name = 'c'",
                        "t|streaming|t"))
        << "of " << node->name();
    helper::Connection session = node->Connect();
    session.Run("SET statement_timeout = '2s'");
    for (const char* const view : {"node_status", "health", "standbys", "cluster", "slots"}) {
      session.Query(fmt::format("SELECT * FROM baton.{}", view));
    }
  }
  EXPECT_THAT(b_.Rows("SELECT reachable, role, error FROM baton.cluster WHERE name = 'a'"),
              StartsWith("f|primary|no answer within 1.0 s"));

  to_a.Deliver();
  to_b.Deliver();
  EXPECT_TRUE(Becomes(b_, "streaming", "ok", "streaming from a"));
  EXPECT_TRUE(Becomes(b_, "replay_lag", "ok"));
  EXPECT_TRUE(Becomes(a_, "peers", "ok"));
}

//   a (primary) ---> archive ---> b
TEST_F(TrapLink, AStandbyFedByTheArchiveIsNotCalledStreamingAndNotCalledDead) {
  const fs::path archive = cluster_.directory() / "archive";
  fs::create_directory(archive);
  a_.Configure(
      fmt::format("archive_mode = on\narchive_command = 'cp %p {0}/%f.part && "
                  "mv {0}/%f.part {0}/%f'",
                  archive.string()));
  a_.Restart();
  b_.Configure(fmt::format("restore_command = 'cp {}/%f %p'", archive.string()));
  StreamFrom(b_, 1);
  ASSERT_TRUE(Becomes(b_, "streaming", "critical", "no WAL comes in"))
      << "nothing has come from the archive yet";

  a_.Sql("CREATE TABLE t ()");
  a_.Sql("SELECT pg_switch_wal()");

  EXPECT_TRUE(Becomes(b_, "streaming", "warning",
                      "WAL comes from the archive, not from the upstream; the last came "));
  EXPECT_EQ(b_.Sql("SELECT state FROM baton.node_status"), "from archive");
  EXPECT_EQ(b_.Sql("SELECT replay_lag_bytes FROM baton.node_status"), "0")
      << "what came from the archive is what the upstream is known to have";
  EXPECT_EQ(b_.Sql("SELECT to_regclass('t')"), "t");
  EXPECT_EQ(b_.Sql("SELECT count(*) FROM pg_stat_wal_receiver"), "0")
      << "as it also is on a dead link";
  EXPECT_TRUE(Becomes(a_, "standbys", "critical", "not streaming: b"));

  // A segment a minute is usual, and between two of them nothing is wrong.
  const std::string since = b_.Sql("SELECT now()");
  std::string bad;
  ASSERT_TRUE(Eventually([&] {
    const std::string status = Status(b_, "streaming");
    if (status == "ok" || status == "critical") bad = Message(b_, "streaming");
    return b_.Sql(fmt::format("SELECT now() - '{}' > '3 s'", since)) == "t";
  }));
  EXPECT_EQ(bad, "");
}

//   a (down)      b (made while a was there, started when it was not)
TEST_F(TrapLink, AStandbyThatHasNeverHeardFromItsUpstreamDoesNotKnowItsLag) {
  Node& c = cluster_.Plan("c");
  const HelperResult clone = cluster_.RunClone(c, a_, {"--no-start"});
  ASSERT_EQ(clone.exit_code, 0) << clone.output;
  a_.Stop();
  c.Start();

  EXPECT_TRUE(
      Becomes(c, "replay_lag", "unknown", "this standby has never heard from its upstream"));
  EXPECT_TRUE(
      Becomes(c, "replay_lag_bytes", "unknown", "this standby has never heard from its upstream"));
  EXPECT_TRUE(
      Becomes(c, "streaming", "critical", "no WAL comes in from a; never heard from its upstream"));
  EXPECT_EQ(c.Sql(kNaiveLag), "0") << "the naive figure lies here";
  EXPECT_EQ(c.Rows("SELECT replay_lag IS NULL, replay_lag_bytes IS NULL FROM baton.node_status"),
            "t|t");

  a_.Start();
  EXPECT_TRUE(Becomes(c, "replay_lag", "ok"));
  EXPECT_TRUE(Becomes(c, "streaming", "ok", "streaming from a"));
}

}  // namespace
}  // namespace baton::test
