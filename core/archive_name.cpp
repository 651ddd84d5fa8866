#include "core/archive_name.hpp"

#include <algorithm>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

constexpr std::string_view kPartialEnding = ".partial";
constexpr std::string_view kHistoryEnding = ".history";
constexpr std::string_view kBackupEnding = ".backup";
constexpr std::size_t kSegmentLength = 24;
constexpr std::size_t kTimelineLength = 8;

bool IsHexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
}

// "000000010000000000000003.00000028.backup"
bool IsBackupName(std::string_view name) {
  constexpr std::size_t kOffsetLength = 8;
  return name.size() == kSegmentLength + 1 + kOffsetLength + kBackupEnding.size() &&
         name[kSegmentLength] == '.' && name.ends_with(kBackupEnding) &&
         IsHexadecimal(name.substr(kSegmentLength + 1, kOffsetLength));
}

std::optional<ArchivedKind> KindOf(std::string_view name) {
  if (name.size() == kTimelineLength + kHistoryEnding.size() && name.ends_with(kHistoryEnding) &&
      IsHexadecimal(name.substr(0, kTimelineLength))) {
    return ArchivedKind::kHistory;
  }
  if (!IsSegmentName(name.substr(0, kSegmentLength))) return std::nullopt;
  if (name.size() == kSegmentLength) return ArchivedKind::kSegment;
  if (name.substr(kSegmentLength) == kPartialEnding) return ArchivedKind::kPartial;
  if (IsBackupName(name)) return ArchivedKind::kBackup;
  return std::nullopt;
}

}  // namespace

std::string_view PackingEnding(Packing packing) {
  switch (packing) {
    case Packing::kPlain:
      break;
    case Packing::kZstd:
      return ".zst";
    case Packing::kLz4:
      return ".lz4";
    case Packing::kGzip:
      return ".gz";
  }
  return "";
}

std::string_view ArchivedName::Segment() const {
  return kind == ArchivedKind::kHistory ? std::string_view()
                                        : std::string_view(name).substr(0, kSegmentLength);
}

std::optional<ArchivedName> ParseArchivedName(std::string_view file) {
  ArchivedName parsed;
  for (const Packing packing : kPackings) {
    if (packing == Packing::kPlain || !file.ends_with(PackingEnding(packing))) continue;
    parsed.packing = packing;
    file.remove_suffix(PackingEnding(packing).size());
    break;
  }
  const auto kind = KindOf(file);
  if (!kind) return std::nullopt;
  parsed.kind = *kind;
  parsed.name = file;
  parsed.timeline = TimelineOf(file);
  return parsed;
}

}  // namespace baton::core
