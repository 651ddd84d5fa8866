// What pg_backup_stop() notes of a base backup in the archive: from where on it needs WAL, and up
// to where at least.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::core {

struct BackupNote {
  std::string name;         // "000000010000000000000003.00000028.backup"; empty if it is none's
  TimelineId timeline = 0;  // none if it is not known
  Lsn start;
  Lsn stop;  // none if it is not known

  bool operator==(const BackupNote&) const = default;
};

// What the name alone says, with or without the ending of a packing; nullopt if it is no note's.
std::optional<BackupNote> BackupNoteNamed(std::string_view name, std::uint64_t segment_bytes);

}  // namespace baton::core
