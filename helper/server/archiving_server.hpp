// What a server says of the WAL that it writes, for the audit of its archive.
#pragma once

#include <map>
#include <string>

#include "core/archive_audit.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

struct ArchivingServerFacts {
  core::ArchivingServer server;
  std::map<core::TimelineId, core::TimelineHistory> histories;
  std::string unread;  // why its history is not known; empty if it is, or there is none
};

// A primary or a standby, of which the position is that of what it has received.  Any role may ask;
// its history is read by those alone who may read the server's files.
ArchivingServerFacts AskArchivingServer(Connection& server);

}  // namespace baton::helper
