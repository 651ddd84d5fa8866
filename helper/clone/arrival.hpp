// What is to be told when a new standby streams: how far behind it is, and whether the primary gets
// in there, for the day when roles change.
#pragma once

#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// Tells it, with a warning where the way back is closed or could not be tried.
void ShowArrival(ClonePlace& place);

}  // namespace baton::helper
