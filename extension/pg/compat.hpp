// All differences between PostgreSQL 15 and 18 that this extension meets, written in the newest
// form, each with the release that made it.
#pragma once

#include "pg/postgres.hpp"

#if PG_VERSION_NUM < 150000
#error "pg_baton needs PostgreSQL 15 or later"
#endif

// 16: archive modules have a header of their own, return their callbacks, and are given a state
// (src/include/archive/archive_module.h).
#if PG_VERSION_NUM >= 160000
extern "C" {
#include "archive/archive_module.h"
}
#define PG_BATON_ARCHIVE_MODULE(is_configured, archive, shut_down)                            \
  static bool CheckConfigured(ArchiveModuleState*) { return is_configured(); }                \
  static bool ArchiveFileOf(ArchiveModuleState*, const char* file, const char* path) {        \
    return archive(file, path);                                                               \
  }                                                                                           \
  static void ShutDownModule(ArchiveModuleState*) { shut_down(); }                            \
  PGDLLEXPORT const ArchiveModuleCallbacks* _PG_archive_module_init(void) {                   \
    static const ArchiveModuleCallbacks callbacks = {nullptr, CheckConfigured, ArchiveFileOf, \
                                                     ShutDownModule};                         \
    return &callbacks;                                                                        \
  }
#else
#define PG_BATON_ARCHIVE_MODULE(is_configured, archive, shut_down)              \
  PGDLLEXPORT void _PG_archive_module_init(ArchiveModuleCallbacks* callbacks) { \
    *callbacks = {is_configured, archive, shut_down};                           \
  }
#endif

namespace baton::pg {

// 17: extensions name their own wait events (src/include/utils/wait_event.h); before that all of
// them show as "Extension".
inline std::uint32_t NewWaitEvent([[maybe_unused]] const char* name) {
#if PG_VERSION_NUM >= 170000
  return WaitEventExtensionNew(name);
#else
  return PG_WAIT_EXTENSION;
#endif
}

// 17: pg_replication_slots tells since when a slot is not in use, and why it was invalidated
// (src/backend/catalog/system_views.sql).
#if PG_VERSION_NUM >= 170000
#define PG_BATON_SLOT_INACTIVE_SINCE \
  "(EXTRACT(epoch FROM inactive_since) * 1000000)::pg_catalog.int8"
#define PG_BATON_SLOT_REASON "invalidation_reason"
#else
#define PG_BATON_SLOT_INACTIVE_SINCE "NULL::pg_catalog.int8"
#define PG_BATON_SLOT_REASON "NULL::pg_catalog.text"
#endif

// 17: a set of wait events belongs to a resource owner rather than a memory context (commit
// 50c67c2019).
inline WaitEventSet* NewWaitEventSet(int events) {
#if PG_VERSION_NUM >= 170000
  return CreateWaitEventSet(nullptr, events);
#else
  return CreateWaitEventSet(CurrentMemoryContext, events);
#endif
}

// 17: a process's place in the array of all is a variable of its own (commit ab355e3a8).
inline int OwnProcNumber() {
#if PG_VERSION_NUM >= 170000
  return MyProcNumber;
#else
  return MyProc == nullptr ? -1 : MyProc->pgprocno;
#endif
}

// 17: kinds of processes are asked for by name (src/include/miscadmin.h).
inline bool IsAutovacuumWorker() {
#if PG_VERSION_NUM >= 170000
  return AmAutoVacuumWorkerProcess();
#else
  return IsAutoVacuumWorkerProcess();
#endif
}

// 16: the entries of the sessions are asked for under another name
// (src/backend/utils/activity/backend_status.c).
inline LocalPgBackendStatus* BackendEntry(int index) {
#if PG_VERSION_NUM >= 160000
  return pgstat_get_local_beentry_by_index(index);
#else
  return pgstat_fetch_stat_local_beentry(index);
#endif
}

// 17: a slot can be made for failover, or be one that was synchronized
// (src/include/replication/slot.h).
inline void CreatePhysicalSlot(const char* name) {
#if PG_VERSION_NUM >= 170000
  ReplicationSlotCreate(name, false, RS_PERSISTENT, false, false, false);
#else
  ReplicationSlotCreate(name, false, RS_PERSISTENT, false);
#endif
}

}  // namespace baton::pg

// 18: a module tells its name and version (src/include/fmgr.h).
#if PG_VERSION_NUM >= 180000
#define PG_BATON_MODULE_MAGIC(text) PG_MODULE_MAGIC_EXT(.name = "pg_baton", .version = text)
#else
#define PG_BATON_MODULE_MAGIC(text) PG_MODULE_MAGIC
#endif
