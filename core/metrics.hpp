// The rows of baton.health, baton.standbys, baton.slots and baton.cluster as Prometheus' text
// format.  The names of what health measures come from the table in checks; no label has a value
// that comes and goes with a connection, such as a process or a position.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster_view.hpp"
#include "core/finding.hpp"
#include "core/gate.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

struct MetricsInput {
  std::string node_name;       // empty if this node has no name yet
  std::string server_version;  // "15.20"
  NodeFacts facts;
  std::optional<GateReasons> gate;  // why a commit would not pass now, 0 if it would; none: unknown
  std::vector<Finding> findings;    // of baton.health, as a reader sees them
  std::vector<StandbyRow> standbys;
  std::vector<SlotRow> slots;
  std::vector<PeerRow> cluster;  // the other registered nodes; a row of this one is passed over
};

// Every line ends with a line feed.  What is not known has no sample, never a zero; that it is not
// known is one: pg_baton_check_status is there for every finding, with 0 ok, 1 warning, 2 critical,
// 3 unknown, and pg_baton_node_up for every node, of which the others may have nothing else.
std::string MetricsText(const MetricsInput& input);

}  // namespace baton::core
