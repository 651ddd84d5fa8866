// What scenarios about a clone that does not come to its end share: a has tables in two
// tablespaces, b is to become its standby.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "test/cluster/harness.hpp"

namespace baton::test {

//   a (primary) --clone--> b
class CloneInterruptedScenario : public testing::Test {
 protected:
  CloneInterruptedScenario();

  // Of a clone from this port, by the programs in that folder; -D and -T have to follow.
  std::vector<std::string> CloneArguments(int port, const std::string& bindir) const;
  // The same to where b belongs.
  std::vector<std::string> CloneOfB(int port, const std::string& bindir) const;

  std::string Output() const;  // of a clone whose output goes to output_file()
  fs::path output_file() const { return cluster_.directory() / "clone.out"; }
  fs::path tablespace() const { return cluster_.directory() / "ts_of_b"; }
  // For -T.
  std::string Mapping(const std::string& tablespace) const;

  // Names, joined by commas.
  std::string Slots() const;
  std::string Nodes() const;
  void ExpectNothingWasLeft() const;
  void ExpectNothingWasLeftHere() const;  // where b was to be

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

}  // namespace baton::test
