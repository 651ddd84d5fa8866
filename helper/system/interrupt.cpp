#include "helper/system/interrupt.hpp"

#include <csignal>

#include "core/error.hpp"

namespace baton::helper {
namespace {

volatile std::sig_atomic_t interrupted = 0;
int held_off = 0;

extern "C" void NoteInterrupt(int) { interrupted = 1; }

}  // namespace

void WatchForInterrupts() {
  struct sigaction action {};
  action.sa_handler = NoteInterrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool WasInterrupted() { return interrupted != 0; }

WithoutInterrupts::WithoutInterrupts() { ++held_off; }
WithoutInterrupts::~WithoutInterrupts() { --held_off; }

void CheckInterrupt() {
  if (interrupted == 0 || held_off > 0) return;
  throw core::Error(core::ErrorCode::kInterrupted, "interrupted", "",
                    "Run the same command again.");
}

}  // namespace baton::helper
