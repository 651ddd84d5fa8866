// This machine's own clocks: one for differences, which goes on during suspend and is never set,
// and the server's wall clock for what people read.
#pragma once

#include "pg/postgres.hpp"

#include <ctime>

#include "core/lag_history.hpp"

namespace baton::pg {

inline core::Instant Now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) +
         std::chrono::duration_cast<core::Instant>(std::chrono::nanoseconds(now.tv_nsec));
}

// Time since a moment that the server's wall clock had stamped; never negative.
inline std::chrono::microseconds Since(TimestampTz moment) {
  const TimestampTz now = GetCurrentTimestamp();
  return std::chrono::microseconds(now > moment ? now - moment : 0);
}

// Unix microseconds to the server's epoch, 2000-01-01.
inline TimestampTz FromUnix(std::int64_t microseconds) {
  constexpr std::int64_t kDays = POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE;
  return microseconds - kDays * USECS_PER_DAY;
}

}  // namespace baton::pg
