#include "core/backup_note.hpp"

#include <charconv>

#include "core/archive_name.hpp"
#include "core/wal_segment.hpp"

namespace baton::core {

std::optional<BackupNote> BackupNoteNamed(std::string_view name, std::uint64_t segment_bytes) {
  const auto parsed = ParseArchivedName(name);
  if (!parsed || parsed->kind != ArchivedKind::kBackup) return std::nullopt;
  constexpr std::size_t kOffsetAt = 25;
  constexpr std::size_t kOffsetEnd = 33;
  std::uint64_t offset = 0;
  std::from_chars(parsed->name.data() + kOffsetAt, parsed->name.data() + kOffsetEnd, offset, 16);
  return BackupNote{parsed->name, parsed->timeline,
                    Lsn(BeginOf(parsed->Segment(), segment_bytes).bytes() + offset), Lsn()};
}

}  // namespace baton::core
