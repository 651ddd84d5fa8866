// A worker for one duty that lives as long as there is something to do, so that what may hang or
// fail in it stops nobody else.
#pragma once

#include "pg/postgres.hpp"

#include "pg/worker.hpp"
#include "shared_state.hpp"

namespace baton {

// The side of the permanent worker that has it started.  `name` is that of the process, `function`
// a symbol of this library; there, the duty is taken up first.
class DutyWorker {
 public:
  DutyWorker(shared::Duty duty, const char* name, const char* function, pg::WorkerKind kind)
      : duty_(duty), name_(name), function_(function), kind_(kind) {}

  // Also one that a predecessor of this process has started.
  bool IsAtWork();
  // This process's latch is set when it begins and ends.  False, and once a warning in the log, if
  // all of max_worker_processes are taken.
  bool Start();

 private:
  shared::Duty duty_;
  const char* name_;
  const char* function_;
  pg::WorkerKind kind_;
  BackgroundWorkerHandle* handle_ = nullptr;
  bool told_ = false;
};

}  // namespace baton
