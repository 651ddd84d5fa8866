// What this node must not forget (core/node_state.hpp): in shared memory for every process, and in
// pg_baton/state in the data directory, from where the postmaster takes it when memory is made
// anew.  Whoever changes it waits, if it must, until the storage worker has written it down.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/node_state.hpp"

namespace baton::standing {

// In shmem_request_hook and shmem_startup_hook.
void RequestMemory();
void Attach();

core::NodeState Read();
// Whether the file was there and could not be read, and nobody has decided since; until Unfence it
// is not written, so that a restart does not forget it.
bool WasUnreadable();
core::FixedText<160> UnreadableBecause();
// Whether the file that was there named peers of this node.
bool PeersWereKnown();

// Each change has a number, for WaitUntilKept.  Fence and Supersede close the gate with it.
using Change = std::uint64_t;
Change Fence(std::string_view reason, std::string_view by);
Change Unfence();
Change Supersede(std::string_view successor, const core::Reign& reign);
Change EndSuperseded();
Change DecideAgainstRival();  // the same, by a person
Change SetReign(const core::Reign& reign);
// Opens the gate for those of its lasting reasons that are over by now, each unless it came anew.
void OpenWhatIsOver();
Change PeersChanged();  // in the registry, which is kept with it

// Waits until the change is on disk, `limit` at most; false if it is not.  Interruptible.
bool WaitUntilKept(Change change, std::chrono::milliseconds limit);

// The storage worker: whether something is not on disk yet, and the write.  Keep returns what
// failed, in words; empty if nothing did.
bool MustKeep();
std::string Keep();

}  // namespace baton::standing
