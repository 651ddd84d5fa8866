// SIGINT, SIGTERM and SIGHUP as a question that is asked between steps, so that whatever has been
// made half-way is cleaned up by destructors.
#pragma once

namespace baton::helper {

void WatchForInterrupts();
bool WasInterrupted();
// Throws kInterrupted after a signal.
void CheckInterrupt();

}  // namespace baton::helper
