// What an archive has to have, and what it means for a restore where it has not.
//
// A restore goes to the server's timeline, or where no server was asked to the newest there is, as
// recovery_target_timeline = 'latest' does, and begins with the oldest base backup that is known,
// or the oldest segment.  On its way each segment is read from the newest timeline that has begun
// before the segment's end (XLogFileReadAnyTLI in src/backend/access/transam/xlogrecovery.c), so of
// the segment with a fork in it the file of the timeline that was left is not needed.  Other
// timelines, as of servers that were failed over from, are branches: legal, and looked at as well.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/archive_finding.hpp"
#include "core/archive_lineage.hpp"
#include "core/archive_listing.hpp"
#include "core/backup_note.hpp"
#include "core/wal_segment.hpp"

namespace baton::core {

// What a server says of itself; 0 and none where it was not asked.
struct ArchivingServer {
  SegmentOrigin origin;
  TimelineId timeline = 0;
  Lsn lsn;  // end of its WAL, looked up before the archive was
};

class ArchivePlan {
 public:
  // `backups` may have some that are not noted in the archive.
  ArchivePlan(const ArchiveListing& listing, const ArchiveLineage& lineage,
              std::vector<BackupNote> backups, const ArchivingServer& server,
              std::uint64_t segment_bytes);

  std::uint64_t segment_bytes() const { return segment_bytes_; }
  Lsn start() const { return start_; }  // of a segment; none if there is nothing
  // Whether a cluster with such segments can have one there.
  bool IsPlace(SegmentPlace place) const;

  enum class Use {
    kNeeded,  // by every restore that begins before it
    kBranch,  // by a restore to its timeline alone
    kFork,    // by none: the next timeline's file has its WAL too
    kTooOld,  // by no base backup that is known
  };
  Use UseOf(TimelineId timeline, Lsn begin) const;
  // What it means if WAL of that timeline is not there or no good.
  Status Severity(TimelineId timeline, Lsn begin) const;
  std::string Meaning(Use use, TimelineId timeline, Lsn begin, Lsn end) const;

  // From where on anything may stand in that file: after a fork, or in a partial one.
  Lsn MayEndAt(TimelineId timeline, Lsn begin, bool is_partial) const;

  // What a timeline has to have without a gap.
  struct Stretch {
    Lsn begin;
    Lsn due;  // it has to reach at least this far
    Lsn end;  // and belongs to this timeline up to here; none: it may go on
  };
  std::vector<Stretch> StretchesOf(TimelineId timeline) const;
  std::vector<TimelineId> Timelines() const;  // that have segments or need some, in order

  // The timelines' numbers against each other, the histories and the server.
  std::vector<ArchiveFinding> TimelineFindings() const;
  // Of base backups that end after what is there, and of a server that is ahead of the archive.
  // `reached` is up to where the restore's way is known to be there.
  std::vector<ArchiveFinding> EndFindings(Lsn reached) const;

  TimelineId target() const { return target_; }
  Lsn SegmentBegin(Lsn lsn) const { return Lsn(lsn.bytes() / segment_bytes_ * segment_bytes_); }
  Lsn NextSegment(Lsn lsn) const { return Lsn(SegmentBegin(lsn).bytes() + segment_bytes_); }

 private:
  const TimelineEntry* OnWay(TimelineId timeline) const;
  bool IsOnWay(const BackupNote& note) const;
  Lsn OldestOf(TimelineId timeline) const;  // none if it has no segment
  void FindStart();
  bool Has(TimelineId timeline, Lsn begin) const;
  ArchiveFinding MissingHistory(TimelineId timeline, TimelineId first) const;

  const ArchiveListing& listing_;
  const ArchiveLineage& lineage_;
  std::vector<BackupNote> backups_;
  ArchivingServer server_;
  std::uint64_t segment_bytes_;
  TimelineId target_ = 0;
  TimelineHistory way_;
  Lsn start_;
  bool has_backup_ = false;
};

}  // namespace baton::core
