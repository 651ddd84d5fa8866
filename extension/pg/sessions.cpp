#include "pg/sessions.hpp"

#include "pg/postgres.hpp"

#include <csignal>

#include "pg/compat.hpp"
#include "pg/guard.hpp"

namespace baton::pg {
namespace {

// Calls `f` for each entry of the array of backends; inside Call.
template <typename F>
void ForEachBackend(const F& f) {
  pgstat_clear_backend_activity_snapshot();
  const int count = pgstat_fetch_stat_numbackends();
  for (int i = 1; i <= count; ++i) {
    const LocalPgBackendStatus* const entry = BackendEntry(i);
    if (entry != nullptr && entry->backendStatus.st_procpid != 0) f(entry->backendStatus);
  }
}

bool IsOurs(const PgBackendStatus& status) {
  const char* const type = GetBackgroundWorkerTypeByPid(status.st_procpid);
  return type != nullptr && std::string_view(type).starts_with("pg_baton ");
}

bool IsLauncher(const PgBackendStatus& status) {
  const char* const type = GetBackgroundWorkerTypeByPid(status.st_procpid);
  return type != nullptr && std::string_view(type) == "logical replication launcher";
}

}  // namespace

int EndSessions() {
  return Call([] {
    int sessions = 0;
    ForEachBackend([&sessions](const PgBackendStatus& status) {
      switch (status.st_backendType) {
        case B_BACKEND:
          ++sessions;
          kill(status.st_procpid, SIGTERM);
          break;
        case B_AUTOVAC_WORKER:
          kill(status.st_procpid, SIGTERM);
          break;
        case B_BG_WORKER:
          if (!IsOurs(status) && !IsLauncher(status)) kill(status.st_procpid, SIGTERM);
          break;
        default:
          break;
      }
    });
    return sessions;
  });
}

core::Lsn ReplayedBy(std::string_view standby) {
  int pid = 0;
  Call([&] {
    ForEachBackend([&](const PgBackendStatus& status) {
      if (status.st_backendType == B_WAL_SENDER && status.st_appname != nullptr &&
          standby == status.st_appname) {
        pid = status.st_procpid;
      }
    });
  });
  if (pid == 0) return {};
  XLogRecPtr replayed = InvalidXLogRecPtr;
  for (int i = 0; i < max_wal_senders; ++i) {
    WalSnd* const sender = &WalSndCtl->walsnds[i];
    SpinLockAcquire(&sender->mutex);
    if (sender->pid == pid) replayed = sender->apply;
    SpinLockRelease(&sender->mutex);
  }
  return core::Lsn(replayed);
}

bool HasOverflowedTransaction() {
  return Call([] {
    // It returns with both locks held (src/backend/storage/ipc/procarray.c).
    const RunningTransactions running = GetRunningTransactionData();
    const bool overflowed = running->subxid_status == SUBXIDS_MISSING;
    LWLockRelease(ProcArrayLock);
    LWLockRelease(XidGenLock);
    return overflowed;
  });
}

core::Lsn LogSnapshot() {
  return core::Lsn(Call([] {
    const XLogRecPtr end = LogStandbySnapshot();
    XLogFlush(end);
    return end;
  }));
}

}  // namespace baton::pg
