// The lines of pg_hba.conf as the server reads them, in their order.
#pragma once

#include <vector>

#include "core/hba_rules.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

// Of the files as they are now, loaded or not; lines that cannot be understood are left out.
std::vector<core::HbaRule> ReadHbaRules(Connection& server);

// The first error for which the server would refuse them; empty if there is none.
std::string HbaFileError(Connection& server);

// The roles that a role is a member of, itself among them; none if it does not exist.
std::vector<std::string> GroupsOf(Connection& server, const std::string& role);

}  // namespace baton::helper
