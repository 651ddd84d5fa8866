#include "pg/worker.hpp"

#include <algorithm>

#include "pg/guard.hpp"

namespace baton::pg {

void RegisterWorker(const char* name, const char* function, WorkerKind kind) {
  Call([&] {
    BackgroundWorker worker{};
    strlcpy(worker.bgw_name, name, BGW_MAXLEN);
    strlcpy(worker.bgw_type, name, BGW_MAXLEN);
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
    if (kind == WorkerKind::kWithDatabase) {
      worker.bgw_flags |= BGWORKER_BACKEND_DATABASE_CONNECTION;
    }
    worker.bgw_start_time = BgWorkerStart_ConsistentState;
    worker.bgw_restart_time = 1;
    strlcpy(worker.bgw_library_name, "pg_baton", sizeof(worker.bgw_library_name));
    strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
    RegisterBackgroundWorker(&worker);
  });
}

void BeginWorker() {
  Call([] {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
  });
}

bool WaitForLatch(std::chrono::milliseconds limit, std::uint32_t event) {
  const bool woken = Call([&] {
    const int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                                 std::max<long>(limit.count(), 0), event);
    if ((events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    return (events & WL_LATCH_SET) != 0;
  });
  HandleInterrupts();
  return woken;
}

void HandleInterrupts() {
  Call([] {
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
  });
}

}  // namespace baton::pg
