// What the other workers published, as facts of this moment: how old it is counts too, since a
// worker that has stopped goes on showing what it saw last.
#pragma once

#include "core/node_facts.hpp"
#include "shared_state.hpp"

namespace baton {

core::StorageFacts StorageFactsNow(const StorageReport& report);
// Counted files and the primary's settings, which the storage worker reads too; both only while
// they are fresh.
void FillFromStorage(const StorageReport& report, core::NodeFacts& facts);

core::PeersFacts PeersFactsNow(const ClusterReport& report, const core::NodeFacts& own);

// How old an observer's sign of life may be.
std::chrono::microseconds ObserverAllowed();

}  // namespace baton
