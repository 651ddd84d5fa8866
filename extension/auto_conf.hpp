// postgresql.auto.conf, as ALTER SYSTEM writes it; which as a statement cannot run inside a
// function, and needs a database.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton {

// False where the administrator does not let the server change its own configuration.
bool MayAlterSystem();

struct SettingChange {
  std::string name;
  std::optional<std::string> value;  // none: as ALTER SYSTEM RESET
};

// Writes all of them at once, durably, and lets all processes read the file.  Throws kFailed if it
// cannot be written; the values are not checked.  Any process with shared memory.
void AlterSystem(const std::vector<SettingChange>& changes);

// What the file has for it; none if nothing.
std::optional<std::string> InAutoConf(std::string_view name);

}  // namespace baton
