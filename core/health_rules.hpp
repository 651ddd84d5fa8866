// The rules one by one, for health alone: each looks at one thing and adds its finding, if it means
// something in the node's role.
#pragma once

#include <vector>

#include "core/health.hpp"

namespace baton::core::rule {

using Findings = std::vector<Finding>;

// Of the write gate.
void WriteGate(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);

// A standby's.
void Streaming(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ReceiveLagBytes(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ReplayLag(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ReplayLagBytes(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ReplayPaused(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void LowerSettings(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void RecoveryConflicts(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Timeline(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Upstream(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void HotStandbyFeedback(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);

// A sending server's.
void Standbys(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void StandbyLag(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void StandbyLagBytes(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void SyncStandbys(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void FreeWalSenders(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void FreeReplicationSlots(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Slots(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void SlotRetained(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void XminAge(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);

// Of disks and the archive.
void WalSpace(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void WalFullIn(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void DiskSpace(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Storage(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Archiver(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ArchiveBacklog(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ArchiveAge(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ArchiveGap(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ArchiveCommand(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ChecksumFailures(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);

// Of the nodes together, and of what they should have in common.
void PendingRestart(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Peers(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void OtherPrimaries(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ClockDifference(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void Version(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void CollationVersion(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void RewindReadiness(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void ReplicationSettings(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);
void SettingsDrift(const NodeFacts& facts, const HealthPolicy& policy, Findings& out);

}  // namespace baton::core::rule
