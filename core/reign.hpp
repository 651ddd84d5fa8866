// A reign: the time that one server is the primary, from one promotion on.  Two servers that were
// promoted from the same timeline both choose the next number, so a timeline does not name a reign;
// the random id does.
#pragma once

#include <cstdint>

#include "core/lsn.hpp"

namespace baton::core {

struct Reign {
  std::uint64_t id = 0;     // random; 0: none, or not known
  TimelineId timeline = 0;  // on which it writes
  Lsn began;                // where that timeline left the one before; none on the first
};

// Whether `other` is the reign of another primary which counts over `own`, or at least as much:
// a newer timeline, or the same one under another id.  Without an id on either side only the
// timeline speaks.
constexpr bool Supersedes(const Reign& other, const Reign& own) {
  if (other.timeline != own.timeline) return other.timeline > own.timeline;
  return other.id != 0 && own.id != 0 && other.id != own.id;
}

}  // namespace baton::core
