// The settings that a server with standbys needs, made by ALTER SYSTEM.
#pragma once

#include "helper/setup/setup.hpp"

namespace baton::helper {

// Returns whether the server has to be restarted before all of them are in force.
bool EnsureSettings(Setup& setup);

}  // namespace baton::helper
