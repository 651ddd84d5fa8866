// Reads the extension's views into plain rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "helper/report/rows.hpp"
#include "helper/server/connection.hpp"

namespace baton::helper {

// True if the library is loaded in that server and its SQL interface has this view or function,
// such as "baton.health" or "baton.metrics()".
bool HasView(Connection& server, const std::string& view);

// Throws kFailed, saying what to do, unless the server has the extension and all these views.
void RequireViews(Connection& server, const std::vector<std::string>& views);

std::vector<HealthRow> ReadHealth(Connection& server);
// baton.promotion_check has the same columns; the other nodes are asked for it.
std::vector<HealthRow> ReadPromotionCheck(Connection& server);
// So has baton.switchover_check(), which is for a primary.
std::vector<HealthRow> ReadSwitchoverCheck(Connection& primary, const std::string& target);
// And baton.follow_check(), which is for a standby.
std::vector<HealthRow> ReadFollowCheck(Connection& standby, const std::string& node);

// The row of baton.requests for the hand-over with this id; nullopt if the node has none.
std::optional<HandOverRow> ReadHandOver(Connection& server, const std::string& hand_over);

// What this node says of the others and of itself.
std::vector<ClusterRow> ReadCluster(Connection& server);

// What this node says of itself, of this moment; `sees` only if it has baton.cluster.
ClusterRow ReadOwnRow(Connection& server);

struct RegisteredNode {
  std::string name;
  std::string conninfo;
};
std::vector<RegisteredNode> ReadRegistry(Connection& server);

}  // namespace baton::helper
