#include "core/health.hpp"

#include <fmt/format.h>

#include "core/health_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core {
namespace {

// In the order of the table of checks.
constexpr void (*kRules[])(const NodeFacts&, const HealthPolicy&, std::vector<Finding>&) = {
    rule::WriteGate,
    rule::Streaming,
    rule::ReceiveLagBytes,
    rule::ReplayLag,
    rule::ReplayLagBytes,
    rule::ReplayPaused,
    rule::LowerSettings,
    rule::RecoveryConflicts,
    rule::Timeline,
    rule::Upstream,
    rule::HotStandbyFeedback,
    rule::Standbys,
    rule::StandbyLag,
    rule::StandbyLagBytes,
    rule::SyncStandbys,
    rule::FreeWalSenders,
    rule::FreeReplicationSlots,
    rule::Slots,
    rule::SlotRetained,
    rule::XminAge,
    rule::WalSpace,
    rule::WalFullIn,
    rule::DiskSpace,
    rule::Storage,
    rule::Archiver,
    rule::ArchiveBacklog,
    rule::ArchiveAge,
    rule::ArchiveGap,
    rule::ArchiveCommand,
    rule::ChecksumFailures,
    rule::PendingRestart,
    rule::Peers,
    rule::OtherPrimaries,
    rule::ClockDifference,
    rule::Version,
    rule::CollationVersion,
    rule::RewindReadiness,
    rule::ReplicationSettings,
    rule::SettingsDrift,
};

Finding SignOfLife(Check check, std::string_view who, const Heartbeat& heartbeat) {
  Finding finding;
  if (heartbeat.Fresh()) {
    finding = Judged(check, Status::kOk, DurationText(*heartbeat.age),
                     fmt::format("the {} is at work", who));
  } else if (heartbeat.age) {
    finding = Judged(check, Status::kUnknown, DurationText(*heartbeat.age),
                     fmt::format("the {} has stopped looking", who),
                     "See the server log; is the database in pg_baton.database there?");
  } else {
    finding = Judged(check, Status::kUnknown, "", fmt::format("the {} has not looked yet", who),
                     "See the server log; is the database in pg_baton.database there?");
  }
  if (heartbeat.age) {
    finding.value_number = Seconds(*heartbeat.age);
    finding.unit = UnitText(InfoOf(check).unit);
  }
  return finding;
}

}  // namespace

HealthPolicy::HealthPolicy() {
  for (const CheckInfo& info : Checks()) Of(info.check) = info.usual;
}

std::vector<Finding> EvaluateHealth(const NodeFacts& facts, const HealthPolicy& policy) {
  std::vector<Finding> out;
  for (const auto rule : kRules) rule(facts, policy, out);
  return out;
}

std::vector<Finding> Aged(std::vector<Finding> findings, const Heartbeat& monitor,
                          const Heartbeat& observer) {
  if (!monitor.Fresh()) {
    const std::string since =
        monitor.age ? "not checked for " + DurationText(*monitor.age) : "not checked";
    for (Finding& finding : findings) {
      finding.message = fmt::format("{}; it was {}: {}", since, StatusText(finding.status),
                                    finding.message.view());
      if (finding.status != Status::kUnknown) finding.since = 0;
      finding.status = Status::kUnknown;
    }
  }
  findings.push_back(SignOfLife(Check::kMonitor, "monitor", monitor));
  findings.push_back(SignOfLife(Check::kObserver, "observer", observer));
  return findings;
}

}  // namespace baton::core
