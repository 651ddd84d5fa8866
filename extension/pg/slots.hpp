// Physical replication slots, without SQL.  Any process with shared memory; on a standby too.
#pragma once

#include "core/lsn.hpp"

namespace baton::pg {

bool HasSlot(const char* name);
bool HasRoomForSlot();  // in max_replication_slots

// Reserves WAL from the last checkpoint's redo on, or from `from` if that is earlier and not none.
// A backend error if there is one of this name, or no room.
void MakeSlot(const char* name, core::Lsn from);

// Drops a physical slot unless somebody uses it; nothing if there is none.
void DropSlotIfIdle(const char* name);

}  // namespace baton::pg
