#include "core/health.hpp"

#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

using std::chrono::duration;

enum class Unit { kSeconds, kBytes, kFiles };

std::string NumberText(double number, Unit unit) {
  switch (unit) {
    case Unit::kSeconds:
      return DurationText(std::chrono::microseconds(static_cast<std::int64_t>(number * 1e6)));
    case Unit::kBytes:
      return BytesText(static_cast<std::int64_t>(number));
    case Unit::kFiles:
      break;
  }
  return fmt::format("{:.0f} files", number);
}

// A finding about one number, with its thresholds in words and as numbers.
Finding Measured(std::string_view name, double number, Unit unit, const Threshold& threshold) {
  static constexpr std::string_view kUnitText[] = {"s", "bytes", "files"};
  Finding finding;
  finding.check_name = name;
  finding.status = threshold.Judge(number);
  finding.value = NumberText(number, unit);
  finding.value_number = number;
  finding.unit = kUnitText[static_cast<int>(unit)];
  std::string words;
  if (threshold.warning >= 0) {
    finding.warning_at = threshold.warning;
    words = "warning at " + NumberText(threshold.warning, unit);
  }
  if (threshold.critical >= 0) {
    finding.critical_at = threshold.critical;
    words +=
        (words.empty() ? "critical at " : ", critical at ") + NumberText(threshold.critical, unit);
  }
  finding.threshold = words;
  return finding;
}

void CheckStreaming(const NodeFacts& facts, const HealthPolicy&, std::vector<Finding>& out) {
  if (facts.role != Role::kStandby) return;
  const std::string heard =
      facts.since_heard ? fmt::format("last message {} ago", DurationText(*facts.since_heard))
                        : "never heard from its upstream";
  const std::string from = facts.upstream.empty() ? "" : " from " + facts.upstream.str();
  switch (facts.link) {
    case Link::kStreaming:
      if (facts.link_silent) {
        out.push_back(Judged("streaming", Status::kCritical, "silent",
                             fmt::format("streaming{}, but the link is silent: {}", from, heard),
                             "Look at the network between the two hosts; the connection may be cut "
                             "without either side having noticed."));
      } else {
        out.push_back(Judged("streaming", Status::kOk, "streaming",
                             fmt::format("streaming{}, {}", from, heard)));
      }
      return;
    case Link::kFromArchive:
      out.push_back(Judged("streaming", Status::kWarning, "from archive",
                           "WAL comes from the archive, not from the upstream; " + heard,
                           "Check primary_conninfo and the server log if streaming is expected."));
      return;
    case Link::kNotReceiving:
      out.push_back(Judged("streaming", Status::kCritical, "not receiving",
                           fmt::format("no WAL comes in{}; {}", from, heard),
                           "See the server log for why the connection to the upstream fails; if "
                           "the primary is gone, see baton.promotion_check."));
      return;
    case Link::kNone:
      out.push_back(Judged("streaming", Status::kUnknown, "",
                           "the state of the WAL receiver is not known yet"));
  }
}

void CheckReplayLag(const NodeFacts& facts, const HealthPolicy& policy, std::vector<Finding>& out) {
  if (facts.role != Role::kStandby) return;
  if (!facts.replay_lag) {
    out.push_back(Judged("replay_lag", Status::kUnknown, "",
                         "this standby has never heard from its upstream"));
    return;
  }
  const double seconds = duration<double>(*facts.replay_lag).count();
  Finding finding = Measured("replay_lag", seconds, Unit::kSeconds, policy.replay_lag);
  finding.message =
      *facts.replay_lag == std::chrono::microseconds::zero()
          ? "everything that the upstream had is replayed"
          : fmt::format("the oldest commit not replayed may be {} old", finding.value.view());
  if (finding.status != Status::kOk) {
    finding.hint = facts.link == Link::kStreaming
                       ? "Replay is behind: look for long queries, a pause, or a slow disk."
                       : "The link is down, so nothing newer can be known; see check streaming.";
  }
  out.push_back(finding);
}

void CheckReplayLagBytes(const NodeFacts& facts, const HealthPolicy& policy,
                         std::vector<Finding>& out) {
  if (facts.role != Role::kStandby) return;
  if (facts.position.upstream_end.IsNone()) {
    out.push_back(Judged("replay_lag_bytes", Status::kUnknown, "",
                         "this standby has never heard from its upstream"));
    return;
  }
  const std::int64_t bytes = facts.position.upstream_end.BytesSince(facts.position.replayed);
  Finding finding = Measured("replay_lag_bytes", static_cast<double>(bytes), Unit::kBytes,
                             policy.replay_lag_bytes);
  finding.message =
      fmt::format("replayed {} of {} that the upstream had when last heard",
                  facts.position.replayed.ToString(), facts.position.upstream_end.ToString());
  if (finding.status != Status::kOk) {
    finding.hint = "Look at check streaming, and for long queries that hold up replay.";
  }
  out.push_back(finding);
}

void CheckReplayPaused(const NodeFacts& facts, const HealthPolicy&, std::vector<Finding>& out) {
  if (facts.role != Role::kStandby) return;
  if (facts.replay == Replay::kRunning) {
    out.push_back(Judged("replay_paused", Status::kOk, "running", "replay is running"));
    return;
  }
  const bool paused = facts.replay == Replay::kPaused;
  out.push_back(Judged("replay_paused", Status::kWarning, paused ? "paused" : "pause requested",
                       paused ? "replay is paused" : "a pause of replay was requested",
                       facts.standby_settings.too_low.empty()
                           ? "SELECT pg_wal_replay_resume() goes on."
                           : "Replay paused because settings are lower than the primary's; see "
                             "check standby_settings."));
}

void CheckStandbySettings(const NodeFacts& facts, const HealthPolicy&, std::vector<Finding>& out) {
  if (facts.role != Role::kStandby) return;
  if (!facts.standby_settings.measured) {
    out.push_back(Judged("standby_settings", Status::kUnknown, "",
                         "the primary's settings could not be read from the control file"));
  } else if (facts.standby_settings.too_low.empty()) {
    out.push_back(Judged("standby_settings", Status::kOk, "high enough",
                         "no setting is lower than the primary's"));
  } else {
    out.push_back(Judged("standby_settings", Status::kCritical, "too low",
                         "lower than on the primary: " + facts.standby_settings.too_low.str(),
                         "Raise them here and restart this standby; until then replay pauses and "
                         "promotion is not possible."));
  }
}

void CheckStandbys(const NodeFacts& facts, const HealthPolicy& policy, std::vector<Finding>& out) {
  if (facts.role != Role::kPrimary) return;
  if (!facts.registry_readable) {
    out.push_back(Judged("standbys", Status::kUnknown, "",
                         "there is no table baton.node in pg_baton.database",
                         "Run CREATE EXTENSION pg_baton in that database."));
    return;
  }
  const std::string value =
      fmt::format("{} of {}", facts.standbys_streaming, facts.standbys_expected);
  Finding finding;
  if (facts.standbys_expected == 0) {
    finding = Judged("standbys", Status::kWarning, value, "no standby is registered",
                     "Make one: pg_baton clone, on the other host.");
  } else if (facts.standbys_streaming == facts.standbys_expected) {
    finding = Judged("standbys", Status::kOk, value, "every registered standby streams");
  } else {
    finding =
        Judged("standbys", facts.standbys_streaming == 0 ? Status::kCritical : Status::kWarning,
               value, "not streaming: " + facts.standbys_missing.str(),
               "See baton.standbys for the reason; a former primary comes back with "
               "pg_baton rejoin.");
  }
  finding.value_number = facts.standbys_streaming;
  finding.unit = "nodes";
  out.push_back(finding);

  if (facts.worst_standby_lag_bytes) {
    Finding lag = Measured("standby_lag_bytes", static_cast<double>(*facts.worst_standby_lag_bytes),
                           Unit::kBytes, policy.replay_lag_bytes);
    lag.message =
        fmt::format("the standby that is furthest behind lacks {} of replay", lag.value.view());
    if (lag.status != Status::kOk) lag.hint = "See baton.standbys for which one it is.";
    out.push_back(lag);
  }
}

void CheckSlots(const NodeFacts& facts, const HealthPolicy& policy, std::vector<Finding>& out) {
  const SlotFacts& slots = facts.slots;
  if (slots.lost > 0) {
    out.push_back(
        Judged("slots", Status::kCritical, fmt::format("{} lost", slots.lost),
               fmt::format("slot \"{}\" has lost WAL that its standby needs", slots.worst.view()),
               "That standby has to be cloned again; then drop the slot."));
    return;
  }
  Finding finding = Measured("slots", static_cast<double>(slots.retained_bytes), Unit::kBytes,
                             policy.slot_retained_bytes);
  if (slots.inactive == 0) {
    finding.message = fmt::format("{} slots, all in use", slots.total);
  } else {
    finding.message =
        fmt::format("{} of {} slots not in use; \"{}\" holds back {} of WAL", slots.inactive,
                    slots.total, slots.worst.view(), BytesText(slots.retained_bytes));
  }
  if (finding.status != Status::kOk) {
    finding.hint = "Bring its standby back, or drop the slot before the disk is full.";
  }
  out.push_back(finding);
}

void CheckArchiver(const NodeFacts& facts, const HealthPolicy& policy, std::vector<Finding>& out) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled) {
    out.push_back(Judged("archiver", Status::kOk, "off", "this server archives nothing now"));
    return;
  }
  if (!archiver.configured) {
    out.push_back(Judged("archiver", Status::kCritical, "not configured",
                         "archive_mode is on, but neither a command nor a library is set",
                         "WAL piles up until archive_command or archive_library is set."));
    return;
  }
  Finding finding = Measured("archiver", static_cast<double>(archiver.ready_files), Unit::kFiles,
                             policy.archive_backlog);
  finding.message = fmt::format("{} files wait to be archived", archiver.ready_files);
  if (archiver.failing) {
    if (finding.status == Status::kOk) finding.status = Status::kWarning;
    finding.message = fmt::format("archiving \"{}\" failed; {}", archiver.last_failed.view(),
                                  finding.message.view());
  }
  if (finding.status != Status::kOk) {
    finding.hint = "See pg_stat_archiver and the server log for what the command said.";
  }
  out.push_back(finding);
}

void CheckRewindReadiness(const NodeFacts& facts, const HealthPolicy&, std::vector<Finding>& out) {
  const bool hints = facts.wal_log_hints || facts.data_checksums;
  if (hints && facts.full_page_writes) {
    out.push_back(Judged("rewind_readiness", Status::kOk,
                         facts.data_checksums ? "data checksums" : "wal_log_hints",
                         "pg_rewind can bring this server back after a failover"));
    return;
  }
  out.push_back(
      Judged("rewind_readiness", Status::kWarning, "not ready",
             hints ? "full_page_writes is off" : "neither wal_log_hints nor data checksums are on",
             "Without it a former primary has to be cloned again; pg_baton "
             "setup-primary sets it."));
}

void CheckReplicationSettings(const NodeFacts& facts, const HealthPolicy&,
                              std::vector<Finding>& out) {
  if (facts.settings_missing.empty()) {
    out.push_back(Judged("replication_settings", Status::kOk, "as wanted",
                         "the settings allow standbys, rewind and promotion"));
    return;
  }
  out.push_back(Judged("replication_settings", Status::kWarning, "to be changed",
                       "wanted: " + facts.settings_missing.str(),
                       "pg_baton setup-primary sets them; some need a restart."));
}

constexpr void (*kRules[])(const NodeFacts&, const HealthPolicy&, std::vector<Finding>&) = {
    CheckStreaming,       CheckReplayLag,
    CheckReplayLagBytes,  CheckReplayPaused,
    CheckStandbySettings, CheckStandbys,
    CheckSlots,           CheckArchiver,
    CheckRewindReadiness, CheckReplicationSettings,
};

}  // namespace

std::vector<Finding> EvaluateHealth(const NodeFacts& facts, const HealthPolicy& policy) {
  std::vector<Finding> out;
  for (const auto rule : kRules) rule(facts, policy, out);
  return out;
}

std::vector<Finding> Aged(std::vector<Finding> findings,
                          std::optional<std::chrono::microseconds> age,
                          std::chrono::microseconds check_interval) {
  const bool fresh = age && *age <= 3 * check_interval;
  if (!fresh) {
    const std::string since = age ? "not checked for " + DurationText(*age) : "not checked";
    for (Finding& finding : findings) {
      finding.message = fmt::format("{}; it was {}: {}", since, StatusText(finding.status),
                                    finding.message.view());
      finding.status = Status::kUnknown;
    }
  }
  Finding monitor;
  if (fresh) {
    monitor = Judged("monitor", Status::kOk, DurationText(*age), "the monitor is at work");
    monitor.value_number = duration<double>(*age).count();
    monitor.unit = "s";
  } else {
    monitor = Judged("monitor", Status::kUnknown, age ? DurationText(*age) : "",
                     age ? "the monitor has stopped looking" : "the monitor has not looked yet",
                     "See the server log; is the database in pg_baton.database there?");
  }
  findings.push_back(monitor);
  return findings;
}

}  // namespace baton::core
