// How this server streams from another node once it is a standby, and whether it is let in there.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/timeline_history.hpp"
#include "core/upstream_check.hpp"

namespace baton {

// The connection string: as this server streamed when it was a standby before (`before`, its
// primary_conninfo), or else as the registry has the node.  Empty if one of them cannot be parsed.
std::string WayTo(const std::string& node, const std::string& before);

// Connects by such a string to that node for replication, as the WAL receiver does, and leaves
// again.  Returns why that failed, in words; empty if it did not.  Interruptible.
std::string TryLoginAsStandby(const std::string& node, const std::string& conninfo,
                              std::chrono::milliseconds limit);

// The same, and asks what that node could send to a standby on timeline `own`, whose end does not
// matter.  `error` is what TryLoginAsStandby returns; nullopt if it is not empty.  Interruptible.
std::optional<core::UpstreamOffer> AskForOffer(const std::string& node, const std::string& conninfo,
                                               const core::TimelineEntry& own,
                                               std::chrono::milliseconds limit, std::string& error);

}  // namespace baton
