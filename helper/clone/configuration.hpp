// What makes a copy a standby of its own: settings, signal, and nothing of the source's memory.
#pragma once

#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// In the copied data directory, and in the folder of the configuration where that is another one.
void WriteConfiguration(ClonePlace& place);

}  // namespace baton::helper
