#include "helper/system/shown_command.hpp"

#include "core/secret_text.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {

// Each one before it is quoted: afterwards nobody could say where a password ends.
std::string ShownCommand(std::vector<std::string> arguments) {
  for (std::string& argument : arguments) argument = core::WithoutSecrets(argument);
  return CommandText(arguments);
}

}  // namespace baton::helper
