// The server on whose behalf a file is archived or restored: known by the data directory that the
// file lies in, without asking the server, which may be just starting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/wal_segment.hpp"

namespace baton::helper {

struct WalHome {
  std::filesystem::path data;  // absolute
  // Cluster and version that its WAL must be of; the size of segments is not known from here.
  core::SegmentOrigin origin;
};

// `path` as the server means it: what is relative, is so from its data directory, in which it runs
// commands.  `data` is that one if it was given, or empty.
std::filesystem::path AsTheServerMeans(const std::filesystem::path& path,
                                       const std::filesystem::path& data);

// The data directory is `data`, if it was given; else the nearest folder above `file` that is one,
// by names alone, since pg_wal may be a link; else the present folder.  nullopt if there is none.
// Throws kFailed where it cannot be read, or the given one is none.  Files: PG_VERSION, and the
// first field of global/pg_control (ControlFileData in src/include/catalog/pg_control.h).
std::optional<WalHome> FindWalHome(const std::filesystem::path& file,
                                   const std::filesystem::path& data);

}  // namespace baton::helper
