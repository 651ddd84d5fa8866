// Names of the tables that files belong to, as a running server knows them: a stopped server's WAL
// has only numbers, which its catalogs alone could tell.
#pragma once

#include <chrono>
#include <map>

#include "core/lost_work.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

struct NamingLimits {
  std::chrono::seconds answer{3};  // of one database
  std::chrono::seconds all{30};    // of all together
};

// Asks each database once, in a connection of its own with these parameters; an index or a TOAST
// table has the name of its table.  What the server does not know, or does not tell in time, is
// left out; nothing fails but an interrupt.  `server` lists the databases.
std::map<core::RelationId, core::TableName> FindTableNames(Connection& server,
                                                           const Parameters& parameters,
                                                           const core::RelationIds& wanted,
                                                           const NamingLimits& limits = {});

}  // namespace baton::helper
