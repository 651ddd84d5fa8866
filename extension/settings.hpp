// The settings of pg_baton (prefix "pg_baton."), defined in one table and read through here.
#pragma once

#include <chrono>
#include <string>

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

}  // namespace setting
}  // namespace baton
