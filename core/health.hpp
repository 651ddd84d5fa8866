// The rules of baton.health: facts about one node in, one finding a check out.  A check that means
// nothing in the node's present role gives no row.
#pragma once

#include <vector>

#include "core/finding.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

struct HealthPolicy {
  Threshold replay_lag{60, 300};  // seconds
  Threshold replay_lag_bytes{256.0 * 1024 * 1024, 1024.0 * 1024 * 1024};
  Threshold slot_retained_bytes{1024.0 * 1024 * 1024, 8.0 * 1024 * 1024 * 1024};
  Threshold archive_backlog{16, 128};  // files
};

std::vector<Finding> EvaluateHealth(const NodeFacts& facts, const HealthPolicy& policy);

// Findings older than three intervals say nothing about now: each becomes unknown, with its age.
// `age` is that of the monitor's last look; nullopt if it never looked.
std::vector<Finding> Aged(std::vector<Finding> findings,
                          std::optional<std::chrono::microseconds> age,
                          std::chrono::microseconds check_interval);

}  // namespace baton::core
