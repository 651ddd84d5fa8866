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
    {"pg_baton.health_hold", "How long a new status of a check must hold before it is shown.",
     &health_hold_ms, 0, 600'000, GUC_UNIT_MS},
    {"pg_baton.observe_interval", "Time between two rounds of questions to the other nodes.",
     &observe_interval_ms, 100, 600'000, GUC_UNIT_MS},
    {"pg_baton.storage_interval", "Time between two small writes that try the storage.",
     &storage_interval_ms, 100, 600'000, GUC_UNIT_MS},
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
