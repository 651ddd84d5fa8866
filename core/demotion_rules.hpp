// The rules one by one, for demotion alone: each looks at one thing and gives its finding.
#pragma once

#include "core/demotion_check.hpp"

namespace baton::core::rule {

// Whether this server is a primary that works, and nothing is done to it already.
Finding WriteGate(const DemotionFacts& facts);
Finding OpenRequest(const DemotionFacts& facts);

// Settings by which the demoted server would end, stop short, or take no sessions.
Finding RestartAfterCrash(const DemotionFacts& facts);
Finding RecoveryTarget(const DemotionFacts& facts);
Finding RecoveryMinApplyDelay(const DemotionFacts& facts);
Finding HotStandby(const DemotionFacts& facts);
Finding WalLevel(const DemotionFacts& facts);
Finding AlterSystem(const DemotionFacts& facts);
Finding CommandLineSettings(const DemotionFacts& facts);

// What would be ended or left behind, or would turn the server elsewhere.
Finding TriggerFile(const DemotionFacts& facts);
Finding TwoPhaseSubscriptions(const DemotionFacts& facts);
Finding LogicalSlots(const DemotionFacts& facts);
Finding BaseBackup(const DemotionFacts& facts);
Finding PreparedTransactions(const DemotionFacts& facts);
Finding ArchiveBacklog(const DemotionFacts& facts);
Finding ArchiveLibrary(const DemotionFacts& facts);
Finding NewerHistory(const DemotionFacts& facts);

}  // namespace baton::core::rule
