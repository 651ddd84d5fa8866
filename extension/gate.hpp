// The write gate in shared memory: read by every backend at each commit, closed and opened by the
// owners of its reasons.  core/gate.hpp has the rules.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/gate.hpp"
#include "core/reign.hpp"

namespace baton::gate {

// In _PG_init, shmem_request_hook and shmem_startup_hook.
void InstallHooks();
void RequestMemory();
void Attach();

// One reading; takes no lock.  Any process.
core::GateWords Read();

// When the server began; a crash restart is no beginning.
core::Instant StartedAt();

// Quarantine and the other times of a start count from the end of recovery: from the first call of
// this outside of it, by whoever comes first.
void BeginCounting();
core::Instant CountsFrom();

// Adds or takes away one reason and leaves the others; only for the owner of that reason.
void Close(core::GateReason reason);
void Open(core::GateReason reason);
void WakeWaiters();
void OpenQuietly(core::GateReason reason);  // wakes nobody; where a lock is held
// Moves the moments at which quarantine ends, isolation or doubt begins, or waiting turns into
// failing.
void SetQuarantineEnd(core::Instant moment);
void SetIsolationBegin(core::Instant moment);
void SetDoubtBegin(core::Instant moment);
void SetWaitingUntil(core::Instant moment);

// Whether quarantine ended without an answer, and none came since.
bool OpenedUnheard();
void SetOpenedUnheard(bool value);

// For the backend itself (extension/passage.cpp): whether there is a gate, its own flags, waiting
// for the gate to change (`limit` at most, interruptible), and giving up on a doubt that began
// then.
bool IsAttached();
void MarkCommitting(bool value);
void MarkOrdinary(std::int32_t pid);  // 0: no session of an ordinary user
void WaitForChange(std::chrono::milliseconds limit);
void EndDoubt(core::Instant begun);

// While this is set nobody can log in, but for replication: the server is about to begin anew as a
// standby.
void SetTurningAway(bool value);
bool IsTurningAway();

// How many transactions have passed the first check and have not met the second.
int CountCommitting();

// Ends the sessions of ordinary users: of those who are no superuser, have no REPLICATION and are
// no member of baton_operator or pg_monitor.  Returns how many were told to end.
int EndOrdinarySessions();

// While one of these is alive, this process commits whatever the gate says; for a worker's own
// transactions that acknowledge nothing to anybody.
class Exemption {
 public:
  Exemption();
  ~Exemption();
  Exemption(const Exemption&) = delete;
  Exemption& operator=(const Exemption&) = delete;
};

}  // namespace baton::gate
