// The settings that a server with standbys needs, made by ALTER SYSTEM.
#pragma once

#include <optional>
#include <string>

#include "core/problem.hpp"
#include "helper/setup/setup.hpp"

namespace baton::helper {

// As the configuration files have it, which the server shows only in part while it does not
// archive; empty if they do not.
std::string ValueInFiles(Connection& server, const std::string& name);

// In postgresql.auto.conf, where ALTER SYSTEM writes; nullopt: it is not there.
std::optional<std::string> AutoConfValue(Connection& server, const std::string& name);

// Sets it there, or takes it out.
void AlterSystem(Connection& server, const std::string& name,
                 const std::optional<std::string>& value);

// What keeps ALTER SYSTEM from making them.
core::Problems FindSettingProblems(Setup& setup);

// Returns whether the server has to be restarted before all of them are in force.
bool EnsureSettings(Setup& setup);

}  // namespace baton::helper
