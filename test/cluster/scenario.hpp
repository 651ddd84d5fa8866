// What scenarios about health share: workers that look often, and questions to baton.health.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include "test/cluster/harness.hpp"

namespace baton::test {

class Scenario : public testing::Test {
 protected:
  // Configuration with which faults are seen within a second or two.
  static const std::string kQuick;

  static std::string Status(const Node& node, const std::string& check);
  static std::string Message(const Node& node, const std::string& check);
  // Whether the check gets this status, with a message that begins so; a server that takes no
  // connections has not got it yet.  A failure shows all of baton.health.
  static testing::AssertionResult Becomes(const Node& node, const std::string& check,
                                          const std::string& status,
                                          const std::string& message = "");
  // Whether the statement comes to return this; a failure shows what it returns.
  static testing::AssertionResult Returns(const Node& node, const std::string& statement,
                                          const std::string& rows);
  // Seconds; fails the test if lag is not known.
  static double LagSeconds(const Node& node);

  // Lets a standby stream from another port of 127.0.0.1.
  static void StreamFrom(const Node& standby, int port);
  // Registers a node of `primary`'s cluster at this port of 127.0.0.1.
  static void RegisterAt(const Node& primary, const std::string& name, int port);
  // Ends that many segments of WAL with something in them.
  static void FillSegments(const Node& primary, int count);
  static void WaitForReplay(const Node& primary, const Node& standby);

  Cluster cluster_;
};

}  // namespace baton::test
