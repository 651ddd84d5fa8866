// What a clone finds on this host before it begins.
#pragma once

#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// Into the place, of which the source has been read: directory, programs, space, and what the new
// server will need to start.  What cannot be looked at is left unknown.
void ReadCloneTarget(ClonePlace& place);

}  // namespace baton::helper
