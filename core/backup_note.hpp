// What pg_backup_stop() notes of a base backup in the archive (build_backup_content in
// src/backend/access/transam/xlogbackup.c; in 15 in xlog.c): from where on it needs WAL, and up to
// where at least.
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

// What the name alone says.  It is one of a backup's note.
BackupNote BackupNoteNamed(std::string_view name, std::uint64_t segment_bytes);

// The positions that the note, or a backup_label, has in it; nullopt if it has no start.
std::optional<BackupNote> ParseBackupNote(std::string_view text);

}  // namespace baton::core
