// A cluster report as text and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "helper/report/cluster_report.hpp"
#include "helper/system/colour.hpp"

namespace baton::helper {

// Lines for people: the answer, a row a node with the primary first, who does not see whom, issues.
// "-" is what does not apply, "unknown" what was not measured.
std::vector<std::string> ClusterLines(const ClusterFacts& facts, const ClusterReport& report,
                                      const Palette& palette);

// Keys as the columns of baton.cluster, a lag in seconds; null is what is not known or does not
// apply.  Of a node that does not answer, role and state are not those that were last seen.
nlohmann::json ClusterJson(const ClusterFacts& facts, const ClusterReport& report);

}  // namespace baton::helper
