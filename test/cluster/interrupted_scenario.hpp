// What scenarios about an interrupted switchover share: it stops at a place, something happens
// there, and in the end one server writes, the others follow it, and nothing acknowledged is lost.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/cluster/hand_over_scenario.hpp"
#include "test/cluster/proxy.hpp"

namespace baton::test {

enum class Fault {
  kTargetKilled,
  kPrimaryKilled,
  kWorkerEnds,
  kPrimaryCrashes,
  kConnectionCut,
  kLinkCut,
  kTargetsWorkerEnds,
  kTargetCrashes,
};
const char* FaultName(Fault fault);

// Whether all combinations are asked for, and not a choice of them.
bool IsLongRun();

struct Interruption {
  std::string place;  // a step of the primary, or "taker_" and a state of the target
  Fault fault = Fault::kTargetKilled;
};
std::string NameOf(const Interruption& interruption);

//   a (primary) <--- b (target), <--- the followers, if there are any
class InterruptedScenario : public HandOverScenario {
 protected:
  // With a client that writes all the time.
  void BeginAndPause(const Interruption& interruption);
  // What happens is over when it returns, and the switchover goes on.
  void Happen(const Interruption& interruption);
  void ExpectSoundness();

  std::vector<Node*> followers_;
  bool commits_need_target_ = false;  // it alone is the synchronous standby
  bool commits_need_link_ = false;    // there is a synchronous standby

 private:
  void PutProxiesBetween();
  void CutLink(const Interruption& interruption);
  testing::AssertionResult Follows(const Node& follower);

  std::unique_ptr<Proxy> to_a_;
  std::unique_ptr<Proxy> to_b_;
};

}  // namespace baton::test
