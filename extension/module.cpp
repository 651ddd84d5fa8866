// Where the server meets the library: magic, hooks, settings and workers.
#include "pg/postgres.hpp"

#include "gate.hpp"
#include "hand_over_board.hpp"
#include "hand_over_worker.hpp"
#include "monitor.hpp"
#include "observer.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standing.hpp"
#include "storage_worker.hpp"

extern "C" {

PG_BATON_MODULE_MAGIC("1.0");

static shmem_request_hook_type previous_shmem_request_hook = nullptr;
static shmem_startup_hook_type previous_shmem_startup_hook = nullptr;

static void RequestShmem() {
  if (previous_shmem_request_hook != nullptr) previous_shmem_request_hook();
  baton::shared::RequestMemory();
  baton::standing::RequestMemory();
  baton::gate::RequestMemory();
  baton::hand_over::RequestMemory();
}

static void StartUpShmem() {
  if (previous_shmem_startup_hook != nullptr) previous_shmem_startup_hook();
  baton::pg::Entry([] {
    baton::shared::Attach();
    baton::standing::Attach();
    baton::gate::Attach();
    baton::hand_over::Attach();
  });
}

PGDLLEXPORT void _PG_init() {
  if (!process_shared_preload_libraries_in_progress) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("pg_baton must be loaded by shared_preload_libraries"),
                    errdetail("It works in every process of the server, from its start."),
                    errhint("Add pg_baton to shared_preload_libraries and restart the server; "
                            "\"pg_baton setup-primary\" does both.")));
  }
  // pg_upgrade's servers are nobody's primary or standby.
  if (IsBinaryUpgrade) return;
  baton::pg::Entry([] {
    baton::DefineSettings();
    baton::RegisterMonitor();
    baton::RegisterObserver();
    baton::RegisterStorageWorker();
    baton::RegisterHandOverWorker();
    baton::gate::InstallHooks();
  });
  previous_shmem_request_hook = shmem_request_hook;
  shmem_request_hook = RequestShmem;
  previous_shmem_startup_hook = shmem_startup_hook;
  shmem_startup_hook = StartUpShmem;
}
}
