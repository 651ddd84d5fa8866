// Segments of WAL as far as an archive looks at them: the first page's header is right, the rest is
// filler.
#pragma once

#include <cstring>
#include <string>

#include "core/wal_segment.hpp"

namespace baton::test {

inline constexpr std::uint64_t kSegmentBytes = 1024 * 1024;
inline constexpr std::uint64_t kSystemIdentifier = 7301234567890123456;
inline const core::SegmentOrigin kOrigin{kSystemIdentifier, kSegmentBytes, 0};

inline std::string MakeSegment(const std::string& name, char filler = 'w',
                               std::uint64_t bytes = kSegmentBytes) {
  std::string segment(bytes, filler);
  const auto put = [&](std::size_t at, auto value) {
    std::memcpy(segment.data() + at, &value, sizeof(value));
  };
  put(0, core::PageMagic(15));
  put(2, std::uint16_t{2});
  put(4, core::TimelineOf(name));
  put(8, core::BeginOf(name, bytes).bytes());
  put(16, std::uint64_t{0});
  put(24, kSystemIdentifier);
  put(32, static_cast<std::uint32_t>(bytes));
  put(36, std::uint32_t{8192});
  return segment;
}

}  // namespace baton::test
