// What all background workers of this library share: how they are registered, begin and wait.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace baton::pg {

enum class WorkerKind { kWithDatabase, kWithSharedMemoryOnly };

// A worker that starts when a standby becomes consistent and is started again a second after it
// ended; called while shared_preload_libraries are loaded.  `function` is a symbol of this library.
void RegisterWorker(const char* name, const char* function, WorkerKind kind);

// Starts a worker that runs once, with this argument; the process `notify`, unless 0, gets its
// latch set when it starts and ends.  Null if all of max_worker_processes are taken.  The handle
// lives until it is given to pfree.
BackgroundWorkerHandle* StartWorker(const char* name, const char* function, WorkerKind kind,
                                    Datum argument, pid_t notify);

// First thing in a worker: signals as backends have them.
void BeginWorker();

// Connects a worker to a database, as the bootstrap superuser.  A superuser's SQL must not find
// anybody's operators, nor wait for anybody's locks for long.
void ConnectTo(const char* database, const char* lock_timeout);

// Waits until the latch is set, or `limit` is over; takes new settings.  Returns whether the latch
// was set.  Ends the process when it is told to end, or the postmaster is gone.
bool WaitForLatch(std::chrono::milliseconds limit, std::uint32_t event);

struct SocketWait {
  int socket = -1;
  bool wants_write = false;  // rather than to read, or besides
  bool wants_read = true;
  bool ready = false;  // set by the wait
};

// The same, and until one of the sockets is ready.
void WaitForSockets(std::vector<SocketWait>& sockets, std::chrono::milliseconds limit,
                    std::uint32_t event);

// Takes new settings if there are any, and ends the process if it is told to; for a worker that
// waits in another way.
void HandleInterrupts();

}  // namespace baton::pg
