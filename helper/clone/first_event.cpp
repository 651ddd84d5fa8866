#include "helper/clone/first_event.hpp"

#include <fmt/format.h>

#include "core/event_log.hpp"
#include "core/node_state.hpp"
#include "core/quantity.hpp"

namespace baton::helper {
namespace {

// TimestampTz counts microseconds from the first day of 2000 (datatype/timestamp.h).
std::int64_t TimestampNow() {
  using namespace std::chrono;
  constexpr sys_days kPostgresEpoch = year(2000) / January / 1;
  return duration_cast<microseconds>(system_clock::now() - kPostgresEpoch).count();
}

}  // namespace

void WriteFirstEvent(ClonePlace& place, std::int64_t bytes, std::chrono::microseconds took) {
  const std::string system =
      place.source.Value("SELECT system_identifier FROM pg_control_system()");
  const auto events = std::make_unique<core::EventLog>();
  events->Add(TimestampNow(), "clone",
              fmt::format("made as a copy of node {}: {} in {}", place.source_facts.name,
                          core::BytesText(bytes), core::DurationText(took)),
              fmt::format("{} bytes in {:.3f} s, from {} port {}", bytes,
                          std::chrono::duration<double>(took).count(), place.source.host(),
                          place.source.port()));
  const fs::path folder = place.directory / "pg_baton";
  fs::create_directory(folder);
  const bool group_access = place.GroupMayRead();
  SetMode(folder, group_access ? 0750 : 0700);
  ReplaceFile(folder / "events",
              core::EventsToFile(*events, core::FileOwner(place.request.node_name, system)),
              group_access ? 0640 : 0600);
  Flush(place.directory);
}

}  // namespace baton::helper
