// What to do next on this host, a line for each of its servers; only looks.
#pragma once

#include "helper/output.hpp"

namespace baton::helper {

// Started by root, it looks as each user who owns servers, since only they get in without a
// password.
void TellNextSteps(Output& output);

}  // namespace baton::helper
