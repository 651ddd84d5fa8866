#include "settings.hpp"

#include "pg/postgres.hpp"

#include <limits>

#include "core/node_name.hpp"
#include "pg/guard.hpp"

namespace baton {
namespace {

char* node_name = nullptr;
char* database = nullptr;
char* passfile = nullptr;
int check_interval_ms = 1000;
int peer_timeout_ms = 2000;
int replay_lag_warning_s = 60;
int replay_lag_critical_s = 300;
int replay_lag_bytes_warning_mb = 256;
int replay_lag_bytes_critical_mb = 1024;
int slot_retained_warning_mb = 1024;
int slot_retained_critical_mb = 8192;
int archive_backlog_warning = 16;
int archive_backlog_critical = 128;

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

constexpr int kMax = std::numeric_limits<int>::max();

const TextSetting kTextSettings[] = {
    {"pg_baton.node_name", "Name of this node in the cluster.", &node_name, "", PGC_SIGHUP,
     CheckNodeName},
    {"pg_baton.database", "Database that holds the extension and its registry of nodes.", &database,
     "postgres", PGC_POSTMASTER, nullptr},
    {"pg_baton.passfile", "Password file for connections to the other nodes.", &passfile, "",
     PGC_SIGHUP, nullptr},
};

const NumberSetting kNumberSettings[] = {
    {"pg_baton.check_interval", "Time between two looks of the monitor.", &check_interval_ms, 100,
     60'000, GUC_UNIT_MS},
    {"pg_baton.peer_timeout", "How long another node may take to answer.", &peer_timeout_ms, 100,
     60'000, GUC_UNIT_MS},
    {"pg_baton.replay_lag_warning", "Replay lag from which health warns; -1 never.",
     &replay_lag_warning_s, -1, kMax, GUC_UNIT_S},
    {"pg_baton.replay_lag_critical", "Replay lag from which health is critical; -1 never.",
     &replay_lag_critical_s, -1, kMax, GUC_UNIT_S},
    {"pg_baton.replay_lag_bytes_warning", "WAL not replayed from which health warns; -1 never.",
     &replay_lag_bytes_warning_mb, -1, kMax, GUC_UNIT_MB},
    {"pg_baton.replay_lag_bytes_critical",
     "WAL not replayed from which health is critical; -1 never.", &replay_lag_bytes_critical_mb, -1,
     kMax, GUC_UNIT_MB},
    {"pg_baton.slot_retained_warning",
     "WAL held back by an unused slot from which health warns; -1 never.",
     &slot_retained_warning_mb, -1, kMax, GUC_UNIT_MB},
    {"pg_baton.slot_retained_critical",
     "WAL held back by an unused slot from which health is critical; -1 never.",
     &slot_retained_critical_mb, -1, kMax, GUC_UNIT_MB},
    {"pg_baton.archive_backlog_warning",
     "Files waiting to be archived from which health warns; -1 never.", &archive_backlog_warning,
     -1, kMax, 0},
    {"pg_baton.archive_backlog_critical",
     "Files waiting to be archived from which health is critical; -1 never.",
     &archive_backlog_critical, -1, kMax, 0},
};

double Bytes(int megabytes) { return megabytes < 0 ? -1 : megabytes * 1024.0 * 1024.0; }

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
  pg::Call([] { MarkGUCPrefixReserved("pg_baton"); });
}

namespace setting {

std::string NodeName() { return node_name == nullptr ? "" : node_name; }
const char* Database() { return database; }
std::string Passfile() { return passfile == nullptr ? "" : passfile; }
std::chrono::milliseconds CheckInterval() { return std::chrono::milliseconds(check_interval_ms); }
std::chrono::milliseconds PeerTimeout() { return std::chrono::milliseconds(peer_timeout_ms); }

core::HealthPolicy Health() {
  core::HealthPolicy policy;
  policy.replay_lag = {static_cast<double>(replay_lag_warning_s),
                       static_cast<double>(replay_lag_critical_s)};
  policy.replay_lag_bytes = {Bytes(replay_lag_bytes_warning_mb),
                             Bytes(replay_lag_bytes_critical_mb)};
  policy.slot_retained_bytes = {Bytes(slot_retained_warning_mb), Bytes(slot_retained_critical_mb)};
  policy.archive_backlog = {static_cast<double>(archive_backlog_warning),
                            static_cast<double>(archive_backlog_critical)};
  return policy;
}

}  // namespace setting
}  // namespace baton
