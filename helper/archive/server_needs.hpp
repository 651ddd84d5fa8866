// What a running server says of those who still need WAL.
#pragma once

#include <cstdint>
#include <vector>

#include "core/archive_retention.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

struct ServerNeeds {
  std::uint64_t system_identifier = 0;
  std::uint64_t segment_bytes = 0;
  bool knows_nodes = false;  // it has pg_baton; without it only who is connected is known
  std::vector<core::WalNeed> needs;
  core::Problems problems;  // why something is not known
};

// Asks for registered nodes, replication slots and those who are connected.
ServerNeeds AskForNeeds(Connection& server);

}  // namespace baton::helper
