// What of a WAL archive is still needed, and what may go: decided by position alone, as
// pg_archivecleanup does, but for timelines that left before the limit.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/archive_name.hpp"
#include "core/lsn.hpp"
#include "core/problem.hpp"
#include "core/timeline_history.hpp"

namespace baton::core {

struct ArchivedFile {
  std::string file;  // with the ending of its packing
  ArchivedName name;
  std::uint64_t bytes = 0;

  bool operator==(const ArchivedFile&) const = default;
};

// Where somebody begins to read the archive.
struct WalNeed {
  std::string who;  // "base backup ...", "standby "b""
  Lsn from;
  TimelineId timeline = 0;  // none if it is not known

  bool operator==(const WalNeed&) const = default;
};

// By the name of its note, "000000010000000000000003.00000028.backup": where it begins.  nullopt if
// it is no such name.
std::optional<WalNeed> NeedOfBackupNote(const std::string& name, std::uint64_t segment_bytes);

// The newest of the backups, at most so many (0: all); of two with one beginning, one.  A later
// timeline is newer, whatever its position: somebody went back before making it.
std::vector<WalNeed> NewestBackups(std::vector<WalNeed> backups, int count);

// A registered node as it was seen last.
struct SeenNode {
  std::string name;
  std::string role;  // "primary", "standby"; anything else if it was never seen
  bool reachable = false;
  TimelineId timeline = 0;
  Lsn lsn;       // end of its WAL
  Lsn replayed;  // none on a primary
};

// Adds what the nodes still need; returns why that is not known of some.  A primary that does not
// answer may be one that failed: to come back it needs WAL from before the others left it, and
// where that was is not known.
Problems AddNeedsOfNodes(const std::vector<SeenNode>& nodes, std::vector<WalNeed>& needs);

struct RetentionFacts {
  std::vector<ArchivedFile> files;
  // Of timelines whose history is in the archive and can be read.
  std::map<TimelineId, TimelineHistory> histories;
  std::uint64_t segment_bytes = 0;
  std::vector<WalNeed> needs;  // at least one
};

// Files of one timeline.
struct ArchiveSpan {
  TimelineId timeline = 0;
  int files = 0;
  std::uint64_t bytes = 0;
  std::string first;  // segments
  std::string last;

  bool operator==(const ArchiveSpan&) const = default;
};

struct Retention {
  WalNeed limit;                     // who needs the oldest
  std::string limit_segment;         // in which that begins, on its timeline; none if it has none
  std::vector<ArchivedFile> doomed;  // oldest first
  std::vector<ArchiveSpan> going;    // by timeline
  std::vector<ArchiveSpan> staying;
  int histories = 0;  // all of them stay
  // Later ones than anybody is on, that left before the limit, or of which that is not known: all
  // of their files stay.
  std::vector<TimelineId> spared;
};

Retention DecideRetention(const RetentionFacts& facts);

}  // namespace baton::core
