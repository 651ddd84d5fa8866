// Connection parameters as keywords and values, and their written form.
#pragma once

#include <map>
#include <string>

namespace baton::helper {

using Parameters = std::map<std::string, std::string>;

// Parses "host=... port=..." or a postgresql:// address; throws kUsage with libpq's words.
Parameters ParseConninfo(const std::string& conninfo);

// The written form, values quoted where needed.  Throws kUsage if a password is among them: it
// would end in a file or a process list.
std::string ConninfoText(const Parameters& parameters);

// The same way in, but to the one server at host, hostaddr and port of `there`, whatever its role.
Parameters WithAddressOf(Parameters parameters, const Parameters& there);

}  // namespace baton::helper
