// What bash needs to complete the commands and options of pg_baton, made from those that --help
// shows.  It needs nothing of the package bash-completion, which only loads it when it is wanted.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace baton::helper {

std::string BashCompletion(const CLI::App& parser);

}  // namespace baton::helper
