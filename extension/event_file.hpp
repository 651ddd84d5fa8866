// The events of this node in a file of the data directory, so that they survive restarts.  The file
// says whose it is: one that a clone or a rewind brought along is set aside.
#pragma once

#include <string>

#include "core/event_log.hpp"

namespace baton {

// What the file of this node has; empty if there is none.
core::EventLog LoadEvents(const std::string& node_name);
// Returns what failed, in words; empty if nothing did.
std::string SaveEvents(const std::string& node_name, const core::EventLog& events);

// Who a file in the data directory belongs to.
std::string FileOwner(const std::string& node_name);

}  // namespace baton
