#include "core/archive_listing.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

constexpr std::size_t kSegmentLength = 24;

// As of cp to another name first, rsync and others: the name of a segment or a history is in it.
bool IsTemporaryName(std::string_view name) {
  while (!name.empty() && (name.front() == '.' || name.front() == '_')) name.remove_prefix(1);
  if (name.starts_with("tmp.")) name.remove_prefix(4);
  if (IsSegmentName(name.substr(0, kSegmentLength))) return true;
  constexpr std::string_view kHistory = ".history";
  return name.size() > 8 + kHistory.size() && name.substr(8, kHistory.size()) == kHistory;
}

}  // namespace

std::string_view StoredEnding(Stored stored) {
  if (stored == Stored::kXz) return ".xz";
  if (stored == Stored::kBzip2) return ".bz2";
  return PackingEnding(*PackingOf(stored));
}

std::optional<Packing> PackingOf(Stored stored) {
  const auto number = static_cast<std::size_t>(stored);
  if (number >= kPackings.size()) return std::nullopt;
  return kPackings[number];
}

std::string ShownName(std::string_view name) {
  std::string shown;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F) {
      shown += c;
    } else {
      shown += fmt::format("\\x{:02X}", byte);
    }
  }
  return shown;
}

void SomeNames::Add(std::string_view name) {
  ++count_;
  first_.emplace(name);
  if (first_.size() > kMost) first_.erase(std::prev(first_.end()));
}

std::optional<SegmentPlace> TimelineFiles::Next(const std::array<SegmentSet, kWaysToStore>& sets,
                                                SegmentPlace from) {
  std::optional<SegmentPlace> next;
  for (const SegmentSet& set : sets) {
    const auto place = set.From(from);
    if (place && (!next || *place < *next)) next = place;
  }
  return next;
}

std::optional<SegmentPlace> TimelineFiles::Next(SegmentPlace from) const {
  const auto whole_place = Next(whole, from);
  const auto partial_place = Next(partial, from);
  if (!whole_place || !partial_place) return whole_place ? whole_place : partial_place;
  return std::min(*whole_place, *partial_place);
}

std::optional<SegmentPlace> TimelineFiles::LastWhole() const {
  std::optional<SegmentPlace> last;
  for (const SegmentSet& set : whole) last = std::max(last, set.Last());
  return last;
}

void ArchiveListing::Add(std::string_view file, bool is_directory) {
  auto stored = Stored::kPlain;
  auto parsed = ParseArchivedName(file);
  if (parsed) stored = static_cast<Stored>(parsed->packing);
  for (const Stored other : {Stored::kXz, Stored::kBzip2}) {
    if (!file.ends_with(StoredEnding(other))) continue;
    stored = other;
    parsed = ParseArchivedName(file.substr(0, file.size() - StoredEnding(other).size()));
    // Packed twice, it is nobody's.
    if (parsed && parsed->packing != Packing::kPlain) parsed.reset();
  }
  if (!parsed) {
    (!is_directory && IsTemporaryName(file) ? temporary_ : foreign_).Add(file);
    return;
  }
  const auto way = static_cast<std::size_t>(stored);
  switch (parsed->kind) {
    case ArchivedKind::kSegment:
      timelines_[parsed->timeline].whole[way].Add(PlaceOf(parsed->Segment()));
      ++segments_;
      break;
    case ArchivedKind::kPartial:
      timelines_[parsed->timeline].partial[way].Add(PlaceOf(parsed->Segment()));
      ++segments_;
      break;
    case ArchivedKind::kHistory:
      histories_.emplace(parsed->name, stored);
      break;
    case ArchivedKind::kBackup:
      backups_.emplace(parsed->name, stored);
      break;
  }
}

}  // namespace baton::core
