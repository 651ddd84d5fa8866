// Which other servers than the source a clone needs: the primary, where the source is a standby,
// and the node from which the new server is to stream, where that was named.
#pragma once

#include <string>

#include "core/clone_check.hpp"
#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// Connects to them, as far as they can be reached, and fills in what was found: other_primary,
// other_upstream and way_to_upstream of the place, primary and upstream of its source_facts.
void FindServers(ClonePlace& place);

// What that server has room for, and has for the node `name`.
core::CloneRoom ReadRoom(Connection& server, const std::string& name);

}  // namespace baton::helper
