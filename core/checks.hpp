// The one table of everything that baton.health can say: its name, unit, meaning, and from where on
// it is bad unless an administrator says otherwise.  SQL, JSON, plug-in output, metrics and the
// settings pg_baton.<name>_warning and pg_baton.<name>_critical all come from it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/finding.hpp"

namespace baton::core {

enum class Check : std::size_t {
  kWriteGate,
  kStreaming,
  kReceiveLagBytes,
  kReplayLag,
  kReplayLagBytes,
  kReplayPaused,
  kStandbySettings,
  kRecoveryConflicts,
  kTimeline,
  kUpstream,
  kHotStandbyFeedback,
  kStandbys,
  kStandbyLag,
  kStandbyLagBytes,
  kSyncStandbys,
  kFreeWalSenders,
  kFreeReplicationSlots,
  kSlots,
  kSlotRetained,
  kXminAge,
  kWalSpace,
  kWalFullIn,
  kDiskSpace,
  kStorage,
  kArchiver,
  kArchiveBacklog,
  kArchiveAge,
  kArchiveGap,
  kArchiveCommand,
  kChecksumFailures,
  kPendingRestart,
  kPeers,
  kOtherPrimaries,
  kClockDifference,
  kVersion,
  kCollationVersion,
  kRewindReadiness,
  kReplicationSettings,
  kSettingsDrift,
  kMonitor,
  kObserver,
};
inline constexpr std::size_t kCheckCount = static_cast<std::size_t>(Check::kObserver) + 1;

// What a check's number counts; kNone for a check whose answer is a word.
enum class Unit { kNone, kSeconds, kBytes, kFiles, kNodes, kPercent, kTransactions, kCount };

std::string_view UnitText(Unit unit);              // "s", "bytes", ...; empty for kNone and kCount
std::string NumberText(double number, Unit unit);  // "3.4 s", "16 MB", "10 %"

struct CheckInfo {
  Check check;
  std::string_view name;
  Unit unit;
  Worse worse;
  Threshold usual;        // in `unit`; negative: off, kNoThreshold: there is none to set
  std::string_view what;  // one sentence, without its full stop
};

// In the order of Check, which is the order of baton.health.
const std::array<CheckInfo, kCheckCount>& Checks();
const CheckInfo& InfoOf(Check check);
std::optional<Check> CheckNamed(std::string_view name);

// Whether the check has thresholds to set.
bool HasThreshold(const CheckInfo& info);

// Name of the metric of a check's number, in Prometheus' way: "pg_baton_replay_lag_seconds".
std::string MetricName(const CheckInfo& info);

// A finding in words.
Finding Judged(Check check, Status status, std::string_view value, std::string_view message,
               std::string_view hint = "");

// A finding about a number, judged by its threshold, which it shows; the message is left to the
// caller.
Finding Measured(Check check, double number, const Threshold& threshold);

}  // namespace baton::core
