#include "core/next_step.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

using State = LocalServer::State;

LocalServer Running() {
  LocalServer server;
  server.cluster = "15/main";
  server.data = "/data";
  server.configuration = "/etc/main";
  server.port = "5432";
  server.state = State::kRunning;
  return server;
}

LocalServer Primary() {
  LocalServer server = Running();
  server.loads_library = true;
  server.is_node = true;
  server.name = "a";
  server.role = Role::kPrimary;
  server.own = {"10.0.0.1", "5432"};
  server.others = 1;
  server.streaming = 1;
  return server;
}

LocalServer Stopped(StartVerdict::Action action, const std::string& message) {
  LocalServer server = Running();
  server.state = State::kStopped;
  server.port = "";
  server.loads_library = true;
  server.name = "a";
  server.verdict = StartVerdict{};
  server.verdict->action = action;
  server.verdict->reason.message = message;
  return server;
}

std::string Said(const LocalServer& server) { return NextStepText(server, JudgeNextStep(server)); }

TEST(NextStep, SetsUpAServerThatHasNothingOfUs) {
  LocalServer server = Running();
  EXPECT_EQ(Said(server),
            "15/main: runs without pg_baton; to put a standby in its place, stop it, then pg_baton "
            "clone -h PRIMARY --cluster=15/main --move-aside; to make it a primary that may have "
            "standbys: pg_baton setup-primary --node-name=NAME --advertise=ADDRESS --dry-run");

  server.port = "5433";
  server.loads_library = true;
  EXPECT_EQ(Said(server),
            "15/main: loads the library, and is no node yet; to make it a primary: pg_baton "
            "setup-primary -p 5433 --node-name=NAME --advertise=ADDRESS --dry-run");

  server.name = "a";
  EXPECT_EQ(Said(server),
            "15/main (node a): loads the library, and is not registered yet; run setup-primary "
            "once more, with the options that it had: pg_baton setup-primary -p 5433 "
            "--node-name=a --advertise=ADDRESS --dry-run");
}

TEST(NextStep, RestartsAServerWhoseSettingsWaitForIt) {
  LocalServer server = Running();
  server.waits_for_restart = true;
  EXPECT_EQ(Said(server),
            "15/main: set up, and runs without the library until it is restarted; then run "
            "setup-primary again: pg_ctlcluster 15 main restart");

  server.cluster = "";
  server.configuration = "";
  EXPECT_EQ(Said(server),
            "/data: set up, and runs without the library until it is restarted; then run "
            "setup-primary again: pg_ctl restart -D /data");
}

TEST(NextStep, ClonesForAPrimaryWithoutAStandby) {
  LocalServer server = Primary();
  server.others = 0;
  server.streaming = 0;
  EXPECT_EQ(Said(server),
            "15/main (node a): primary without a standby; on the other host: pg_baton clone "
            "-h 10.0.0.1 --cluster=15/main --move-aside --no-start --node-name=NAME "
            "--advertise=ADDRESS --dry-run");

  server.cluster = "";
  server.own = {"10.0.0.1", "5433"};
  EXPECT_EQ(JudgeNextStep(server).command,
            "pg_baton clone -h 10.0.0.1 -p 5433 -D DIRECTORY --node-name=NAME --advertise=ADDRESS "
            "--dry-run");
  server.own = {};
  EXPECT_EQ(JudgeNextStep(server).command,
            "pg_baton clone -h PRIMARY -D DIRECTORY --node-name=NAME --advertise=ADDRESS "
            "--dry-run");
}

TEST(NextStep, ShowsTheClusterWhereAllIsWell) {
  LocalServer server = Primary();
  EXPECT_EQ(Said(server), "15/main (node a): primary, 1 standby streams: pg_baton status");

  server.streaming = 2;
  server.port = "5433";
  EXPECT_EQ(Said(server), "15/main (node a): primary, 2 standbys stream: pg_baton status -p 5433");

  server.role = Role::kStandby;
  server.link = "streaming";
  server.upstream = "b";
  EXPECT_EQ(Said(server), "15/main (node a): standby of b, streaming: pg_baton status -p 5433");
}

TEST(NextStep, ShowsTheClusterWhereSomethingIsNot) {
  LocalServer server = Primary();
  server.streaming = 0;
  EXPECT_EQ(Said(server),
            "15/main (node a): primary, and no standby streams; why: pg_baton status");

  server.critical = 1;
  EXPECT_EQ(Said(server),
            "15/main (node a): primary, 1 check is critical; what and why: pg_baton status");
  server.role = Role::kStandby;
  server.critical = 2;
  EXPECT_EQ(Said(server),
            "15/main (node a): standby, 2 checks are critical; what and why: pg_baton status");
}

TEST(NextStep, HasAWordForEachState) {
  EXPECT_EQ(LocalStateText(State::kRunning), "running");
  EXPECT_EQ(LocalStateText(State::kStopped), "stopped");
  EXPECT_EQ(LocalStateText(State::kUnknown), "unknown");
}

TEST(NextStep, BringsAPrimaryBackThatRunsBesideANewerOne) {
  LocalServer server = Primary();
  server.is_superseded = true;
  server.primary = "b";
  server.other = {"10.0.0.2", ""};

  EXPECT_EQ(Said(server),
            "15/main (node a): a primary whose write gate is closed, since node b is the primary "
            "now; stop it, then: pg_baton rejoin -h 10.0.0.2 --cluster=15/main "
            "--no-start");
}

TEST(NextStep, BringsAStoppedPrimaryBackWhereAnotherTookOver) {
  LocalServer server = Stopped(StartVerdict::Action::kRejoin, "");
  server.verdict->primary = "b";
  server.other = {"10.0.0.2", "5433"};
  EXPECT_EQ(Said(server),
            "15/main (node a): stopped, and node b is the primary now: pg_baton rejoin "
            "-h 10.0.0.2 -p 5433 --cluster=15/main --no-start");

  server.cluster = "";
  EXPECT_EQ(Said(server),
            "/data (node a): stopped, and node b is the primary now: pg_baton rejoin "
            "-h 10.0.0.2 -p 5433 -D /data --config-dir=/etc/main");

  server.cluster = "";
  server.configuration = "";
  server.is_unfinished = true;
  EXPECT_EQ(Said(server),
            "/data (node a): stopped, in the middle of a rejoin, which goes on where it was: "
            "pg_baton rejoin -h 10.0.0.2 -p 5433 -D /data");
}

TEST(NextStep, NamesNoCommandForWhatItDoesNotKnow) {
  LocalServer server = Stopped(StartVerdict::Action::kRefuse, "no node answers");
  EXPECT_EQ(Said(server), "15/main (node a): stopped, and should stay so: no node answers");

  server.is_unfinished = true;
  EXPECT_EQ(Said(server),
            "15/main (node a): stopped, half copied or half rewound; run clone or rejoin again "
            "with the options that it had");

  server.doubt = "it belongs to user bob";
  EXPECT_EQ(Said(server),
            "15/main (node a): stopped, and no more is known: it belongs to user bob");
  server.state = State::kUnknown;
  EXPECT_EQ(Said(server),
            "15/main (node a): unknown, and no more is known: it belongs to user bob");
  server.cluster.clear();
  server.data.clear();
  server.name.clear();
  EXPECT_EQ(Said(server), "a server: unknown, and no more is known: it belongs to user bob");
}

TEST(NextStep, StartsAServerThatMayStart) {
  LocalServer server = Stopped(StartVerdict::Action::kStart, "no other node is known");
  EXPECT_EQ(Said(server),
            "15/main (node a): stopped; no other node is known: pg_ctlcluster 15 main start");

  server.loads_library = false;
  server.name = "";
  server.cluster = "";
  server.configuration = "";
  EXPECT_EQ(
      Said(server),
      "/data: stopped, and without pg_baton; to put a standby in its place, pg_baton clone -h "
      "PRIMARY -D /data --move-aside; to make it a primary, start it, then run setup-primary: "
      "pg_ctl start -D /data");
}

TEST(NextStep, MakesAStandbyWhereThereIsNoServer) {
  EXPECT_EQ(NextStepWithoutServer().command,
            "pg_baton clone -h PRIMARY -D DIRECTORY --node-name=NAME --advertise=ADDRESS "
            "--dry-run");
}

}  // namespace
}  // namespace baton::core
