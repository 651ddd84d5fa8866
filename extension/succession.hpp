// Carries out what follows from a promotion on the new primary, whoever promoted it
// (core/succession.hpp has the steps), and keeps the reign.
#pragma once

#include "chronicle.hpp"
#include "reign_state.hpp"
#include "shared_state.hpp"

namespace baton {

class SuccessionRunner {
 public:
  SuccessionRunner();

  // Begins a reign when recovery has ended, and returns whether it did.  `report` still has what
  // was known as a standby.
  bool NoticePromotion(const Report& report, const Registry& registry, Chronicle& chronicle);

  // Takes the steps that are due.  The monitor, outside of a transaction.
  void Advance(const Registry& registry, Chronicle& chronicle);

 private:
  void BeginAsStarted();
  void Take(core::SuccessionStep step, const Registry& registry, Chronicle& chronicle);
  bool MakeSlots(const Registry& registry, Chronicle& chronicle);
  void LeaveSyncNames(Chronicle& chronicle);
  void CheckRegistration(const Registry& registry, Chronicle& chronicle);
  bool WriteRecord();

  ReignState state_;
};

}  // namespace baton
