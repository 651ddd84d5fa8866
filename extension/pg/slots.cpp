#include "pg/slots.hpp"

#include "pg/postgres.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"

namespace baton::pg {

bool HasSlot(const char* name) {
  return Call([name] { return SearchNamedReplicationSlot(name, true) != nullptr; });
}

bool HasRoomForSlot() {
  return Call([] {
    bool room = false;
    LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
    for (int i = 0; i < max_replication_slots; ++i) {
      room = room || !ReplicationSlotCtl->replication_slots[i].in_use;
    }
    LWLockRelease(ReplicationSlotControlLock);
    return room;
  });
}

void MakeSlot(const char* name, core::Lsn from) {
  Call([name, from] {
    CreatePhysicalSlot(name);
    ReplicationSlotReserveWal();
    SpinLockAcquire(&MyReplicationSlot->mutex);
    XLogRecPtr& restart = MyReplicationSlot->data.restart_lsn;
    if (!from.IsNone() && from.bytes() < restart) restart = from.bytes();
    SpinLockRelease(&MyReplicationSlot->mutex);
    ReplicationSlotsComputeRequiredLSN();
    ReplicationSlotMarkDirty();
    ReplicationSlotSave();
    ReplicationSlotRelease();
  });
}

void DropSlotIfIdle(const char* name) {
  Call([name] {
    ReplicationSlot* const slot = SearchNamedReplicationSlot(name, true);
    if (slot == nullptr) return;
    SpinLockAcquire(&slot->mutex);
    const bool idle = slot->active_pid == 0 && SlotIsPhysical(slot);
    SpinLockRelease(&slot->mutex);
    // Who takes it in between keeps it: that is an error, after which the worker begins anew.
    if (idle) ReplicationSlotDrop(name, true);
  });
}

}  // namespace baton::pg
