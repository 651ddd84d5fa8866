// SIGINT, SIGTERM and SIGHUP as a question that is asked between steps, so that whatever has been
// made half-way is cleaned up by destructors.
#pragma once

namespace baton::helper {

void WatchForInterrupts();
bool WasInterrupted();
// Throws kInterrupted after a signal.
void CheckInterrupt();

// While one of these lives, CheckInterrupt throws nothing: for cleaning up after an interrupt.
class WithoutInterrupts {
 public:
  WithoutInterrupts();
  ~WithoutInterrupts();
  WithoutInterrupts(const WithoutInterrupts&) = delete;
  WithoutInterrupts& operator=(const WithoutInterrupts&) = delete;
};

}  // namespace baton::helper
