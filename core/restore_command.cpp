#include "core/restore_command.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace baton::core {
namespace {

struct Placeholder {
  char letter;
  std::string_view text;
};

std::string Expand(std::string_view command, const std::vector<Placeholder>& placeholders) {
  std::string expanded;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char next = command[i] == '%' && i + 1 < command.size() ? command[i + 1] : '\0';
    const auto found =
        std::find_if(placeholders.begin(), placeholders.end(),
                     [&](const Placeholder& one) { return next != '\0' && one.letter == next; });
    if (found == placeholders.end()) {
      expanded += command[i];
      continue;
    }
    expanded += found->text;
    ++i;
  }
  return expanded;
}

// One word of the shell, whatever is in it.
std::string Word(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace

std::string SegmentName(TimelineId timeline, Lsn lsn, std::uint64_t segment_bytes) {
  const std::uint64_t segment = lsn.bytes() / segment_bytes;
  const std::uint64_t per_file_id = 0x100000000 / segment_bytes;
  return fmt::format("{:08X}{:08X}{:08X}", timeline, segment / per_file_id, segment % per_file_id);
}

std::string HistoryName(TimelineId timeline) { return fmt::format("{:08X}.history", timeline); }

std::string ExpandRestoreCommand(std::string_view command, std::string_view file,
                                 std::string_view path) {
  constexpr std::string_view kBeforeAll = "000000000000000000000000";
  return Expand(command, {{'f', file}, {'p', path}, {'r', kBeforeAll}, {'%', "%"}});
}

std::string ExpandArchiveCommand(std::string_view command, std::string_view file,
                                 std::string_view path) {
  return Expand(command, {{'f', file}, {'p', path}, {'%', "%"}});
}

std::string WithoutPlaceholders(std::string_view text) {
  std::string plain;
  for (const char c : text) plain += c == '%' ? std::string("%%") : std::string(1, c);
  return plain;
}

std::string ArchiveGetCommand(std::string_view program, std::string_view directory) {
  return fmt::format("{} archive-get '%f' '%p' --archive-directory={}",
                     WithoutPlaceholders(Word(program)), WithoutPlaceholders(Word(directory)));
}

}  // namespace baton::core
