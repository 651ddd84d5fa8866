// What scenarios about rejoin share: a was the primary and has written what b, which was promoted,
// never got.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "test/cluster/harness.hpp"

namespace baton::test {

class RejoinScenario : public testing::Test {
 protected:
  RejoinScenario();

  void WaitForReplay();
  // Promotes b beside a, and lets a write what b never gets.
  void Diverge();
  // a streams from b, and has what b has and nothing else.
  void ExpectFollows();

  // Runs rejoin of a behind b until it stands still at this step, and kills it there with -9.
  testing::AssertionResult BreakOff(const std::string& step,
                                    const std::vector<std::string>& more = {});
  // The same, and leaves it standing; returns its pid, 0 if it ended before.
  pid_t PauseAt(const std::string& step, const std::vector<std::string>& more = {});
  // Whether PostgreSQL itself refuses to start from a's directory.  If it starts, it is stopped.
  testing::AssertionResult RefusesToStart();
  std::string Output() const;  // of the rejoin that was paused or broken off
  fs::path LostWork() const;   // the one folder of what a has given up
  fs::path Beside(const std::string& ending) const { return a_.data().string() + ending; }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

}  // namespace baton::test
