// The settings of pg_baton (prefix "pg_baton."), defined in one table and read through here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/archive_name.hpp"
#include "core/health.hpp"

namespace baton {

// Defines them all; called once, while shared_preload_libraries are loaded.
void DefineSettings();

namespace setting {

std::string NodeName();  // empty if not set
const char* Database();  // where the registry is and the monitor connects to
std::string Passfile();  // empty: libpq's default
std::chrono::milliseconds CheckInterval();
std::chrono::milliseconds PeerTimeout();
std::chrono::milliseconds HealthHold();
std::chrono::milliseconds ObserveInterval();
std::chrono::milliseconds StorageInterval();
core::HealthPolicy Health();

enum class IsolationPolicy { kKeep, kFence };
std::optional<std::chrono::seconds> QuarantineTimeout();  // nullopt: for ever
IsolationPolicy Isolation();
std::chrono::milliseconds IsolationTimeout();
bool BypassGate();
bool FollowPrimary();
std::string PromoteTriggerFile();  // empty: none
std::string EventCommand();        // empty: none
std::chrono::milliseconds EventCommandTimeout();
std::chrono::milliseconds SwitchoverTimeout();
std::string RestartCommand();  // empty: none
std::string PauseAt();         // empty: nowhere
std::int64_t SwitchoverMaxLagBytes();
int SwitchoverArchiveBacklog();  // files
std::string ArchiveDirectory();  // empty: none
core::Packing ArchiveCompression();
std::chrono::milliseconds ArchiveWriteTimeout();

}  // namespace setting
}  // namespace baton
