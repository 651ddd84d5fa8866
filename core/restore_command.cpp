#include "core/restore_command.hpp"

#include <fmt/format.h>

namespace baton::core {

std::string SegmentName(TimelineId timeline, Lsn lsn, std::uint64_t segment_bytes) {
  const std::uint64_t segment = lsn.bytes() / segment_bytes;
  const std::uint64_t per_file_id = 0x100000000 / segment_bytes;
  return fmt::format("{:08X}{:08X}{:08X}", timeline, segment / per_file_id, segment % per_file_id);
}

std::string HistoryName(TimelineId timeline) { return fmt::format("{:08X}.history", timeline); }

std::string ExpandRestoreCommand(std::string_view command, std::string_view file,
                                 std::string_view path) {
  constexpr std::string_view kBeforeAll = "000000000000000000000000";
  std::string expanded;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char next = command[i] == '%' && i + 1 < command.size() ? command[i + 1] : '\0';
    if (next == 'f') {
      expanded += file;
    } else if (next == 'p') {
      expanded += path;
    } else if (next == 'r') {
      expanded += kBeforeAll;
    } else if (next == '%') {
      expanded += '%';
    } else {
      expanded += command[i];
      continue;
    }
    ++i;
  }
  return expanded;
}

}  // namespace baton::core
