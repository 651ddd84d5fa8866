// Reads a file from the archive's folder in a process of its own, since a folder on a network may
// hang and no backend may hang with it.
#pragma once

#include <chrono>
#include <string>

#include "core/archive_round_trip.hpp"

namespace baton {

// Brings the segment to `path`.  After `limit` the process is killed.  Interruptible.
core::DirectoryReading ReadFromArchive(const std::string& directory, const std::string& segment,
                                       const std::string& path, std::chrono::milliseconds limit);

}  // namespace baton
