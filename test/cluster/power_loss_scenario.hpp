// What scenarios about a power loss during a rejoin share: the old primary's disk, a folder of its
// own, is recorded while pg_baton brings it back, and put back to what a power loss at any moment
// would have left, at the same place.  The new primary goes on meanwhile, as it would.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "test/cluster/harness.hpp"
#include "test/power/power_loss.hpp"

namespace baton::test {

// What becomes of a server that is started from a directory.
enum class StartsAs {
  kNothing,  // PostgreSQL refuses
  kStandby,
  kPrimary,
  kNotReady,  // it recovers, and lets nobody in until the time is over
};
void PrintTo(StartsAs outcome, std::ostream* stream);

//   a (primary) <--- b (standby)
class PowerLossScenario : public testing::Test {
 protected:
  // Both flush what they write, other than most servers of the tests.
  PowerLossScenario();

  // b takes over, and a, killed, has written what b never gets.
  void Diverge();
  // Runs rejoin under the recorder; the server that it starts is recorded too, until it is stopped.
  HelperResult RecordRejoin(const std::vector<std::string>& more = {});
  // What has been recorded by now.
  PowerLoss Recorded() const;

  // The folder with a's data directory and all that a command keeps beside it.
  fs::path disk() const { return disk_; }
  // Ends a's server as a power loss does, and makes the disk to what is left.
  void LosePower(PowerLoss& loss, std::size_t done, const Model& model);
  // Starts a's server from what is there, looks at it, and ends it again without a shutdown.
  StartsAs TryToStart();
  void ExpectAFollowsB();

  Cluster cluster_;
  fs::path disk_;
  Node& a_;
  Node& b_;

 private:
  Node& InitOnItsOwnDisk();
  std::unique_ptr<Recording> recording_;
};

}  // namespace baton::test
