// Asks whether the directory of our own archive library is there and how much room it has, without
// ever waiting for it: a child asks, and what it found is taken up at a later look.
#pragma once

#include <memory>
#include <string>

#include "errand.hpp"
#include "shared_state.hpp"

namespace baton {

class TargetProbe {
 public:
  // Begins a question when one is due, and puts what was found into the report; returns whether it
  // did either.
  bool Advance(StorageReport& report);

 private:
  void Begin(StorageReport& report);
  void TakeUp(StorageReport& report);

  std::unique_ptr<Errand> errand_;
  std::string directory_;
  core::Instant due_{};
};

}  // namespace baton
