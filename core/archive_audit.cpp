#include "core/archive_audit.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/restore_command.hpp"

namespace baton::core {
namespace {

// So many files wait on a server whose archiving has stopped rather than being slow.
constexpr std::uint64_t kFarBehind = 16;
// Numbers of timelines that nobody knows are looked for as long as there are not too many.
constexpr TimelineId kMostUnknown = 1000;

std::string Counted(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

ArchivePlan::ArchivePlan(const ArchiveListing& listing, const ArchiveLineage& lineage,
                         std::vector<BackupNote> backups, const ArchivingServer& server,
                         std::uint64_t segment_bytes)
    : listing_(listing),
      lineage_(lineage),
      backups_(std::move(backups)),
      server_(server),
      segment_bytes_(segment_bytes),
      target_(server.timeline) {
  if (target_ == 0) {
    target_ = lineage.Newest();
    if (!listing.timelines().empty()) {
      target_ = std::max(target_, listing.timelines().rbegin()->first);
    }
  }
  way_ = lineage.HistoryOf(target_);
  if (way_.empty()) way_ = {{target_, Lsn(), Lsn()}};
  FindStart();
}

bool ArchivePlan::IsPlace(SegmentPlace place) const {
  return (place & 0xFFFFFFFF) < 0x100000000 / segment_bytes_;
}

const TimelineEntry* ArchivePlan::OnWay(TimelineId timeline) const {
  const auto found = std::find_if(way_.begin(), way_.end(), [&](const TimelineEntry& entry) {
    return entry.timeline == timeline;
  });
  return found == way_.end() ? nullptr : &*found;
}

bool ArchivePlan::IsOnWay(const BackupNote& note) const {
  if (note.timeline == 0) return true;
  const TimelineEntry* const entry = OnWay(note.timeline);
  return entry != nullptr && note.start >= entry->begin &&
         (entry->end.IsNone() || note.start < entry->end);
}

Lsn ArchivePlan::OldestOf(TimelineId timeline) const {
  const auto files = listing_.timelines().find(timeline);
  if (files == listing_.timelines().end()) return {};
  for (auto place = files->second.NextWhole(0); place;
       place = files->second.NextWhole(*place + 1)) {
    if (IsPlace(*place)) return BeginOf(NameAt(timeline, *place), segment_bytes_);
  }
  return {};
}

void ArchivePlan::FindStart() {
  const auto take = [&](Lsn lsn) {
    if (!lsn.IsNone() && (start_.IsNone() || lsn < start_)) start_ = lsn;
  };
  for (const BackupNote& note : backups_) {
    if (!IsOnWay(note)) continue;
    take(note.start);
    has_backup_ = true;
  }
  if (!has_backup_) {
    for (const TimelineEntry& entry : way_) take(OldestOf(entry.timeline));
  }
  start_ = SegmentBegin(start_);
}

ArchivePlan::Use ArchivePlan::UseOf(TimelineId timeline, Lsn begin) const {
  if (begin < start_ && has_backup_) return Use::kTooOld;
  const TimelineEntry* const entry = OnWay(timeline);
  if (entry == nullptr || begin < SegmentBegin(entry->begin)) return Use::kBranch;
  if (entry->end.IsNone() || begin < SegmentBegin(entry->end)) return Use::kNeeded;
  const bool has_fork = begin == SegmentBegin(entry->end) && begin != entry->end;
  return has_fork ? Use::kFork : Use::kBranch;
}

Status ArchivePlan::Severity(TimelineId timeline, Lsn begin) const {
  return UseOf(timeline, begin) == Use::kNeeded ? Status::kCritical : Status::kWarning;
}

std::string ArchivePlan::Meaning(Use use, TimelineId timeline, Lsn begin, Lsn end) const {
  switch (use) {
    case Use::kNeeded:
      break;
    case Use::kBranch:
      return fmt::format(
          "A restore to timeline {} cannot go beyond {}; one to timeline {} does not need it.",
          timeline, begin.ToString(), target_);
    case Use::kFork:
      return "A restore to the latest timeline reads the first segment of the next one instead.";
    case Use::kTooOld:
      return "No base backup that is known needs it.";
  }
  return fmt::format("A restore of any backup taken before {} cannot go beyond {}.", end.ToString(),
                     begin.ToString());
}

Lsn ArchivePlan::MayEndAt(TimelineId timeline, Lsn begin, bool is_partial) const {
  const Lsn fork = lineage_.ForkWithin(timeline, begin, NextSegment(begin));
  if (!fork.IsNone() || !is_partial) return fork;
  return begin.IsNone() ? Lsn(1) : begin;
}

std::vector<ArchivePlan::Stretch> ArchivePlan::StretchesOf(TimelineId timeline) const {
  std::vector<Stretch> stretches;
  const TimelineEntry* const entry = OnWay(timeline);
  Lsn branch;
  if (entry != nullptr) {
    const Lsn end = SegmentBegin(entry->end);
    const Lsn begin = std::max(start_, SegmentBegin(entry->begin));
    if (end.IsNone() || begin < end) stretches.push_back({begin, end, end});
    if (end.IsNone()) return stretches;
    branch = std::max(start_, end);
  } else {
    const TimelineHistory history = lineage_.HistoryOf(timeline);
    const Lsn begin = history.empty() ? Lsn() : SegmentBegin(history.back().begin);
    branch = std::max(start_, begin.IsNone() ? OldestOf(timeline) : begin);
  }
  // The branch goes up to where the last one leaves it, and as far as there is any.
  Lsn due;
  for (const Lsn fork : lineage_.ForksOf(timeline)) due = std::max(due, SegmentBegin(fork));
  const auto files = listing_.timelines().find(timeline);
  const auto last = files == listing_.timelines().end() ? std::nullopt : files->second.LastWhole();
  const bool goes_on =
      last && IsPlace(*last) && BeginOf(NameAt(timeline, *last), segment_bytes_) > branch;
  if (goes_on || due > branch || (entry == nullptr && last)) {
    stretches.push_back({branch, due, Lsn()});
  }
  return stretches;
}

std::vector<TimelineId> ArchivePlan::Timelines() const {
  std::vector<TimelineId> timelines;
  for (const auto& [timeline, files] : listing_.timelines()) timelines.push_back(timeline);
  for (const TimelineEntry& entry : way_) timelines.push_back(entry.timeline);
  std::sort(timelines.begin(), timelines.end());
  timelines.erase(std::unique(timelines.begin(), timelines.end()), timelines.end());
  return timelines;
}

ArchiveFinding ArchivePlan::MissingHistory(TimelineId timeline, TimelineId first) const {
  if (timeline == first) {
    return {Status::kWarning, "missing_history", HistoryName(timeline), "it is missing",
            fmt::format("Nobody can tell from the archive where timeline {} begins; a restore of a "
                        "backup taken on it does not need that.",
                        timeline)};
  }
  return {
      Status::kCritical, "missing_history", HistoryName(timeline), "it is missing",
      fmt::format("A restore to the latest timeline stops looking there, and ends with timeline "
                  "{} or one before.",
                  timeline - 1)};
}

std::vector<ArchiveFinding> ArchivePlan::TimelineFindings() const {
  std::vector<ArchiveFinding> findings;
  TimelineId newest = std::max(lineage_.Newest(), server_.timeline);
  if (!listing_.timelines().empty()) {
    newest = std::max(newest, listing_.timelines().rbegin()->first);
  }
  // A restore looks for histories from its backup's timeline on.
  TimelineId first = TimelineOfSegment(way_, NextSegment(start_));
  const bool is_way_known = !lineage_.HistoryOf(target_).empty();
  if (!is_way_known && !listing_.timelines().empty()) first = listing_.timelines().begin()->first;
  if (newest - first < kMostUnknown) {
    for (TimelineId timeline = std::max<TimelineId>(first, 2); timeline <= newest; ++timeline) {
      if (!lineage_.HasFile(timeline)) findings.push_back(MissingHistory(timeline, first));
    }
  }
  if (server_.timeline != 0 && newest > server_.timeline) {
    findings.push_back(
        {Status::kWarning, "newer_timeline", HistoryName(newest),
         fmt::format("the archive has timeline {}, and the server that was asked is on timeline {}",
                     newest, server_.timeline),
         "A restore to the latest timeline would follow that one, and not the server's."});
  }
  return findings;
}

bool ArchivePlan::Has(TimelineId timeline, Lsn begin) const {
  const auto files = listing_.timelines().find(timeline);
  if (files == listing_.timelines().end()) return false;
  const SegmentPlace place = PlaceOf(SegmentName(timeline, begin, segment_bytes_));
  return files->second.Next(place) == place;
}

std::vector<ArchiveFinding> ArchivePlan::EndFindings(Lsn reached) const {
  std::vector<ArchiveFinding> findings;
  for (const BackupNote& note : backups_) {
    if (note.stop.IsNone()) continue;
    const Lsn last = SegmentBegin(Lsn(note.stop.bytes() - 1));
    if (last < reached || Has(TimelineOfSegment(way_, NextSegment(last)), last) ||
        Has(note.timeline, last)) {
      continue;
    }
    findings.push_back({Status::kCritical, "backup_incomplete", note.name,
                        fmt::format("the backup needs WAL up to {}, which is not in the archive",
                                    note.stop.ToString()),
                        "This backup cannot be restored."});
  }
  const Lsn due = SegmentBegin(server_.lsn);
  const Lsn from = std::max(reached, start_);
  if (due > from && server_.timeline == target_) {
    const std::uint64_t count = (due.bytes() - from.bytes()) / segment_bytes_;
    findings.push_back(
        {count >= kFarBehind ? Status::kCritical : Status::kWarning, "archive_behind",
         SegmentName(TimelineOfSegment(way_, NextSegment(from)), from, segment_bytes_),
         fmt::format("the server is at {}, and {} before that {} not archived",
                     server_.lsn.ToString(), Counted(count, "segment"), count == 1 ? "is" : "are"),
         fmt::format("If the server were lost now, what it wrote after {} would be lost.",
                     from.ToString())});
  }
  return findings;
}

}  // namespace baton::core
