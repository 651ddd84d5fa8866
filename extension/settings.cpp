#include "settings.hpp"

#include "pg/postgres.hpp"

#include <array>
#include <fmt/format.h>
#include <limits>
#include <list>
#include <string>

#include "core/checks.hpp"
#include "core/node_name.hpp"
#include "pg/guard.hpp"

namespace baton {
namespace {

char* node_name = nullptr;
char* database = nullptr;
char* passfile = nullptr;
int check_interval_ms = 1000;
int peer_timeout_ms = 2000;
int health_hold_ms = 3000;
int observe_interval_ms = 2000;
int storage_interval_ms = 5000;
int quarantine_timeout_s = 30;
int isolation_timeout_ms = 10'000;
int isolation_policy = static_cast<int>(setting::IsolationPolicy::kKeep);
bool bypass_gate = false;
bool follow_primary = true;
char* promote_trigger_file = nullptr;
char* event_command = nullptr;
char* pause_at = nullptr;
char* restart_command = nullptr;
int event_command_timeout_ms = 10'000;
int switchover_timeout_ms = 10'000;
int switchover_max_lag_mb = 16;
int switchover_archive_backlog = 8;
char* archive_directory = nullptr;
int archive_compression = static_cast<int>(core::Packing::kPlain);
int archive_write_timeout_ms = 60'000;

const config_enum_entry kIsolationPolicies[] = {
    {"keep", static_cast<int>(setting::IsolationPolicy::kKeep), false},
    {"fence", static_cast<int>(setting::IsolationPolicy::kFence), false},
    {nullptr, 0, false}};

const config_enum_entry kCompressions[] = {{"none", static_cast<int>(core::Packing::kPlain), false},
                                           {"zstd", static_cast<int>(core::Packing::kZstd), false},
                                           {"lz4", static_cast<int>(core::Packing::kLz4), false},
                                           {nullptr, 0, false}};

// The thresholds of each check, in the unit of the setting; -1 is off.
struct ThresholdSetting {
  std::string name;
  int value = -1;
};
std::array<ThresholdSetting, core::kCheckCount> warnings;
std::array<ThresholdSetting, core::kCheckCount> criticals;

struct TextSetting {
  const char* name;
  const char* description;
  char** variable;
  const char* initial;
  GucContext context;
  GucStringCheckHook check;
};

struct NumberSetting {
  const char* name;
  const char* description;
  int* variable;
  int minimum;
  int maximum;
  int flags;  // the unit
};

extern "C" bool CheckNodeName(char** value, void**, GucSource) {
  if (*value == nullptr || **value == '\0' || core::IsNodeName(*value)) return true;
  GUC_check_errdetail(
      "A node name has 1 to 63 characters: lower-case letters, digits and underscores.");
  return false;
}

extern "C" bool CheckArchiveDirectory(char** value, void**, GucSource) {
  if (*value == nullptr || **value == '\0' || **value == '/') return true;
  GUC_check_errdetail("It must be an absolute path.");
  return false;
}

// For one session, by hand: a role or a database must not have it for ever.
extern "C" bool CheckBypassGate(bool* value, void**, GucSource source) {
  if (!*value || source == PGC_S_SESSION || source == PGC_S_CLIENT || source == PGC_S_OVERRIDE)
    return true;
  GUC_check_errdetail("It can be set for one session only, by SET.");
  return false;
}

constexpr int kMax = std::numeric_limits<int>::max();

const TextSetting kTextSettings[] = {
    {"pg_baton.node_name", "Name of this node in the cluster.", &node_name, "", PGC_SIGHUP,
     CheckNodeName},
    {"pg_baton.database", "Database that holds the extension and its registry of nodes.", &database,
     "postgres", PGC_POSTMASTER, nullptr},
    {"pg_baton.passfile", "Password file for connections to the other nodes.", &passfile, "",
     PGC_SIGHUP, nullptr},
    {"pg_baton.promote_trigger_file", "A file whose appearance asks for this standby's promotion.",
     &promote_trigger_file, "", PGC_SIGHUP, nullptr},
    {"pg_baton.restart_command",
     "Shell command that restarts this server where it cannot be demoted in place.",
     &restart_command, "", PGC_SIGHUP, nullptr},
    {"pg_baton.event_command", "Shell command that is run for each event.", &event_command, "",
     PGC_SIGHUP, nullptr},
    {"pg_baton.archive_directory", "Where archive_library 'pg_baton' archives.", &archive_directory,
     "", PGC_SIGHUP, CheckArchiveDirectory},
};

const NumberSetting kNumberSettings[] = {
    {"pg_baton.check_interval", "Time between two looks of the monitor.", &check_interval_ms, 100,
     60'000, GUC_UNIT_MS},
    {"pg_baton.peer_timeout", "How long another node may take to answer.", &peer_timeout_ms, 100,
     60'000, GUC_UNIT_MS},
    {"pg_baton.health_hold", "How long a new status of a check must hold before it is shown.",
     &health_hold_ms, 0, 600'000, GUC_UNIT_MS},
    {"pg_baton.observe_interval", "Time between two rounds of questions to the other nodes.",
     &observe_interval_ms, 100, 600'000, GUC_UNIT_MS},
    {"pg_baton.storage_interval", "Time between two small writes that try the storage.",
     &storage_interval_ms, 100, 600'000, GUC_UNIT_MS},
    {"pg_baton.quarantine_timeout",
     "How long a primary that has started waits for its peers before it writes; -1 for ever.",
     &quarantine_timeout_s, -1, 86'400, GUC_UNIT_S},
    {"pg_baton.isolation_timeout",
     "How long a primary may hear from too few of the other nodes, with isolation_policy fence.",
     &isolation_timeout_ms, 1000, 3'600'000, GUC_UNIT_MS},
    {"pg_baton.event_command_timeout", "How long event_command may run for one event.",
     &event_command_timeout_ms, 100, 3'600'000, GUC_UNIT_MS},
    {"pg_baton.switchover_timeout", "How long commits may wait while two nodes swap roles.",
     &switchover_timeout_ms, 1000, 600'000, GUC_UNIT_MS},
    {"pg_baton.switchover_max_lag",
     "How much WAL a standby that is to take over may still have to replay.",
     &switchover_max_lag_mb, 0, kMax, GUC_UNIT_MB},
    {"pg_baton.switchover_archive_backlog",
     "How many files may wait for the archiver of a primary that is to hand over.",
     &switchover_archive_backlog, 0, kMax, 0},
    {"pg_baton.archive_write_timeout",
     "How long archive_library 'pg_baton' may take for one file before it is given up.",
     &archive_write_timeout_ms, 1000, kMax, GUC_UNIT_MS},
};

constexpr double kMegabyte = 1024.0 * 1024.0;

double PerUnitOfSetting(core::Unit unit) { return unit == core::Unit::kBytes ? kMegabyte : 1; }

int UnitOfSetting(core::Unit unit) {
  if (unit == core::Unit::kBytes) return GUC_UNIT_MB;
  return unit == core::Unit::kSeconds ? GUC_UNIT_S : 0;
}

// The server keeps pointers to name and value, so both live in `setting`.
void DefineThreshold(const core::CheckInfo& info, const char* kind, double usual,
                     ThresholdSetting& setting) {
  setting.name = fmt::format("pg_baton.{}_{}", info.name, kind);
  setting.value = usual < 0 ? -1 : static_cast<int>(usual / PerUnitOfSetting(info.unit));
  static std::list<std::string> descriptions;
  const char* const description =
      descriptions
          .emplace_back(fmt::format("Where check {} becomes {}; -1 never.", info.name, kind))
          .c_str();
  const char* const explanation = descriptions.emplace_back(info.what).append(".").c_str();
  const char* const name = setting.name.c_str();
  int* const value = &setting.value;
  const int unit = UnitOfSetting(info.unit);
  pg::Call([=] {
    DefineCustomIntVariable(name, description, explanation, value, *value, -1, kMax, PGC_SIGHUP,
                            unit, nullptr, nullptr, nullptr);
  });
}

double ThresholdOf(const core::CheckInfo& info, const ThresholdSetting& setting) {
  return setting.value < 0 ? -1 : setting.value * PerUnitOfSetting(info.unit);
}

}  // namespace

void DefineSettings() {
  for (const TextSetting& s : kTextSettings) {
    pg::Call([&] {
      DefineCustomStringVariable(s.name, s.description, nullptr, s.variable, s.initial, s.context,
                                 GUC_SUPERUSER_ONLY, s.check, nullptr, nullptr);
    });
  }
  for (const NumberSetting& s : kNumberSettings) {
    pg::Call([&] {
      DefineCustomIntVariable(s.name, s.description, nullptr, s.variable, *s.variable, s.minimum,
                              s.maximum, PGC_SIGHUP, s.flags, nullptr, nullptr, nullptr);
    });
  }
  pg::Call([] {
    // For tests, as PostgreSQL has its own developer options.
    DefineCustomStringVariable(
        "pg_baton.pause_at", "Step at which a hand-over waits.", nullptr, &pause_at, "", PGC_SIGHUP,
        GUC_SUPERUSER_ONLY | GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable("pg_baton.isolation_policy",
                             "What a primary does that hears from too few of the other nodes.",
                             nullptr, &isolation_policy, isolation_policy, kIsolationPolicies,
                             PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomEnumVariable("pg_baton.archive_compression",
                             "How archive_library 'pg_baton' compresses what it archives.", nullptr,
                             &archive_compression, archive_compression, kCompressions, PGC_SIGHUP,
                             0, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable("pg_baton.bypass_gate", "Lets this session commit at a closed gate.",
                             nullptr, &bypass_gate, false, PGC_SUSET,
                             GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, CheckBypassGate, nullptr,
                             nullptr);
    DefineCustomBoolVariable("pg_baton.follow_primary",
                             "Lets a standby follow a new primary by itself.", nullptr,
                             &follow_primary, true, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  });
  for (const core::CheckInfo& info : core::Checks()) {
    if (!core::HasThreshold(info)) continue;
    const auto i = static_cast<std::size_t>(info.check);
    DefineThreshold(info, "warning", info.usual.warning, warnings[i]);
    DefineThreshold(info, "critical", info.usual.critical, criticals[i]);
  }
  pg::Call([] { MarkGUCPrefixReserved("pg_baton"); });
}

namespace setting {

std::string NodeName() { return node_name == nullptr ? "" : node_name; }
const char* Database() { return database; }
std::string Passfile() { return passfile == nullptr ? "" : passfile; }
std::chrono::milliseconds CheckInterval() { return std::chrono::milliseconds(check_interval_ms); }
std::chrono::milliseconds PeerTimeout() { return std::chrono::milliseconds(peer_timeout_ms); }

std::chrono::milliseconds HealthHold() { return std::chrono::milliseconds(health_hold_ms); }
std::chrono::milliseconds ObserveInterval() {
  return std::chrono::milliseconds(observe_interval_ms);
}
std::chrono::milliseconds StorageInterval() {
  return std::chrono::milliseconds(storage_interval_ms);
}

std::optional<std::chrono::seconds> QuarantineTimeout() {
  if (quarantine_timeout_s < 0) return std::nullopt;
  return std::chrono::seconds(quarantine_timeout_s);
}
IsolationPolicy Isolation() { return static_cast<IsolationPolicy>(isolation_policy); }
std::chrono::milliseconds IsolationTimeout() {
  return std::chrono::milliseconds(isolation_timeout_ms);
}
bool BypassGate() { return bypass_gate; }
bool FollowPrimary() { return follow_primary; }
std::string PromoteTriggerFile() {
  return promote_trigger_file == nullptr ? "" : promote_trigger_file;
}
std::string EventCommand() { return event_command == nullptr ? "" : event_command; }
std::chrono::milliseconds EventCommandTimeout() {
  return std::chrono::milliseconds(event_command_timeout_ms);
}
std::string RestartCommand() { return restart_command; }
std::string PauseAt() { return pause_at; }

std::chrono::milliseconds SwitchoverTimeout() {
  return std::chrono::milliseconds(switchover_timeout_ms);
}
std::int64_t SwitchoverMaxLagBytes() {
  return static_cast<std::int64_t>(switchover_max_lag_mb) * 1024 * 1024;
}
int SwitchoverArchiveBacklog() { return switchover_archive_backlog; }

std::string ArchiveDirectory() { return archive_directory == nullptr ? "" : archive_directory; }
core::Packing ArchiveCompression() { return static_cast<core::Packing>(archive_compression); }
std::chrono::milliseconds ArchiveWriteTimeout() {
  return std::chrono::milliseconds(archive_write_timeout_ms);
}

core::HealthPolicy Health() {
  core::HealthPolicy policy;
  for (const core::CheckInfo& info : core::Checks()) {
    if (!core::HasThreshold(info)) continue;
    const auto i = static_cast<std::size_t>(info.check);
    policy.Of(info.check) = {ThresholdOf(info, warnings[i]), ThresholdOf(info, criticals[i])};
  }
  return policy;
}

}  // namespace setting
}  // namespace baton
