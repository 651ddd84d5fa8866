// What a reader of the views is shown: what the workers published, judged by how old it is now.
#pragma once

#include <memory>
#include <vector>

#include "core/archive_status.hpp"
#include "core/finding.hpp"
#include "shared_state.hpp"

namespace baton {

// Verdicts of a monitor that has stopped are unknown.
std::vector<core::Finding> FindingsNow(const Report& report);
// What is known of archiving; unknown of a monitor that has stopped.
core::ArchiveVerdict ArchiveNow(const Report& report);
// States of a monitor that has stopped are unknown.
std::vector<core::StandbyRow> StandbysNow(const Report& report);
// Nodes of an observer that has stopped are not reachable as far as is known.
std::unique_ptr<ClusterReport> ReadCluster();

}  // namespace baton
