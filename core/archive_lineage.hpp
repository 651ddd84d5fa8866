// The timelines of an archive: which leads to which, by its history files and the server's own.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/archive_finding.hpp"
#include "core/timeline_history.hpp"

namespace baton::core {

class ArchiveLineage {
 public:
  // What a history file in the archive says; nullopt if it is none.
  void AddFile(TimelineId timeline, const std::string& file,
               const std::optional<TimelineHistory>& history);
  // One is there, and could not be read.
  void AddUnread(TimelineId timeline) { unread_.insert(timeline); }
  // The server's own, which is believed where they differ.
  void AddServers(TimelineId timeline, const TimelineHistory& history);

  // Empty if it is not known; of the first timeline it always is.
  TimelineHistory HistoryOf(TimelineId timeline) const;
  bool HasFile(TimelineId timeline) const {
    return files_.contains(timeline) || unread_.contains(timeline);
  }
  TimelineId Newest() const;  // with a history file in the archive; 0 if there is none

  // Where that timeline was left for another one within these positions, the earliest of them; none
  // if it was not.
  Lsn ForkWithin(TimelineId timeline, Lsn begin, Lsn end) const;
  // Where timelines that leave this one begin.
  std::vector<Lsn> ForksOf(TimelineId timeline) const;

  // Damaged files, and those that contradict each other or the server.
  std::vector<ArchiveFinding> Findings() const;

 private:
  struct File {
    std::string name;
    std::optional<TimelineHistory> history;
  };
  void Compare(TimelineId timeline, const File& file, std::vector<ArchiveFinding>& findings) const;

  std::map<TimelineId, File> files_;
  std::set<TimelineId> unread_;
  std::map<TimelineId, TimelineHistory> servers_;
};

}  // namespace baton::core
