#include "core/checks.hpp"

#include <cmath>
#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

constexpr double kMB = 1024.0 * 1024;
constexpr double kGB = 1024 * kMB;
constexpr Threshold kNothingToSet{kNoThreshold, kNoThreshold};

// doc/operations.md has the reasons for the thresholds.
constexpr std::array<CheckInfo, kCheckCount> kChecks = {{
    {Check::kWriteGate, "write_gate", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether commits pass the write gate of this server"},
    {Check::kStreaming, "streaming", Unit::kSeconds, Worse::kHigher, kNothingToSet,
     "Time since the last message from the upstream"},
    {Check::kReceiveLagBytes,
     "receive_lag_bytes",
     Unit::kBytes,
     Worse::kHigher,
     {256 * kMB, kGB},
     "WAL of the upstream that this standby has not received"},
    {Check::kReplayLag,
     "replay_lag",
     Unit::kSeconds,
     Worse::kHigher,
     {60, 300},
     "Age of the oldest commit that this standby has not replayed"},
    {Check::kReplayLagBytes,
     "replay_lag_bytes",
     Unit::kBytes,
     Worse::kHigher,
     {256 * kMB, kGB},
     "WAL of the upstream that this standby has not replayed"},
    {Check::kReplayPaused, "replay_paused", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether replay is paused, or about to be"},
    {Check::kStandbySettings, "standby_settings", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether a setting is lower here than on the primary, at which replay pauses"},
    {Check::kRecoveryConflicts,
     "recovery_conflicts",
     Unit::kCount,
     Worse::kHigher,
     {10, -1},
     "Queries cancelled here within five minutes because replay needed what they held"},
    {Check::kTimeline, "timeline", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether this standby is on its upstream's timeline"},
    {Check::kUpstream, "upstream", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether the upstream answers an ordinary connection"},
    {Check::kHotStandbyFeedback, "hot_standby_feedback", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether queries here hold back the primary's vacuum"},
    {Check::kStandbys, "standbys", Unit::kNodes, Worse::kLower, kNothingToSet,
     "Registered standbys that stream from here"},
    {Check::kStandbyLag,
     "standby_lag",
     Unit::kSeconds,
     Worse::kHigher,
     {60, 300},
     "Age of the oldest commit here that some connected standby has not replayed"},
    {Check::kStandbyLagBytes,
     "standby_lag_bytes",
     Unit::kBytes,
     Worse::kHigher,
     {256 * kMB, kGB},
     "WAL that some standby has not replayed"},
    {Check::kSyncStandbys, "sync_standbys", Unit::kNodes, Worse::kLower, kNothingToSet,
     "Synchronous standbys that are there; commits wait while there are fewer than asked for"},
    {Check::kFreeWalSenders,
     "free_wal_senders",
     Unit::kCount,
     Worse::kLower,
     {0, -1},
     "WAL senders that a standby or a base backup could still get"},
    {Check::kFreeReplicationSlots,
     "free_replication_slots",
     Unit::kCount,
     Worse::kLower,
     {0, -1},
     "Replication slots that could still be made"},
    {Check::kSlots, "slots", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether a slot has lost, or is about to lose, WAL that its standby needs"},
    {Check::kSlotRetained,
     "slot_retained",
     Unit::kBytes,
     Worse::kHigher,
     {kGB, 8 * kGB},
     "WAL held back by a slot that nobody uses"},
    {Check::kXminAge,
     "xmin_age",
     Unit::kTransactions,
     Worse::kHigher,
     {50e6, 200e6},
     "Transactions since the oldest one that standbys and slots keep vacuum from cleaning up"},
    {Check::kWalSpace,
     "wal_space",
     Unit::kPercent,
     Worse::kLower,
     {10, 5},
     "Free space of the file system that holds the WAL"},
    {Check::kWalFullIn,
     "wal_full_in",
     Unit::kSeconds,
     Worse::kLower,
     {4 * 3600, 3600},
     "Time until the file system of the WAL is full at the present rate"},
    {Check::kDiskSpace,
     "disk_space",
     Unit::kPercent,
     Worse::kLower,
     {10, 5},
     "Free space of the fullest file system that holds data"},
    {Check::kStorage,
     "storage",
     Unit::kSeconds,
     Worse::kHigher,
     {1, 10},
     "Time that a small write to the data directory takes until it is durable"},
    {Check::kArchiver, "archiver", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether the archiver is at work"},
    {Check::kArchiveBacklog,
     "archive_backlog",
     Unit::kFiles,
     Worse::kHigher,
     {16, 128},
     "WAL files that wait to be archived"},
    {Check::kArchiveAge,
     "archive_age",
     Unit::kSeconds,
     Worse::kHigher,
     {300, 1800},
     "Time that the oldest of them has waited"},
    {Check::kArchiveGap,
     "archive_gap",
     Unit::kSeconds,
     Worse::kHigher,
     {3600, -1},
     "Age of the oldest WAL that is not in the archive, which a restore would lack"},
    {Check::kArchiveCommand, "archive_command", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether the archive command is one by which WAL is lost"},
    {Check::kChecksumFailures,
     "checksum_failures",
     Unit::kCount,
     Worse::kHigher,
     {1, 1},
     "Data pages that failed their checksum"},
    {Check::kPendingRestart,
     "pending_restart",
     Unit::kCount,
     Worse::kHigher,
     {1, -1},
     "Settings that were changed and wait for a restart"},
    {Check::kPeers, "peers", Unit::kNodes, Worse::kLower, kNothingToSet,
     "Registered nodes that answer this one"},
    {Check::kOtherPrimaries, "other_primaries", Unit::kNodes, Worse::kHigher, kNothingToSet,
     "Nodes that are a primary beside this one, or beside the upstream"},
    {Check::kClockDifference,
     "clock_difference",
     Unit::kSeconds,
     Worse::kHigher,
     {2, 30},
     "Largest difference between this clock and that of a node that answers"},
    {Check::kVersion, "version", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether the nodes run the same PostgreSQL on the same architecture"},
    {Check::kCollationVersion, "collation_version", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether this system sorts text as the indexes were built; if not, they miss rows"},
    {Check::kRewindReadiness, "rewind_readiness", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether pg_rewind could bring this server back after a failover"},
    {Check::kReplicationSettings, "replication_settings", Unit::kNone, Worse::kHigher,
     kNothingToSet, "Whether the settings allow standbys, rewind and promotion"},
    {Check::kSettingsDrift, "settings_drift", Unit::kNone, Worse::kHigher, kNothingToSet,
     "Whether settings that should be alike differ from the primary's"},
    {Check::kMonitor, "monitor", Unit::kSeconds, Worse::kHigher, kNothingToSet,
     "Time since the monitor looked last"},
    {Check::kObserver, "observer", Unit::kSeconds, Worse::kHigher, kNothingToSet,
     "Time since the observer finished a round of questions"},
}};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kCheckCount; ++i) {
    if (static_cast<std::size_t>(kChecks[i].check) != i) return false;
  }
  return true;
}
static_assert(InOrder(), "the table has the order of the enumeration");

}  // namespace

std::string_view UnitText(Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return "s";
    case Unit::kBytes:
      return "bytes";
    case Unit::kFiles:
      return "files";
    case Unit::kNodes:
      return "nodes";
    case Unit::kPercent:
      return "%";
    case Unit::kTransactions:
      return "transactions";
    case Unit::kNone:
    case Unit::kCount:
      break;
  }
  return "";
}

std::string NumberText(double number, Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return DurationText(std::chrono::microseconds(std::llround(number * 1e6)));
    case Unit::kBytes:
      return BytesText(std::llround(number));
    case Unit::kPercent:
      return fmt::format("{:.0f} %", std::floor(number));
    case Unit::kNone:
    case Unit::kCount:
      return fmt::format("{:.0f}", number);
    default:
      break;
  }
  std::string_view unit_text = UnitText(unit);
  if (std::llround(number) == 1) unit_text.remove_suffix(1);  // the plural's "s"
  return fmt::format("{:.0f} {}", number, unit_text);
}

const std::array<CheckInfo, kCheckCount>& Checks() { return kChecks; }

const CheckInfo& InfoOf(Check check) { return kChecks[static_cast<std::size_t>(check)]; }

std::optional<Check> CheckNamed(std::string_view name) {
  for (const CheckInfo& info : kChecks) {
    if (info.name == name) return info.check;
  }
  return std::nullopt;
}

bool HasThreshold(const CheckInfo& info) {
  return info.usual.warning != kNoThreshold || info.usual.critical != kNoThreshold;
}

std::string MetricName(const CheckInfo& info) {
  // pg_baton_slot_retained_bytes is that of each slot.
  if (info.check == Check::kSlotRetained) return "pg_baton_unused_slot_retained_bytes";
  std::string name = fmt::format("pg_baton_{}", info.name);
  std::string_view suffix;
  if (info.unit == Unit::kSeconds) suffix = "_seconds";
  if (info.unit == Unit::kBytes) suffix = "_bytes";
  if (info.unit == Unit::kPercent) suffix = "_percent";
  if (info.unit == Unit::kFiles) suffix = "_files";
  if (!name.ends_with(suffix)) name += suffix;
  return name;
}

Finding Judged(Check check, Status status, std::string_view value, std::string_view message,
               std::string_view hint) {
  return Judged(InfoOf(check).name, status, value, message, hint);
}

Finding Measured(Check check, double number, const Threshold& threshold) {
  const CheckInfo& info = InfoOf(check);
  Finding finding;
  finding.check_name = info.name;
  finding.status = threshold.Judge(number, info.worse);
  finding.value = NumberText(number, info.unit);
  finding.value_number = number;
  finding.unit = UnitText(info.unit);
  std::string words;
  if (threshold.warning >= 0) {
    finding.warning_at = threshold.warning;
    words = "warning at " + NumberText(threshold.warning, info.unit);
  }
  if (threshold.critical >= 0) {
    finding.critical_at = threshold.critical;
    words += (words.empty() ? "critical at " : ", critical at ") +
             NumberText(threshold.critical, info.unit);
  }
  finding.threshold = words;
  return finding;
}

}  // namespace baton::core
