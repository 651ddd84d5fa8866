#include "event_reporter.hpp"

#include <csignal>
#include <cstring>
#include <fmt/format.h>

#include "core/event_environment.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/worker.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "shell_command.hpp"

namespace baton {
namespace {

// How long its end may go unnoticed if something that it left behind holds its standard error.
constexpr auto kTurn = std::chrono::milliseconds(100);

std::string HowItEnded(const ShellCommand& command, std::chrono::milliseconds limit) {
  const ShellCommand::Result& result = command.result();
  switch (result.end) {
    case ShellCommand::End::kExited:
      return fmt::format("event command failed with exit code {}", result.exit_code);
    case ShellCommand::End::kSignalled:
      return fmt::format("event command was ended by signal {}: {}", result.signal,
                         strsignal(result.signal));
    case ShellCommand::End::kTimedOut:
      return fmt::format("event command was killed after {} ms", limit.count());
    default:
      return "could not start event command";
  }
}

void RunFor(const core::Event& event, const std::string& command) {
  static const std::uint32_t wait = pg::Call([] { return pg::NewWaitEvent("PgBatonEvents"); });
  const std::chrono::milliseconds limit = setting::EventCommandTimeout();
  ShellCommand child(command, core::EventEnvironment(event, setting::NodeName()), limit);
  while (!child.Finished()) {
    child.Wait(kTurn);
    // Ends this process, and the child with it, if the postmaster is gone.
    pg::WaitForLatch(std::chrono::milliseconds(0), wait);
  }
  if (child.result().end == ShellCommand::End::kExited && child.result().exit_code == 0) return;
  const std::string message = HowItEnded(child, limit);
  const std::string detail =
      fmt::format("Event {}: {}{}{}", event.id, event.message.view(),
                  child.errors().empty() ? "" : "; it printed: ", child.errors());
  pg::Call([&] {
    ereport(WARNING, (errmsg("%s", message.c_str()), errdetail_internal("%s", detail.c_str()),
                      errhint("It is not repeated; see pg_baton.event_command.")));
  });
}

void TellLost(std::int64_t lost) {
  pg::Call([lost] {
    ereport(WARNING, (errmsg("%lld events were never handed to the event command",
                             static_cast<long long>(lost)),
                      errdetail("It is slower than they come, and only the last %zu are kept.",
                                core::EventLog::kMostEvents)));
  });
}

// Events are counted as reported before the command runs: none is ever reported twice.
void ReportEvents() {
  const auto log = std::make_unique<core::EventLog>();
  while (shared::TakeUp(shared::Duty::kEvents)) {
    for (;;) {
      pg::HandleInterrupts();
      const std::string command = setting::EventCommand();
      const std::int64_t reported = shared::EventsReported();
      shared::Board<core::EventLog>().Read(*log);
      const core::Event* const event = log->After(reported);
      if (command.empty() || event == nullptr) break;
      if (event->id > reported + 1) TellLost(event->id - reported - 1);
      shared::CountEventsReported(event->id);
      RunFor(*event, command);
    }
    shared::LayDown(shared::Duty::kEvents);
    // The monitor may have seen this worker at work just before that, and started no other.
    shared::Board<core::EventLog>().Read(*log);
    if (setting::EventCommand().empty() || log->After(shared::EventsReported()) == nullptr) return;
  }
}

}  // namespace

void EventReporter::Advance(std::int64_t last_id) {
  if (setting::EventCommand().empty()) return shared::CountEventsReported(last_id);
  if (shared::EventsReported() >= last_id || worker_.IsAtWork()) return;
  // Its end wakes the monitor, which then looks whether there is more.
  worker_.Start();
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_events_main(Datum) {
  baton::pg::Entry([] {
    baton::pg::BeginWorker();
    baton::ReportEvents();
  });
}
}
