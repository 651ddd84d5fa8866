// The restart that some settings need.
#pragma once

#include <string>

#include "helper/setup/setup.hpp"

namespace baton::helper {

// Returns false, and says what is left to do, where the request does not allow it; `then` is what
// to do after the restart.
bool RestartIfAllowed(Setup& setup, const std::string& then);

}  // namespace baton::helper
