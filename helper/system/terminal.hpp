// The controlling terminal, for passwords.
#pragma once

#include <string>

namespace baton::helper {

bool HasTerminal();

// Asks on the terminal, without showing what is typed.  Throws if there is none.
std::string PromptPassword(const std::string& prompt);

}  // namespace baton::helper
