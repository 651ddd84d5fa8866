// The rows of baton.health, baton.standbys, baton.slots and baton.cluster as Prometheus' text
// format.  Names come from the table in checks; a metric has no label whose values come and go with
// a connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/cluster_view.hpp"
#include "core/finding.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

struct MetricsInput {
  std::string node_name;
  std::string server_version;
  NodeFacts facts;
  std::vector<Finding> findings;  // of baton.health, as a reader sees them
  std::vector<StandbyRow> standbys;
  std::vector<SlotRow> slots;
  std::vector<PeerRow> cluster;  // without this node
};

// What is not known has no sample, but its status is one: pg_baton_check_status is there for every
// check that applies, with 0 ok, 1 warning, 2 critical, 3 unknown.
std::string MetricsText(const MetricsInput& input);

}  // namespace baton::core
