#include "core/archive_lineage.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/restore_command.hpp"

namespace baton::core {
namespace {

// The part of a history that leads to one of its timelines; empty if that is not in it.
TimelineHistory Until(const TimelineHistory& history, TimelineId timeline) {
  TimelineHistory part;
  for (const TimelineEntry& entry : history) {
    part.push_back(entry);
    if (entry.timeline != timeline) continue;
    part.back().end = Lsn();
    return part;
  }
  return {};
}

// "timeline 1 until 0/3000000, timeline 2"
std::string Path(const TimelineHistory& history) {
  std::string path;
  for (const TimelineEntry& entry : history) {
    path += fmt::format("{}timeline {}", path.empty() ? "" : ", ", entry.timeline);
    if (!entry.end.IsNone()) path += " until " + entry.end.ToString();
  }
  return path;
}

constexpr const char* kWrongPath =
    "A restore follows this file, and would take a wrong way or none.";

}  // namespace

void ArchiveLineage::AddFile(TimelineId timeline, const std::string& file,
                             const std::optional<TimelineHistory>& history) {
  files_[timeline] = {file, history};
}

void ArchiveLineage::AddServers(TimelineId timeline, const TimelineHistory& history) {
  servers_[timeline] = history;
}

TimelineHistory ArchiveLineage::HistoryOf(TimelineId timeline) const {
  if (const auto own = servers_.find(timeline); own != servers_.end()) return own->second;
  if (timeline == 1) return {{1, Lsn(), Lsn()}};
  if (const auto file = files_.find(timeline); file != files_.end() && file->second.history) {
    return *file->second.history;
  }
  // What comes later tells of it too.
  for (const auto& [other, history] : servers_) {
    if (const TimelineHistory part = Until(history, timeline); !part.empty()) return part;
  }
  for (const auto& [other, file] : files_) {
    if (!file.history) continue;
    if (const TimelineHistory part = Until(*file.history, timeline); !part.empty()) return part;
  }
  return {};
}

TimelineId ArchiveLineage::Newest() const {
  return std::max(files_.empty() ? 0 : files_.rbegin()->first,
                  unread_.empty() ? 0 : *unread_.rbegin());
}

std::vector<Lsn> ArchiveLineage::ForksOf(TimelineId timeline) const {
  std::vector<Lsn> forks;
  const auto look = [&](const TimelineHistory& history) {
    for (const TimelineEntry& entry : history) {
      if (entry.timeline == timeline && !entry.end.IsNone()) forks.push_back(entry.end);
    }
  };
  for (const auto& [other, history] : servers_) look(history);
  for (const auto& [other, file] : files_) {
    if (file.history && !servers_.contains(other)) look(*file.history);
  }
  std::sort(forks.begin(), forks.end());
  return forks;
}

Lsn ArchiveLineage::ForkWithin(TimelineId timeline, Lsn begin, Lsn end) const {
  for (const Lsn fork : ForksOf(timeline)) {
    if (fork >= begin && fork < end) return fork;
  }
  return {};
}

void ArchiveLineage::Compare(TimelineId timeline, const File& file,
                             std::vector<ArchiveFinding>& findings) const {
  if (const auto own = servers_.find(timeline);
      own != servers_.end() && own->second != *file.history) {
    findings.push_back(
        {Status::kCritical, "history_differs", file.name,
         fmt::format("it says {}; the server's says {}", Path(*file.history), Path(own->second)),
         kWrongPath});
    return;
  }
  for (const TimelineEntry& entry : *file.history) {
    const auto other = files_.find(entry.timeline);
    if (entry.timeline == timeline || other == files_.end() || !other->second.history) continue;
    const TimelineHistory part = Until(*file.history, entry.timeline);
    if (part == *other->second.history) continue;
    findings.push_back({Status::kCritical, "history_differs", file.name,
                        fmt::format("it says {}; {} says {}", Path(part), other->second.name,
                                    Path(*other->second.history)),
                        kWrongPath});
  }
}

std::vector<ArchiveFinding> ArchiveLineage::Findings() const {
  std::vector<ArchiveFinding> findings;
  for (const auto& [timeline, file] : files_) {
    if (file.history) {
      Compare(timeline, file, findings);
      continue;
    }
    findings.push_back({Status::kCritical, "damaged_history", file.name,
                        "it is no history of a timeline",
                        fmt::format("A restore cannot follow timeline {}.", timeline)});
  }
  return findings;
}

}  // namespace baton::core
