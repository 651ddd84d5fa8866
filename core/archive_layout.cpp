#include "core/archive_layout.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

constexpr std::size_t kSegmentLength = 24;
constexpr std::size_t kFolderLength = 16;

bool IsNumber(std::string_view text, std::size_t most_digits) {
  return !text.empty() && text.size() <= most_digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "15-1", where pgBackRest keeps the segments of one cluster.
bool IsClusterOfPgBackRest(std::string_view name) {
  const std::size_t dash = name.find('-');
  return dash != std::string_view::npos && IsNumber(name.substr(0, dash), 2) &&
         IsNumber(name.substr(dash + 1), 9);
}

// "000000010000000000000001-", then a checksum.
bool IsSegmentOfPgBackRest(std::string_view name) {
  constexpr std::size_t kChecksumLength = 40;
  return name.size() > kSegmentLength + kChecksumLength && name[kSegmentLength] == '-' &&
         IsSegmentName(name.substr(0, kSegmentLength));
}

// The first sixteen digits of the segments in it.
bool IsFolderOfSegments(std::string_view name) {
  return name.size() == kFolderLength && IsSegmentName(fmt::format("{}00000000", name));
}

}  // namespace

std::string_view ToolOf(std::string_view entry, bool is_directory) {
  if (entry == "archive.info" || entry == "archive.info.copy" || IsSegmentOfPgBackRest(entry) ||
      (is_directory && IsClusterOfPgBackRest(entry))) {
    return "pgBackRest";
  }
  if (entry == "xlog.db" || entry == "identity.json" || (is_directory && entry == "wals")) {
    return "Barman";
  }
  if (is_directory && (entry == "wal_005" || entry == "basebackups_005")) return "WAL-G";
  return is_directory && IsFolderOfSegments(entry) ? kEitherTool : "";
}

}  // namespace baton::core
