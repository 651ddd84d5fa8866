// Bytes, durations and rates as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace baton::core {

// "0 B", "812 B", "16 MB", "1.5 GB": powers of 1024, as PostgreSQL's pg_size_pretty, with one
// decimal below ten.
std::string BytesText(std::int64_t bytes);

constexpr double Seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// "0 ms", "12 ms", "3.4 s", "5 min 02 s", "3 h 07 min".
std::string DurationText(std::chrono::microseconds duration);

}  // namespace baton::core
