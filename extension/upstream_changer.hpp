// Lets this standby follow the node that somebody has asked for, step by step as
// core/upstream_change.hpp says: a worker's work, since other nodes are asked for it.
#pragma once

#include "pg/postgres.hpp"

#include "duty_worker.hpp"

namespace baton {

// The monitor's side of it.
class UpstreamChanger {
 public:
  // Has the worker started if there is a request and none is at work.
  void Advance();

 private:
  DutyWorker worker_{shared::Duty::kUpstream, "pg_baton follow", "pg_baton_follow_main",
                     pg::WorkerKind::kWithSharedMemoryOnly};
};

}  // namespace baton
