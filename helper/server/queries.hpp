// The statements that more than one command sends, one function each.
#pragma once

#include <chrono>
#include <string>

#include "core/lsn.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

// True if the extension is there and its library is loaded in that server.
bool HasExtension(Connection& server);

struct SlotState {
  bool exists = false;
  bool active = false;
  bool lost = false;  // WAL that it should have kept is gone, so nothing can stream from it
};
SlotState LookAtSlot(Connection& server, const std::string& name);

// Reserves WAL from now on, so that nothing that the copy needs can go away.
void CreateSlot(Connection& server, const std::string& name);
void DropSlot(Connection& server, const std::string& name);

void RegisterNode(Connection& server, const std::string& name, const std::string& conninfo);

// Waits until this primary sees that the standby streams and has replayed up to `beyond`; throws
// kFailed with what was seen last.
void WaitUntilStreaming(Connection& primary, const std::string& name, core::Lsn beyond,
                        std::chrono::seconds timeout);

core::Lsn CurrentLsn(Connection& primary);
core::TimelineId Timeline(Connection& primary);

}  // namespace baton::helper
