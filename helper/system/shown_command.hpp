// Command lines as they may be shown: without the passwords that stand in them.
#pragma once

#include <string>
#include <vector>

namespace baton::helper {

// The arguments as one would type them.
std::string ShownCommand(std::vector<std::string> arguments);

}  // namespace baton::helper
