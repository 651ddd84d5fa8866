// Carries out one promotion, a step a turn of the monitor's loop, so that health goes on meanwhile.
#pragma once

namespace baton {

// Takes up a submitted promotion, or looks whether the running one has ended.  Returns true while
// one is under way and wants the next turn soon.
bool AdvancePromotion();

}  // namespace baton
