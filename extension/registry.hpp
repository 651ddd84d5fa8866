// Who is registered, looked up by those who have a copy of the registry.
#pragma once

#include "pg/postgres.hpp"

#include <string_view>
#include <vector>

#include "shared_state.hpp"

namespace baton {

// Null if no node has this name; else it lives as long as the registry.
const RegisteredNode* FindNode(const Registry& registry, std::string_view name);

// All but this server's own, in the registry's order.
std::vector<RegisteredNode> OtherNodes(const Registry& registry);

}  // namespace baton
