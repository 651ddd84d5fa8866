// What baton.health says of a node, with the usual thresholds.
#pragma once

#include <string_view>

#include "core/health.hpp"
#include "test/unit/core/nodes.hpp"
#include "test/unit/core/verdict.hpp"

namespace baton::core {

inline std::optional<Verdict> HealthOf(const NodeFacts& node, std::string_view check) {
  return VerdictOf(EvaluateHealth(node, HealthPolicy()), check);
}

// Of a row that has to be there.
inline Finding RowOf(const NodeFacts& node, std::string_view check) {
  return RowOf(EvaluateHealth(node, HealthPolicy()), check).value();
}

inline Status StatusOf(const NodeFacts& node, std::string_view check) {
  return RowOf(node, check).status;
}

}  // namespace baton::core
