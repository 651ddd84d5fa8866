// pg_baton.event_command: each new event is handed to a shell command of the administrator's, in
// order, by a worker that lives as long as there is something to hand over.  No permanent worker
// ever waits for it.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>

#include "duty_worker.hpp"

namespace baton {

// The monitor's side of it.
class EventReporter {
 public:
  // After events up to `last_id` were published: has the worker started, if there is something for
  // it and none is at work.  While no command is set, events are passed over.
  void Advance(std::int64_t last_id);

 private:
  DutyWorker worker_{shared::Duty::kEvents, "pg_baton events", "pg_baton_events_main",
                     pg::WorkerKind::kWithSharedMemoryOnly};
};

}  // namespace baton
