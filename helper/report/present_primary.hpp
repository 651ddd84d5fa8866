// Which node a command that is for the primary has to go to, by the word of any node.
#pragma once

#include <string>
#include <vector>

#include "helper/report/rows.hpp"

namespace baton::helper {

// Name of the one node that answers as primary by the word of node `asked`.  Throws kFailed if none
// does, kRefused if several do.
std::string PresentPrimary(const std::string& asked, const std::vector<ClusterRow>& rows);

}  // namespace baton::helper
