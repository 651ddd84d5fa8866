// A struct in shared memory that has a name and a lock of its own.
#pragma once

#include "pg/postgres.hpp"

#include <new>

namespace baton::pg {

// In shmem_request_hook.
template <typename T>
void RequestBlock(const char* name) {
  RequestAddinShmemSpace(MAXALIGN(sizeof(T)));
  RequestNamedLWLockTranche(name, 1);
}

// In shmem_startup_hook.  The first to attach makes it, and initializes its condition variable.
// Returns whether this was the first.
template <typename T>
bool AttachBlock(const char* name, ConditionVariable T::*changed, T*& block, LWLock*& lock) {
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  bool found = false;
  block = static_cast<T*>(ShmemInitStruct(name, sizeof(T), &found));
  lock = &GetNamedLWLockTranche(name)->lock;
  if (!found) {
    new (block) T{};
    ConditionVariableInit(&(block->*changed));
  }
  LWLockRelease(AddinShmemInitLock);
  return !found;
}

}  // namespace baton::pg
