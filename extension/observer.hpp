// The process that asks the other nodes who they are and how they fare, each on its own schedule
// and with its own time limit, so that a node that hangs delays no answer of another.
#pragma once

namespace baton {

void RegisterObserver();

}  // namespace baton
