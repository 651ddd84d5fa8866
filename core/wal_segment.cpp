#include "core/wal_segment.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace baton::core {
namespace {

// The servers that share WAL are of one architecture, and so is the helper beside them.
static_assert(std::endian::native == std::endian::little);

template <typename Number>
Number At(std::string_view bytes, std::size_t offset) {
  Number number{};
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

std::uint64_t Hexadecimal(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    number = number * 16 + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'A' + 10);
  }
  return number;
}

constexpr std::uint16_t kLongHeader = 0x0002;

}  // namespace

bool IsSegmentName(std::string_view name) {
  return name.size() == 24 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
         });
}

TimelineId TimelineOf(std::string_view segment_name) {
  return static_cast<TimelineId>(Hexadecimal(segment_name.substr(0, 8)));
}

Lsn BeginOf(std::string_view segment_name, std::uint64_t segment_bytes) {
  const std::uint64_t per_file_id = 0x100000000 / segment_bytes;
  return Lsn((Hexadecimal(segment_name.substr(8, 8)) * per_file_id +
              Hexadecimal(segment_name.substr(16, 8))) *
             segment_bytes);
}

bool IsSegmentSize(std::uint64_t bytes) {
  constexpr std::uint64_t kMegabyte = std::uint64_t{1024} * 1024;
  return bytes >= kMegabyte && bytes <= 1024 * kMegabyte && std::has_single_bit(bytes);
}

std::uint16_t PageMagic(int major) {
  switch (major) {
    case 15:
      return 0xD110;
    case 16:
      return 0xD113;
    case 17:
      return 0xD116;
    case 18:
      return 0xD118;
    default:
      return 0;
  }
}

FoundFlaw FindSegmentFlaw(std::string_view segment_name, std::string_view head,
                          const SegmentOrigin& origin) {
  if (head.size() < kLongPageHeaderBytes) {
    return {SegmentFlaw::kTooShort, "it is too short for a segment"};
  }
  if ((At<std::uint16_t>(head, 2) & kLongHeader) == 0) {
    return {SegmentFlaw::kNoWal, "it does not begin with WAL"};
  }
  const auto magic = At<std::uint16_t>(head, 0);
  if (origin.page_magic != 0 && magic != origin.page_magic) {
    return {SegmentFlaw::kOtherVersion,
            fmt::format("it is of another version of PostgreSQL (magic number {:04X} instead of "
                        "{:04X})",
                        magic, origin.page_magic)};
  }
  const auto system_identifier = At<std::uint64_t>(head, 24);
  if (origin.system_identifier != 0 && system_identifier != origin.system_identifier) {
    return {SegmentFlaw::kOtherCluster,
            fmt::format("it is of the cluster with system identifier {}", system_identifier)};
  }
  const std::uint64_t bytes = SegmentBytesIn(head);
  if (!IsSegmentSize(bytes) || (origin.segment_bytes != 0 && bytes != origin.segment_bytes)) {
    return {SegmentFlaw::kOtherSegmentSize,
            fmt::format("it is of a cluster with segments of {} bytes", bytes)};
  }
  const Lsn begins(At<std::uint64_t>(head, 8));
  if (begins != BeginOf(segment_name, bytes)) {
    return {SegmentFlaw::kOtherPlace, fmt::format("its WAL begins at {}", begins.ToString())};
  }
  // The first segment of a timeline may begin with a page of the one before.
  if (At<std::uint32_t>(head, 4) > TimelineOf(segment_name)) {
    return {SegmentFlaw::kOtherTimeline,
            fmt::format("it is of timeline {}", At<std::uint32_t>(head, 4))};
  }
  return {};
}

std::string SegmentFault(std::string_view segment_name, std::string_view head,
                         const SegmentOrigin& origin) {
  return FindSegmentFlaw(segment_name, head, origin).what;
}

std::uint64_t SegmentBytesIn(std::string_view head) { return At<std::uint32_t>(head, 32); }

SegmentOrigin OriginIn(std::string_view head) {
  return {At<std::uint64_t>(head, 24), SegmentBytesIn(head), At<std::uint16_t>(head, 0)};
}

}  // namespace baton::core
