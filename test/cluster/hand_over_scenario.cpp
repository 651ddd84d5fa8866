#include "test/cluster/hand_over_scenario.hpp"

#include <csignal>
#include <fmt/format.h>

namespace baton::test {
namespace {

bool IsPrimary(const Node& node) {
  try {
    return node.Sql("SELECT pg_is_in_recovery()") == "f";
  } catch (const std::exception&) {
    return false;
  }
}

bool StreamsFrom(const Node& standby, const Node& primary) {
  try {
    return primary.Sql(fmt::format("SELECT count(*) FROM pg_stat_replication WHERE state = "
                                   "'streaming' AND application_name = '{}'",
                                   standby.name())) == "1";
  } catch (const std::exception&) {
    return false;
  }
}

// Before the demotion the roles look settled, and are not.
bool IsHandingOver(const Node& node) {
  try {
    return node.Sql(
               "SELECT count(*) FROM baton.requests WHERE outcome IN ('requested', 'running')") !=
           "0";
  } catch (const std::exception&) {
    return true;
  }
}

// The session that asks is one of those that are ended, perhaps before it has its answer.
std::string Asked(const Node& node, const std::string& call) {
  try {
    return node.Rows("SELECT outcome, reason FROM " + call);
  } catch (const std::exception& error) {
    if (std::string(error.what()).find("due to administrator command") == std::string::npos) throw;
    return "requested|";
  }
}

void Reload(const Node& node) {
  if (const int postmaster = node.Postmaster(); postmaster > 0) SendSignal(postmaster, SIGHUP);
}

}  // namespace

HandOverScenario::HandOverScenario()
    : a_(cluster_.InitPrimary("a", kQuick)), b_(cluster_.Clone("b", a_)), primary_(&a_) {
  EXPECT_TRUE(Becomes(a_, "standbys", "ok"));
  EXPECT_TRUE(Becomes(a_, "peers", "ok"));
  EXPECT_TRUE(Becomes(b_, "peers", "ok"));
  EXPECT_TRUE(Becomes(b_, "upstream", "ok"));
}

std::string HandOverScenario::Ask(const Node& primary, const Node& target) {
  return Asked(primary, fmt::format("baton.switchover('{}', wait => false)", target.name()));
}

std::string HandOverScenario::AskToDemote(const Node& node) {
  return Asked(node, "baton.demote(wait => false)");
}

testing::AssertionResult HandOverScenario::SwitchOver(const Node& from, const Node& to) {
  const std::string asked = Ask(from, to);
  if (asked != "requested|") return testing::AssertionFailure() << asked;
  return HaveRoles(to, from);
}

testing::AssertionResult HandOverScenario::HaveRoles(const Node& primary, const Node& standby) {
  if (Eventually([&] { return IsPrimary(primary) && StreamsFrom(standby, primary); })) {
    primary_ = &primary == &a_ ? &a_ : &b_;
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << primary.name() << " is not the primary of " << standby.name()
         << "; requests there: " << LastRequest(primary)
         << "; on the other: " << LastRequest(standby) << "\n"
         << standby.Log();
}

testing::AssertionResult HandOverScenario::Settle() {
  const auto settled = [&] {
    for (Node* const node : {&a_, &b_}) {
      Node& other = node == &a_ ? b_ : a_;
      if (IsPrimary(*node) && !IsPrimary(other) && StreamsFrom(other, *node) &&
          !IsHandingOver(*node) && !IsHandingOver(other)) {
        primary_ = node;
        return true;
      }
    }
    return false;
  };
  if (Eventually(settled, 60s)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the roles are not settled; a: " << LastRequest(a_)
                                     << "; b: " << LastRequest(b_) << "\n"
                                     << a_.Log() << "\n"
                                     << b_.Log();
}

void HandOverScenario::PauseAt(Node& node, const std::string& step) {
  node.Configure(fmt::format("pg_baton.pause_at = '{}'\n", step));
  Reload(node);
  Eventually([&] {
    return node.Sql(
               "SELECT setting FROM pg_file_settings WHERE applied AND name = "
               "'pg_baton.pause_at'") == step;
  });
}

bool HandOverScenario::Pauses(const Node& node, const std::string& step) {
  return Eventually([&] {
    return node.Log().find(fmt::format("hand-over pauses at {}\n", step)) != std::string::npos;
  });
}

void HandOverScenario::GoOn(Node& node) {
  node.Configure("pg_baton.pause_at = ''\n");
  Reload(node);
}

std::string HandOverScenario::LastRequest(const Node& node) {
  try {
    return node.Rows("SELECT kind, outcome, reason, steps FROM baton.requests LIMIT 1");
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace baton::test
