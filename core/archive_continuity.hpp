// Whether the WAL that an archive has to have is there without a gap.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/archive_audit.hpp"

namespace baton::core {

// Follows the segments of one timeline, in order, and tells of those that are not there.
class Continuity {
 public:
  struct Gap {
    Lsn begin;
    Lsn end;
  };

  Continuity(const ArchivePlan& plan, TimelineId timeline);
  // A file for the segment that begins there.  One that does not belong there stands for no gap
  // that comes before it; it is told of by itself.
  std::vector<Gap> Reach(Lsn begin, bool belongs);
  std::vector<Gap> Finish();

 private:
  void CloseUntil(Lsn begin, std::vector<Gap>& gaps);

  const ArchivePlan& plan_;
  std::vector<ArchivePlan::Stretch> stretches_;
  std::size_t at_ = 0;
  Lsn next_;
};

ArchiveFinding MissingSegments(const ArchivePlan& plan, TimelineId timeline, Continuity::Gap gap);

// Where the way of a restore is whole.
class Spans {
 public:
  // Neighbours in any order; what is broken more often than a few hundred times is told as one.
  void Break(Lsn begin, Lsn end);
  // "WAL is unbroken from 0/3000000 to 0/9000000."
  std::string Text(Lsn start, Lsn reached) const;

 private:
  std::vector<Continuity::Gap> broken_;
};

}  // namespace baton::core
