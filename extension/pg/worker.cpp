#include "pg/worker.hpp"

#include <algorithm>

#include "pg/compat.hpp"
#include "pg/guard.hpp"

namespace baton::pg {

namespace {

BackgroundWorker Described(const char* name, const char* function, WorkerKind kind) {
  BackgroundWorker worker{};
  strlcpy(worker.bgw_name, name, BGW_MAXLEN);
  strlcpy(worker.bgw_type, name, BGW_MAXLEN);
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS;
  if (kind == WorkerKind::kWithDatabase) worker.bgw_flags |= BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_ConsistentState;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  strlcpy(worker.bgw_library_name, "pg_baton", sizeof(worker.bgw_library_name));
  strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
  return worker;
}

}  // namespace

void RegisterWorker(const char* name, const char* function, WorkerKind kind) {
  Call([&] {
    BackgroundWorker worker = Described(name, function, kind);
    worker.bgw_restart_time = 1;
    RegisterBackgroundWorker(&worker);
  });
}

BackgroundWorkerHandle* StartWorker(const char* name, const char* function, WorkerKind kind,
                                    Datum argument, pid_t notify) {
  return Call([&]() -> BackgroundWorkerHandle* {
    BackgroundWorker worker = Described(name, function, kind);
    worker.bgw_main_arg = argument;
    worker.bgw_notify_pid = notify;
    BackgroundWorkerHandle* handle = nullptr;
    MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
    const bool started = RegisterDynamicBackgroundWorker(&worker, &handle);
    MemoryContextSwitchTo(before);
    return started ? handle : nullptr;
  });
}

void BeginWorker() {
  Call([] {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
  });
}

void ConnectTo(const char* database, const char* lock_timeout) {
  Call([&] {
    BackgroundWorkerInitializeConnection(database, nullptr, 0);
    SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
    SetConfigOption("lock_timeout", lock_timeout, PGC_USERSET, PGC_S_OVERRIDE);
    SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_OVERRIDE);
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

void WaitForSockets(std::vector<SocketWait>& sockets, std::chrono::milliseconds limit,
                    std::uint32_t event) {
  SocketWait* const first = sockets.data();
  const int count = static_cast<int>(sockets.size());
  std::vector<WaitEvent> happened(sockets.size() + 2);
  WaitEvent* const events = happened.data();
  Call([&] {
    WaitEventSet* const set = NewWaitEventSet(count + 2);
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    for (int i = 0; i < count; ++i) {
      const int wanted = (first[i].wants_read ? WL_SOCKET_READABLE : 0) |
                         (first[i].wants_write ? WL_SOCKET_WRITEABLE : 0);
      AddWaitEventToSet(set, wanted, first[i].socket, nullptr, &first[i]);
    }
    const int ready =
        WaitEventSetWait(set, std::max<long>(limit.count(), 0), events, count + 2, event);
    FreeWaitEventSet(set);
    for (int i = 0; i < ready; ++i) {
      if ((events[i].events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
      if (events[i].user_data != nullptr) {
        static_cast<SocketWait*>(events[i].user_data)->ready = true;
      }
    }
  });
  HandleInterrupts();
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
