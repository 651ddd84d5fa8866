#include <fmt/format.h>

#include "core/demotion_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {

Finding RestartAfterCrash(const DemotionFacts& facts) {
  if (facts.restart_after_crash) {
    return Judged("restart_after_crash", Status::kOk, "on",
                  "the server begins its recovery by itself");
  }
  if (facts.restart_command) {
    return Judged("restart_after_crash", Status::kWarning, "off",
                  "the server is restarted by pg_baton.restart_command, which takes longer",
                  "Set restart_after_crash = on and reload.");
  }
  return Judged("restart_after_crash", Status::kCritical, "off",
                "restart_after_crash is off, so the server would end instead of becoming a standby",
                "Set restart_after_crash = on and reload, or pg_baton.restart_command.");
}

Finding RecoveryTarget(const DemotionFacts& facts) {
  if (!facts.recovery_targets.empty()) {
    return Judged("recovery_target", Status::kCritical, facts.recovery_targets,
                  fmt::format("{} is set, so recovery would stop there, or end the server",
                              facts.recovery_targets),
                  "Reset it and restart this server.");
  }
  const std::string& timeline = facts.recovery_target_timeline;
  if (timeline.empty()) {
    return Judged("recovery_target", Status::kUnknown, "",
                  "recovery_target_timeline could not be read");
  }
  if (timeline != "latest") {
    return Judged("recovery_target", Status::kCritical, timeline,
                  fmt::format("recovery_target_timeline is {}, so this server would not follow the "
                              "next primary",
                              timeline),
                  "Set recovery_target_timeline = 'latest' and restart this server.");
  }
  return Judged("recovery_target", Status::kOk, "none", "no recovery target is set");
}

Finding RecoveryMinApplyDelay(const DemotionFacts& facts) {
  if (!facts.recovery_min_apply_delay) {
    return Judged("recovery_min_apply_delay", Status::kUnknown, "",
                  "recovery_min_apply_delay could not be read");
  }
  const std::string delay = DurationText(*facts.recovery_min_apply_delay);
  if (facts.recovery_min_apply_delay->count() == 0) {
    return Judged("recovery_min_apply_delay", Status::kOk, delay, "replay would not be delayed");
  }
  return Judged("recovery_min_apply_delay", Status::kCritical, delay,
                fmt::format("recovery_min_apply_delay is {}, so the demoted server would stay "
                            "behind",
                            delay),
                "Set recovery_min_apply_delay = 0 and reload.");
}

Finding HotStandby(const DemotionFacts& facts) {
  if (facts.hot_standby) {
    return Judged("hot_standby", Status::kOk, "on", "the demoted server would take sessions");
  }
  return Judged("hot_standby", Status::kCritical, "off",
                "hot_standby is off, so the demoted server would take no sessions",
                "Set hot_standby = on and restart this server.");
}

Finding WalLevel(const DemotionFacts& facts) {
  if (facts.wal_level.empty()) {
    return Judged("wal_level", Status::kUnknown, "", "wal_level could not be read");
  }
  if (facts.wal_level == "minimal") {
    return Judged("wal_level", Status::kCritical, facts.wal_level,
                  "wal_level is minimal, so no standby can be made of this server",
                  "Set wal_level = replica and restart this server.");
  }
  return Judged("wal_level", Status::kOk, facts.wal_level, "the WAL has what a standby needs");
}

Finding AlterSystem(const DemotionFacts& facts) {
  if (facts.alter_system_allowed) {
    return Judged("alter_system", Status::kOk, "allowed", "settings can be changed by this server");
  }
  return Judged("alter_system", Status::kCritical, "not allowed",
                "allow_alter_system is off, so the demoted server cannot be told whom to follow",
                "Set allow_alter_system = on and reload.");
}

Finding CommandLineSettings(const DemotionFacts& facts) {
  if (!facts.on_command_line) {
    return Judged("command_line_settings", Status::kUnknown, "",
                  "it is not known whether settings stand on the command line");
  }
  if (facts.on_command_line->count == 0) {
    return Judged("command_line_settings", Status::kOk, "none",
                  "no setting that has to change stands on the command line");
  }
  const std::string& names = facts.on_command_line->names;
  return Judged(
      "command_line_settings", Status::kCritical, names,
      fmt::format("set on the server's command line, where it cannot be changed: {}", names),
      "Move it to a configuration file and restart this server.");
}

}  // namespace baton::core::rule
