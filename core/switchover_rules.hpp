// The rules one by one, for the target of a switchover alone: each looks at one thing and gives its
// finding.
#pragma once

#include "core/switchover_check.hpp"

namespace baton::core::rule {

Finding TargetKnown(const SwitchoverFacts& facts);
Finding TargetAnswers(const SwitchoverFacts& facts);
Finding TargetIsStandby(const SwitchoverFacts& facts);
Finding TargetTimeline(const SwitchoverFacts& facts);
Finding TargetLag(const SwitchoverFacts& facts);
Finding TargetVersion(const SwitchoverFacts& facts);
Finding TargetPromotable(const SwitchoverFacts& facts);
Finding TargetReachesUs(const SwitchoverFacts& facts);
Finding TargetSlotRoom(const SwitchoverFacts& facts);
Finding TargetStandbyLogin(const SwitchoverFacts& facts);
Finding SyncStandbys(const SwitchoverFacts& facts);

}  // namespace baton::core::rule
