#include "test/bench/role_pair.hpp"

#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "test/bench/figures.hpp"

namespace baton::test {
namespace {

// The harness's own settings are for tests that shall be quick; these are PostgreSQL's.
constexpr const char* kHonest = "fsync = on\nwal_retrieve_retry_interval = 5s\n";

// What the statement returns, or the reason why it returns nothing.
std::string Answer(const Node& node, const std::string& statement) {
  try {
    return node.Rows(statement);
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string LastRequest(const Node& node) {
  return Answer(node, "SELECT kind, outcome, reason, hand_over FROM baton.requests LIMIT 1");
}

// "prepare 12 ms, offer 3 ms".
Steps ParseSteps(const std::string& text, const std::string& prefix) {
  Steps steps;
  std::istringstream words(text);
  std::string name;
  double milliseconds = 0;
  for (std::string unit; words >> name >> milliseconds >> unit;) {
    steps.emplace_back(prefix + name, milliseconds);
  }
  return steps;
}

}  // namespace

bool RolePair::Streams() const {
  return Answer(primary(), "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") ==
         "1";
}

void RolePair::Start() {
  for (Node* const node : {&primary(), &standby()}) {
    if (!node->IsRunning()) node->Start();
  }
  if (!Eventually([&] { return Streams() && IsReady(); }, 60s)) {
    throw std::runtime_error("the roles cannot be swapped:\n" + primary().Log() + standby().Log());
  }
}

void RolePair::Stop() {
  // The primary first: its standby gets all.
  for (Node* const node : {&primary(), &standby()}) {
    if (node->IsRunning()) node->Stop();
  }
}

Steps RolePair::Swap() {
  Node& from = primary();
  Node& to = standby();
  Steps steps = SwapNow(from, to);
  primary_ = 1 - primary_;
  if (!Eventually([&] { return Streams(); }, 60s)) {
    throw std::runtime_error("the old primary does not stream from the new one:\n" + from.Log());
  }
  for (auto& step : LaterSteps(from, to)) steps.push_back(std::move(step));
  return steps;
}

BatonPair::BatonPair(const std::string& configuration) {
  Node& a = cluster_.InitPrimary("a", kHonest + configuration);
  Has(a, cluster_.Clone("b", a));
}

bool BatonPair::IsReady() const {
  return Answer(primary(),
                fmt::format("SELECT count(*) FROM baton.switchover_check('{}') WHERE status NOT IN "
                            "('ok', 'warning')",
                            standby().name())) == "0";
}

Steps BatonPair::SwapNow(Node& from, Node& to) {
  const std::string ask =
      fmt::format("SELECT outcome, reason FROM baton.switchover('{}', wait => false)", to.name());
  std::string answer;
  // Under load the standby may have fallen behind for a moment.
  if (!Eventually([&] { return (answer = Answer(from, ask)) == "requested|"; })) {
    throw std::runtime_error("no switchover was begun: " + answer);
  }
  if (!Eventually([&] { return Answer(to, "SELECT pg_is_in_recovery()") == "f"; }, 60s)) {
    throw std::runtime_error(fmt::format("the switchover is not done: {}; on the other: {}\n{}",
                                         LastRequest(from), LastRequest(to), from.Log()));
  }
  return {};
}

Steps BatonPair::LaterSteps(const Node& from, const Node& to) const {
  const auto done = [](const std::string& request) {
    return request.starts_with("switchover|done|");
  };
  if (!Eventually([&] {
        const std::string request = LastRequest(from);
        return done(request) && request == LastRequest(to);
      })) {
    throw std::runtime_error(fmt::format("the switchover is not done: {}; on the other: {}",
                                         LastRequest(from), LastRequest(to)));
  }
  const std::string steps = "SELECT steps FROM baton.requests LIMIT 1";
  Steps all = ParseSteps(from.Sql(steps), "");
  for (auto& step : ParseSteps(to.Sql(steps), "target: ")) all.push_back(std::move(step));
  return all;
}

PlainPair::PlainPair(const std::string& configuration) {
  Node& a = cluster_.InitPlain("a",
                               "wal_log_hints = on\nmax_worker_processes = 12\nwal_keep_size "
                               "= 256MB\n" +
                                   (kHonest + configuration));
  Node& b = cluster_.Plan("b");
  RunOrFail({Cluster::Program("pg_basebackup"), "-h", cluster_.directory(), "-p",
             std::to_string(a.port()), "-D", b.data(), "-c", "fast"});
  b.Configure(fmt::format("port = {}", b.port()));
  for (const auto& [node, upstream] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    node->Configure(fmt::format("primary_conninfo = 'host=127.0.0.1 port={}'", upstream->port()));
  }
  std::ofstream(b.data() / "standby.signal").flush();
  b.Start();
  Has(a, b);
}

Steps PlainPair::SwapNow(Node& from, Node& to) {
  Steps steps;
  const auto step = [&](const char* name, const std::function<void()>& work) {
    steps.emplace_back(name, Seconds(work) * 1000);
  };
  step("CHECKPOINT", [&] { from.Sql("CHECKPOINT"); });
  step("stop", [&] { from.Stop(); });
  step("wait", [&] {
    const std::string control = RunOrFail({Cluster::Program("pg_controldata"), from.data()});
    const std::string label = "Latest checkpoint location:";
    std::istringstream rest(control.substr(control.find(label) + label.size()));
    std::string end;
    rest >> end;
    if (!Eventually([&] {
          return Answer(to, fmt::format("SELECT pg_last_wal_replay_lsn() > '{}'", end)) == "t";
        })) {
      throw std::runtime_error("the standby does not get all:\n" + to.Log());
    }
  });
  step("promote", [&] {
    RunOrFail({Cluster::Program("pg_ctl"), "promote", "-w", "-D", to.data()});
  });
  step("start", [&] {
    std::ofstream(from.data() / "standby.signal").flush();
    from.Start();
  });
  return steps;
}

}  // namespace baton::test
