// A segment of the WAL by its first bytes: whether a file is what its name says
// (XLogLongPageHeaderData in src/include/access/xlog_internal.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace baton::core {

inline constexpr std::size_t kLongPageHeaderBytes = 40;

// Whether this is the name of a whole segment: 24 hexadecimal digits in capitals.
bool IsSegmentName(std::string_view name);
TimelineId TimelineOf(std::string_view segment_name);
// Where it begins.  The name is one of a segment.
Lsn BeginOf(std::string_view segment_name, std::uint64_t segment_bytes);

// Whether a cluster can have segments of this size (IsValidWalSegSize).
bool IsSegmentSize(std::uint64_t bytes);

// Where a segment must come from; what is 0 is not looked at.
struct SegmentOrigin {
  std::uint64_t system_identifier = 0;
  std::uint64_t segment_bytes = 0;
  std::uint16_t page_magic = 0;
};

// XLOG_PAGE_MAGIC of a major version; 0 if it is not known.
std::uint16_t PageMagic(int major);

enum class SegmentFlaw {
  kNone,
  kTooShort,
  kNoWal,
  kOtherVersion,
  kOtherCluster,
  kOtherSegmentSize,
  kOtherPlace,  // it is another segment's content
  kOtherTimeline,
};

struct FoundFlaw {
  SegmentFlaw flaw = SegmentFlaw::kNone;
  std::string what;  // "it is of timeline 3"; empty if there is none
};

// What is wrong with a file of that name that begins with `head`.  Its size is the caller's to
// compare.
FoundFlaw FindSegmentFlaw(std::string_view segment_name, std::string_view head,
                          const SegmentOrigin& origin);

// The same in words alone; empty if nothing is wrong.
std::string SegmentFault(std::string_view segment_name, std::string_view head,
                         const SegmentOrigin& origin);

// The size of segments that a head without a fault names.
std::uint64_t SegmentBytesIn(std::string_view head);

// Where a whole head says that it comes from, whether that is right or not.
SegmentOrigin OriginIn(std::string_view head);

}  // namespace baton::core
