// What may be shown of a statement, a command line or a message that may have a password in it.
#pragma once

#include <string>
#include <string_view>

namespace baton::core {

// The same text with *** in place of each password that it names: in a connection string
// (password=...), in an address (user:...@host), in the environment (PGPASSWORD=...) and in SQL
// (PASSWORD '...').  Where quotes within quotes hide where a password ends, all that follows is
// left out.
std::string WithoutSecrets(std::string_view text);

}  // namespace baton::core
