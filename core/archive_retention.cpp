#include "core/archive_retention.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <tuple>

#include "core/archive_name.hpp"
#include "core/backup_note.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

std::uint64_t SegmentNumber(Lsn lsn, std::uint64_t segment_bytes) {
  return lsn.bytes() / segment_bytes;
}

// Where a timeline left the ones before it; none where this is not known.
std::optional<Lsn> BeginOfTimeline(const RetentionFacts& facts, TimelineId timeline) {
  const auto history = facts.histories.find(timeline);
  if (history == facts.histories.end() || history->second.empty()) return std::nullopt;
  return history->second.back().begin;
}

class Judge {
 public:
  explicit Judge(const RetentionFacts& facts)
      : facts_(facts),
        limit_(
            *std::min_element(facts.needs.begin(), facts.needs.end(),
                              [](const WalNeed& a, const WalNeed& b) { return a.from < b.from; })) {
    for (const WalNeed& need : facts.needs) newest_ = std::max(newest_, need.timeline);
    for (const ArchivedFile& file : facts.files) {
      const bool may_go = file.name.kind != ArchivedKind::kHistory;
      if (may_go && IsSpared(file.name.timeline)) spared_.insert(file.name.timeline);
    }
  }

  const WalNeed& limit() const { return limit_; }
  const std::set<TimelineId>& spared() const { return spared_; }

  std::uint64_t NumberOf(const ArchivedFile& file) const {
    return SegmentNumber(BeginOf(file.name.Segment(), facts_.segment_bytes), facts_.segment_bytes);
  }
  bool MayGo(const ArchivedFile& file) const {
    return file.name.kind != ArchivedKind::kHistory &&
           NumberOf(file) < SegmentNumber(limit_.from, facts_.segment_bytes) &&
           !spared_.contains(file.name.timeline);
  }

 private:
  // Positions of two timelines can be compared where one leads to the other.  One that nobody is on
  // and that left before the limit is somebody's next try, begun from a backup that is gone.
  bool IsSpared(TimelineId timeline) const {
    if (newest_ == 0 || timeline <= newest_) return false;
    const auto began = BeginOfTimeline(facts_, timeline);
    return !began || SegmentNumber(*began, facts_.segment_bytes) <
                         SegmentNumber(limit_.from, facts_.segment_bytes);
  }

  const RetentionFacts& facts_;
  const WalNeed& limit_;
  TimelineId newest_ = 0;
  std::set<TimelineId> spared_;
};

void Count(const ArchivedFile& file, std::map<TimelineId, ArchiveSpan>& spans) {
  ArchiveSpan& span = spans[file.name.timeline];
  const std::string segment(file.name.Segment());
  span.timeline = file.name.timeline;
  ++span.files;
  span.bytes += file.bytes;
  if (span.first.empty() || segment < span.first) span.first = segment;
  span.last = std::max(span.last, segment);
}

std::vector<ArchiveSpan> ByTimeline(const std::map<TimelineId, ArchiveSpan>& spans) {
  std::vector<ArchiveSpan> list;
  for (const auto& [timeline, span] : spans) list.push_back(span);
  return list;
}

}  // namespace

std::optional<WalNeed> NeedOfBackupNote(const std::string& name, std::uint64_t segment_bytes) {
  const auto note = BackupNoteNamed(name, segment_bytes);
  if (!note) return std::nullopt;
  return WalNeed{"base backup " + note->name, note->start, note->timeline};
}

std::vector<WalNeed> NewestBackups(std::vector<WalNeed> backups, int count) {
  const auto place = [](const WalNeed& backup) {
    return std::make_tuple(backup.timeline, backup.from);
  };
  std::stable_sort(backups.begin(), backups.end(),
                   [&](const WalNeed& a, const WalNeed& b) { return place(a) > place(b); });
  backups.erase(
      std::unique(backups.begin(), backups.end(),
                  [&](const WalNeed& a, const WalNeed& b) { return place(a) == place(b); }),
      backups.end());
  if (count > 0 && backups.size() > static_cast<std::size_t>(count)) {
    backups.resize(static_cast<std::size_t>(count));
  }
  return backups;
}

Problems AddNeedsOfNodes(const std::vector<SeenNode>& nodes, std::vector<WalNeed>& needs) {
  constexpr const char* kHint =
      "Wait until it answers, or take it out of the registry by baton.unregister_node().";
  Problems problems;
  for (const SeenNode& node : nodes) {
    const Lsn position = node.role == "standby" && !node.replayed.IsNone()
                             ? std::min(node.lsn.IsNone() ? node.replayed : node.lsn, node.replayed)
                             : node.lsn;
    const bool is_seen = (node.role == "standby" || node.role == "primary") && !position.IsNone();
    if (!is_seen) {
      problems.push_back({fmt::format("the position of node \"{}\" is not known", node.name),
                          "It may need any WAL that is there.", kHint});
    } else if (node.role == "primary" && !node.reachable) {
      problems.push_back({fmt::format("node \"{}\" was a primary and does not answer", node.name),
                          "To be brought back it may need WAL from before the others left it.",
                          kHint});
    } else {
      needs.push_back({fmt::format("{} \"{}\"", node.role, node.name), position, node.timeline});
    }
  }
  return problems;
}

Retention DecideRetention(const RetentionFacts& facts) {
  const Judge judge(facts);
  Retention retention;
  retention.limit = judge.limit();
  if (retention.limit.timeline != 0) {
    retention.limit_segment =
        SegmentName(retention.limit.timeline, retention.limit.from, facts.segment_bytes);
  }
  retention.spared.assign(judge.spared().begin(), judge.spared().end());
  std::map<TimelineId, ArchiveSpan> going;
  std::map<TimelineId, ArchiveSpan> staying;
  for (const ArchivedFile& file : facts.files) {
    if (file.name.kind == ArchivedKind::kHistory) {
      ++retention.histories;
    } else if (judge.MayGo(file)) {
      retention.doomed.push_back(file);
      Count(file, going);
    } else {
      Count(file, staying);
    }
  }
  // So that what is left has no gap, wherever deleting is cut short.
  std::sort(retention.doomed.begin(), retention.doomed.end(),
            [&](const ArchivedFile& a, const ArchivedFile& b) {
              return std::make_tuple(judge.NumberOf(a), a.file) <
                     std::make_tuple(judge.NumberOf(b), b.file);
            });
  retention.going = ByTimeline(going);
  retention.staying = ByTimeline(staying);
  return retention;
}

}  // namespace baton::core
