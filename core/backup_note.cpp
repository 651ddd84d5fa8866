#include "core/backup_note.hpp"

#include <charconv>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

// What follows the words at the beginning of a line, up to a blank; empty if no line begins so.
std::string_view WordAfter(std::string_view text, std::string_view words) {
  for (std::size_t at = text.find(words); at != std::string_view::npos;
       at = text.find(words, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    const std::string_view rest = text.substr(at + words.size());
    return rest.substr(0, rest.find_first_of(" \n\r"));
  }
  return {};
}

}  // namespace

BackupNote BackupNoteNamed(std::string_view name, std::uint64_t segment_bytes) {
  std::uint64_t offset = 0;
  const std::string_view digits = name.substr(25, 8);
  std::from_chars(digits.data(), digits.data() + digits.size(), offset, 16);
  return {std::string(name), TimelineOf(name),
          Lsn(BeginOf(name.substr(0, 24), segment_bytes).bytes() + offset), Lsn()};
}

std::optional<BackupNote> ParseBackupNote(std::string_view text) {
  const auto start = Lsn::Parse(WordAfter(text, "START WAL LOCATION: "));
  if (!start || start->IsNone()) return std::nullopt;
  BackupNote note;
  note.start = *start;
  note.stop = Lsn::Parse(WordAfter(text, "STOP WAL LOCATION: ")).value_or(Lsn());
  const std::string_view timeline = WordAfter(text, "START TIMELINE: ");
  std::from_chars(timeline.data(), timeline.data() + timeline.size(), note.timeline);
  return note;
}

}  // namespace baton::core
