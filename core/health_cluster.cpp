// What every server is asked about the other nodes, and about what all of them should share.
#include <fmt/format.h>

#include "core/health_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {

void PendingRestart(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (facts.pending_restart < 0) {
    out.push_back(Judged(Check::kPendingRestart, Status::kUnknown, "",
                         "the settings have not been read yet"));
    return;
  }
  Finding finding =
      Measured(Check::kPendingRestart, facts.pending_restart, policy.Of(Check::kPendingRestart));
  finding.message = facts.pending_restart == 0
                        ? "no changed setting waits for a restart"
                        : "changed, but not in effect: " + facts.pending_names.str();
  if (finding.status != Status::kOk) finding.hint = "Restart the server, or take the change back.";
  out.push_back(finding);
}

void Peers(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const PeersFacts& peers = facts.peers;
  if (!peers.measured) {
    out.push_back(
        Judged(Check::kPeers, Status::kUnknown, "", "the other nodes have not been asked lately"));
    return;
  }
  const std::string value = fmt::format("{} of {}", peers.reachable, peers.registered);
  Finding finding;
  if (peers.registered == 0) {
    finding = Judged(Check::kPeers, Status::kOk, value, "no other node is registered");
  } else if (peers.reachable == peers.registered) {
    finding = Judged(Check::kPeers, Status::kOk, value, "every other node answers");
  } else {
    finding = Judged(Check::kPeers, Status::kWarning, value, "no answer from " + peers.silent.str(),
                     "See baton.cluster for why, and what the others see.");
  }
  finding.value_number = peers.reachable;
  finding.unit = UnitText(InfoOf(Check::kPeers).unit);
  out.push_back(finding);
}

void OtherPrimaries(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const PeersFacts& peers = facts.peers;
  if (!peers.measured) {
    out.push_back(Judged(Check::kOtherPrimaries, Status::kUnknown, "",
                         "the other nodes have not been asked lately"));
    return;
  }
  Finding finding;
  if (peers.other_primaries_count == 0) {
    finding = Judged(Check::kOtherPrimaries, Status::kOk, "none",
                     facts.role == Role::kPrimary ? "no other node answers as primary"
                                                  : "at most one node answers as primary");
  } else {
    finding = Judged(Check::kOtherPrimaries, Status::kCritical, peers.other_primaries.view(),
                     facts.role == Role::kPrimary
                         ? "this node is not the only primary; also " + peers.other_primaries.str()
                         : "more than one node is a primary: " + peers.other_primaries.str(),
                     "Stop the one that should not be it at once, then run pg_baton rejoin there; "
                     "what was written on it after the fork is not on the other.");
  }
  finding.value_number = peers.other_primaries_count;
  finding.unit = UnitText(InfoOf(Check::kOtherPrimaries).unit);
  out.push_back(finding);
}

void ClockDifference(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  const PeersFacts& peers = facts.peers;
  if (!peers.measured || !peers.clock_measured) return;
  Finding finding = Measured(Check::kClockDifference, Seconds(peers.clock_difference),
                             policy.Of(Check::kClockDifference));
  finding.message = fmt::format("the clock of {} and this one differ by {}",
                                peers.clock_node.view(), finding.value.view());
  if (finding.status != Status::kOk) {
    finding.hint =
        "Let both hosts keep time by NTP. Nothing here is decided by the clock, but times in logs "
        "and recovery targets depend on it.";
  }
  out.push_back(finding);
}

void Version(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const PeersFacts& peers = facts.peers;
  if (!peers.measured || peers.reachable == 0) return;
  if (peers.versions.empty()) {
    out.push_back(Judged(Check::kVersion, Status::kOk, "alike",
                         "every node that answers runs the same PostgreSQL"));
    return;
  }
  out.push_back(Judged(Check::kVersion, Status::kWarning, "different",
                       "not as on this node: " + peers.versions.str(),
                       "Minor versions may differ while servers are patched, standbys first; "
                       "other differences should not last."));
}

void CollationVersion(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  constexpr std::string_view kHint =
      "Indexes on text may miss rows and let duplicates in. Let the hosts have the same system "
      "libraries, or REINDEX on the primary and then ALTER DATABASE ... REFRESH COLLATION VERSION.";
  if (!facts.collation.measured) {
    out.push_back(Judged(Check::kCollationVersion, Status::kUnknown, "",
                         "collation versions have not been compared yet"));
  } else if (!facts.collation.differing.empty()) {
    out.push_back(Judged(Check::kCollationVersion, Status::kCritical, "different",
                         "this system sorts otherwise than when the indexes were built: " +
                             facts.collation.differing.str(),
                         kHint));
  } else if (!facts.peers.collations.empty()) {
    out.push_back(Judged(Check::kCollationVersion, Status::kWarning, "different",
                         "the system libraries differ: " + facts.peers.collations.str(), kHint));
  } else {
    out.push_back(Judged(Check::kCollationVersion, Status::kOk, "as recorded",
                         "text is sorted as when the indexes were built"));
  }
}

void RewindReadiness(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const bool hints = facts.wal_log_hints || facts.data_checksums;
  std::string why;
  if (!hints) {
    why = "neither wal_log_hints nor data checksums are on";
  } else if (!facts.full_page_writes) {
    why = "full_page_writes is off";
  } else if (facts.grants.measured && !facts.grants.role_exists) {
    why = "there is no role baton_node";
  } else if (facts.grants.measured && !facts.grants.missing.empty()) {
    why = "role baton_node may not execute " + facts.grants.missing.str();
  }
  if (why.empty()) {
    out.push_back(Judged(Check::kRewindReadiness, Status::kOk,
                         facts.data_checksums ? "data checksums" : "wal_log_hints",
                         "pg_rewind can bring this server back after a failover"));
    return;
  }
  out.push_back(Judged(Check::kRewindReadiness, Status::kWarning, "not ready", why,
                       "Without it a former primary has to be cloned again; pg_baton "
                       "setup-primary sets it."));
}

void ReplicationSettings(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.settings_missing.empty()) {
    out.push_back(Judged(Check::kReplicationSettings, Status::kOk, "as wanted",
                         "the settings allow standbys, rewind and promotion"));
    return;
  }
  out.push_back(Judged(Check::kReplicationSettings, Status::kWarning, "to be changed",
                       "wanted: " + facts.settings_missing.str(),
                       "See baton.settings_check for why; pg_baton setup-primary sets them, and "
                       "some need a restart."));
}

void SettingsDrift(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  if (!facts.peers.settings_measured) {
    out.push_back(Judged(Check::kSettingsDrift, Status::kUnknown, "",
                         "the primary's settings are not known"));
  } else if (facts.peers.drift.empty()) {
    out.push_back(Judged(Check::kSettingsDrift, Status::kOk, "alike",
                         "the settings that should be alike are as on the primary"));
  } else {
    out.push_back(Judged(Check::kSettingsDrift, Status::kWarning, "different",
                         "not as on the primary: " + facts.peers.drift.str(),
                         "After a promotion this server would run with its own; make them alike, "
                         "or see baton.settings_check for which matter."));
  }
}

}  // namespace baton::core::rule
