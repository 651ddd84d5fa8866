// Which cluster an archive is of, where nobody can be asked: that of most of its segments.
#pragma once

#include <map>
#include <string_view>
#include <tuple>

#include "core/wal_segment.hpp"

namespace baton::core {

class OriginVote {
 public:
  // The first bytes of a segment of that name; those that are none do not count.
  void Add(std::string_view segment_name, std::string_view head);
  // All 0 if there was none.
  SegmentOrigin Winner() const;

 private:
  // Garbage can have as many origins as there are files.
  static constexpr std::size_t kMost = 1000;
  std::map<std::tuple<std::uint64_t, std::uint64_t, std::uint16_t>, std::uint64_t> votes_;
};

}  // namespace baton::core
