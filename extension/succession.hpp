// Carries out what follows from a promotion on the new primary, whoever promoted it
// (core/succession.hpp has the steps), and keeps the reign.  A worker takes the steps: they write,
// and whoever writes waits for a storage that hangs.
#pragma once

#include "chronicle.hpp"
#include "duty_worker.hpp"
#include "reign_state.hpp"
#include "shared_state.hpp"

namespace baton {

// The monitor's side.
class SuccessionStarter {
 public:
  SuccessionStarter();

  // Begins a reign when recovery has ended, and returns whether it did.  `report` still has what
  // was known as a standby.
  bool NoticePromotion(const Report& report, const Registry& registry, Chronicle& chronicle);

  // Has the worker started if a step is due.
  void Advance(const Registry& registry);

 private:
  DutyWorker worker_{shared::Duty::kSuccession, "pg_baton succession", "pg_baton_succession_main",
                     pg::WorkerKind::kWithDatabase};
};

}  // namespace baton
