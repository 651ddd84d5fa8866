// Which segments of one timeline there are, by the two numbers in their names, so that the size of
// segments need not be known.  A bit each: an archive of a hundred terabytes takes a megabyte.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::core {

// The last 16 digits of a segment's name as one number; it grows with the position in the WAL.
using SegmentPlace = std::uint64_t;
SegmentPlace PlaceOf(std::string_view segment_name);
std::string NameAt(TimelineId timeline, SegmentPlace place);

class SegmentSet {
 public:
  void Add(SegmentPlace place);
  bool Has(SegmentPlace place) const;
  // The first one at this place or after it.
  std::optional<SegmentPlace> From(SegmentPlace place) const;
  std::optional<SegmentPlace> Last() const;
  std::uint64_t Count() const { return count_; }

 private:
  static constexpr unsigned kPlaceBits = 8;  // of a chunk
  static constexpr unsigned kWordBits = 64;
  using Chunk = std::array<std::uint64_t, (1U << kPlaceBits) / kWordBits>;

  std::map<std::uint64_t, Chunk> chunks_;
  std::uint64_t count_ = 0;
};

}  // namespace baton::core
