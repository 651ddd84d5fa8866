// ALTER SYSTEM from a worker: as a statement it cannot run inside a function.
#pragma once

#include <string>

namespace baton::pg {

// False where the administrator does not let the server change its own configuration.
bool MayAlterSystem();

// Writes the setting to postgresql.auto.conf, in a transaction of its own, and lets all processes
// read it.
void AlterSystem(const char* name, const std::string& value);

}  // namespace baton::pg
