#include "archive_reading.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>

#include "archive/store.hpp"
#include "core/quantity.hpp"
#include "errand.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/worker.hpp"

namespace baton {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds kMoment{20};
constexpr const char* kBrought = "brought";

Errand::Work ReadWork(const std::string& directory, const std::string& segment,
                      const std::string& path) {
  return
      [=] { return std::string(archive::Store(directory).Get(segment, path, {}) ? kBrought : ""); };
}

}  // namespace

core::DirectoryReading ReadFromArchive(const std::string& directory, const std::string& segment,
                                       const std::string& path, Milliseconds limit) {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonRoundTrip"); });
  core::DirectoryReading reading;
  reading.segment = segment;
  reading.directory = directory;
  const core::Instant began = pg::Now();
  try {
    Errand errand("reading " + segment, ReadWork(directory, segment, path));
    for (errand.Advance(); !errand.Finished(); errand.Advance()) {
      reading.took = pg::Now() - began;
      if (reading.took >= limit) {
        reading.error = fmt::format("no answer within {}", core::DurationText(limit));
        return reading;
      }
      pg::WaitForLatch(kMoment, event);
    }
    reading.took = pg::Now() - began;
    reading.found = errand.Found() == kBrought;
  } catch (const core::Error& error) {
    reading.error = error.message();
    reading.detail = error.detail();
  }
  return reading;
}

}  // namespace baton
