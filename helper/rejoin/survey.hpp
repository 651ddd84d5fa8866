// What a rejoin has to know before it touches anything: where the two histories part, where this
// node's own WAL ends, what of it will be given up, and where the WAL is that pg_rewind reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/lost_work.hpp"
#include "core/rejoin_check.hpp"
#include "core/timeline_history.hpp"
#include "core/wal_dump.hpp"
#include "helper/backup/wal_reader.hpp"
#include "helper/rejoin/inspection.hpp"
#include "helper/rejoin/missing_wal.hpp"
#include "helper/rejoin/tablespaces.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

struct NeededSegment {
  std::string name;
  WalPlace place = WalPlace::kHere;
  fs::path file;  // where it is now, of those that were fetched
};

struct Survey {
  std::optional<core::CommonTimeline> common;
  core::RejoinVerdict verdict;
  core::Lsn checkpoint;                 // the last one before the fork; none: not known
  std::vector<NeededSegment> needed;    // from there to the end; empty unless it is rewound
  std::optional<core::WalSummary> own;  // what this node wrote beyond the fork
  core::LostWork lost;                  // the same, by tables
  Inspection inspection;
  std::vector<PlannedTablespace> tablespaces;
  core::Problems in_the_way;  // what a person has to mend first
  // Of a rewind, in a dry run only; none: not known.
  std::optional<std::int64_t> blocks_to_copy;
  std::optional<std::int64_t> source_wal_bytes;
};

// Reads the WAL of the directory, and what is missing of it from the archive and the source, which
// is kept in a temporary folder beside the directory as long as the surveyor lives.
class Surveyor {
 public:
  explicit Surveyor(Workplace& place);
  ~Surveyor();
  Surveyor(const Surveyor&) = delete;
  Surveyor& operator=(const Surveyor&) = delete;

  // Completes the workplace's facts about the target as well.
  Survey Look();

 private:
  core::TimelineHistory OwnHistory();
  core::TimelineHistory SourceHistory();
  void ReadOwnWal(Survey& survey);
  core::LostWork NameLostWork(const Survey& survey);
  void PlanRewind(Survey& survey);
  void EstimateCopy(Survey& survey);
  void PlaceTablespaces(Survey& survey);
  void FindCheckpoint(Survey& survey);
  void FindNeeded(Survey& survey);
  void CheckSourceWal(const core::TimelineHistory& of_source, Survey& survey);
  // Brings what is missing between two positions; false if a segment is nowhere, which is named.
  bool BringAll(core::Lsn from, core::Lsn to, std::string& nowhere);
  // Brings one file; false if it is nowhere.
  bool Bring(const std::string& name);
  WalFolders Folders() const;
  // Throws if there is WAL beyond `end`, where reading it ended.
  void RequireWholeWal(core::Lsn end) const;
  // Begin of the last segment of this node's own timeline, recycled ones included.
  core::Lsn LastSegmentHere() const;

  Workplace& place_;
  MissingWal missing_;
  fs::path wal_;
  fs::path fetched_folder_;
  std::map<std::string, WalPlace> fetched_;
  core::TimelineHistory own_;
  core::Lsn shared_until_;  // up to there the source has the same WAL; none: not known
  std::string hole_;        // the first segment of its recovery that is nowhere
};

// What speaks against a rewind where this segment is nowhere.
core::Problem MissingWalProblem(const std::string& segment);

}  // namespace baton::helper
