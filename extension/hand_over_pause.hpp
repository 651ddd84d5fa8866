// Stopping points for tests: pg_baton.pause_at names a step of the giver, or "taker_" and a state
// of the taker, at which the worker waits until the setting says something else.
#pragma once

#include <string_view>

namespace baton {

void PauseAt(std::string_view place);

}  // namespace baton
