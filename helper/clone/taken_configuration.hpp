// The configuration of a clone, where it is not simply copied with the data: which files the source
// has, and how they come to be this host's.
#pragma once

#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// Into the place, of which source and target have been read: where the source's files are, what is
// in them where they are to be taken over and do not come with the data, and what would be done.
// What the role may not read is left unknown.
void ReadConfiguration(ClonePlace& place);

// Once the data directory is copied: replaces this host's files by the source's.  Those that there
// were stay beside them, as they were before the first time.
void TakeConfiguration(ClonePlace& place);

}  // namespace baton::helper
