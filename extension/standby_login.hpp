// How this server streams from another node once it is a standby, and whether it is let in there.
#pragma once

#include <chrono>
#include <string>

namespace baton {

// The connection string: as this server streamed when it was a standby before (`before`, its
// primary_conninfo), or else as the registry has the node.  Empty if one of them cannot be parsed.
std::string WayTo(const std::string& node, const std::string& before);

// Connects by such a string to that node for replication, as the WAL receiver does, and leaves
// again.  Returns why that failed, in words; empty if it did not.  Interruptible.
std::string TryLoginAsStandby(const std::string& node, const std::string& conninfo,
                              std::chrono::milliseconds limit);

}  // namespace baton
