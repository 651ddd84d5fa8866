// The part of an archive's audit that looks at its segments, one after the other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/auditor.hpp"
#include "archive/segment_file.hpp"
#include "core/archive_continuity.hpp"

namespace baton::archive {

// The same file is there in two ways.
core::ArchiveFinding TwiceFinding(const std::string& file, const std::string& other,
                                  std::optional<bool> is_same);

class AuditSegments {
 public:
  // All are the caller's, and live as long.
  AuditSegments(const AuditRequest& request, const AuditHooks& hooks,
                const core::ArchiveListing& listing, const core::ArchiveLineage& lineage,
                const core::ArchivePlan& plan, const core::SegmentOrigin& origin)
      : request_(request),
        hooks_(hooks),
        listing_(listing),
        lineage_(lineage),
        plan_(plan),
        origin_(origin) {}

  void Run();
  core::Lsn reached() const { return reached_; }  // by the way of a restore; none if nothing is
  const core::Spans& spans() const { return spans_; }

 private:
  struct Place {
    core::TimelineId timeline;
    std::string name;
    core::Lsn begin;
    bool is_last;  // whole segment of the timeline
  };
  // What there is for a segment, whole or partial.
  struct Found {
    bool is_there = false;
    bool belongs = false;
    bool is_good = true;
    std::vector<core::ArchiveFinding> findings;
  };
  void RunTimeline(core::TimelineId timeline);
  Found LookAt(const Place& place, const std::array<core::SegmentSet, core::kWaysToStore>& sets,
               bool is_partial);
  void LookAtFile(const Place& place, core::Stored stored, bool is_partial, Found& found);
  core::ArchiveFinding Judge(const Place& place, const std::string& file, const FileFault& fault,
                             bool is_partial) const;
  void Compare(const std::vector<core::Stored>& ways, const std::string& name, Found& found) const;
  void CannotCheck(const std::string& file);
  void TellUnchecked();
  void TellGaps(core::TimelineId timeline, const std::vector<core::Continuity::Gap>& gaps);
  void Note(const Place& place, const Found& whole);

  const AuditRequest& request_;
  const AuditHooks& hooks_;
  const core::ArchiveListing& listing_;
  const core::ArchiveLineage& lineage_;
  const core::ArchivePlan& plan_;
  const core::SegmentOrigin& origin_;
  core::Lsn reached_;
  core::Spans spans_;

  // Files in a row that are packed in a way that cannot be unpacked.
  struct Unchecked {
    std::string first;
    std::string last;
    std::uint64_t count = 0;
  } unchecked_;
};

}  // namespace baton::archive
