// What a base backup says of itself, in its file backup_label and, at its end, in the note that the
// archive gets (build_backup_content in src/backend/access/transam/xlogbackup.c; before 16 in
// xlog.c).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::core {

struct BackupLabel {
  Lsn start;                // where recovery has to begin
  TimelineId timeline = 0;  // on which
  std::string start_time;   // as the server wrote it, with its time zone
  std::string label;        // may be empty
  bool is_incremental = false;
  Lsn stop;  // up to where recovery has to go at least; none but in the note
};

// nullopt if it has no start, or no timeline.
std::optional<BackupLabel> ParseBackupLabel(std::string_view text);

// Whether `one` began later in the life of the cluster: on a newer timeline, or further on.
bool IsNewer(const BackupLabel& one, const BackupLabel& other);

}  // namespace baton::core
