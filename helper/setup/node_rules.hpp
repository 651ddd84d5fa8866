// The lines of pg_hba.conf that let the nodes in.
#pragma once

#include "helper/setup/setup.hpp"

namespace baton::helper {

// Adds those that are missing, in place of our own of another style, and reloads.  Throws kFailed,
// with the file as it was, if the server finds an error in the new one.
void EnsureNodeRules(Setup& setup);

}  // namespace baton::helper
