// What a file in a WAL archive is, by its name: the names are the server's own (IsXLogFileName and
// its like in src/include/access/xlog_internal.h), with an ending where the file is compressed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::core {

// How a file is stored; its ending tells.
enum class Packing { kPlain, kZstd, kLz4, kGzip };
inline constexpr std::array kPackings = {Packing::kPlain, Packing::kZstd, Packing::kLz4,
                                         Packing::kGzip};
std::string_view PackingEnding(Packing packing);  // "", ".zst", ".lz4", ".gz"

enum class ArchivedKind {
  kSegment,
  kPartial,  // the last segment of a timeline that was left for another
  kHistory,
  kBackup,  // what pg_backup_stop() notes of a base backup
};

struct ArchivedName {
  ArchivedKind kind = ArchivedKind::kSegment;
  Packing packing = Packing::kPlain;
  std::string name;  // as the server calls it, without the ending of the packing
  TimelineId timeline = 0;

  // The 24 digits of the segment that it is, or is about; empty of a history.
  std::string_view Segment() const;
  bool operator==(const ArchivedName&) const = default;
};

// nullopt for what the server never archives, and for other ways to compress.
std::optional<ArchivedName> ParseArchivedName(std::string_view file);

}  // namespace baton::core
