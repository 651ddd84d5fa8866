// The rules of baton.health: facts about one node in, one finding a check out.  A check that means
// nothing in the node's present role gives no row.
#pragma once

#include <array>
#include <vector>

#include "core/checks.hpp"
#include "core/finding.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

// From where on each check's number is bad; as the table has it until settings say otherwise.
class HealthPolicy {
 public:
  HealthPolicy();

  const Threshold& Of(Check check) const { return thresholds_[static_cast<std::size_t>(check)]; }
  Threshold& Of(Check check) { return thresholds_[static_cast<std::size_t>(check)]; }

 private:
  std::array<Threshold, kCheckCount> thresholds_;
};

// In the order of the table.
std::vector<Finding> EvaluateHealth(const NodeFacts& facts, const HealthPolicy& policy);

// A worker's sign of life, as a reader finds it.
struct Heartbeat {
  std::optional<std::chrono::microseconds> age;  // none if it never gave one
  std::chrono::microseconds allowed{};
  bool Fresh() const { return age && *age <= allowed; }
};

// Findings of a monitor that has stopped looking say nothing about now: each becomes unknown, with
// its age.  Adds the rows of the workers themselves.
std::vector<Finding> Aged(std::vector<Finding> findings, const Heartbeat& monitor,
                          const Heartbeat& observer);

}  // namespace baton::core
