#include "core/wal_walk.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fmt/format.h>

#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

// XLogPageHeaderData and XLogLongPageHeaderData in src/include/access/xlog_internal.h.
constexpr std::size_t kShortPageHeaderBytes = 24;
constexpr std::uint16_t kFirstIsContinued = 0x0001;
constexpr std::uint16_t kLongHeader = 0x0002;
constexpr std::uint16_t kFirstIsOverwritten = 0x0008;
constexpr std::uint16_t kAllFlags = 0x000F;

// XLogRecord in src/include/access/xlogrecord.h.
constexpr std::size_t kRecordHeaderBytes = 24;
constexpr std::size_t kInfoAt = 16;
constexpr std::size_t kManagerAt = 17;
constexpr std::size_t kCrcAt = 20;
constexpr std::uint32_t kLongestRecord = 1020U * 1024 * 1024;
constexpr unsigned char kSwitch = 0x40;  // XLOG_SWITCH in src/include/catalog/pg_control.h
constexpr std::size_t kAlignment = 8;

template <typename Number>
Number At(std::string_view bytes, std::size_t offset) {
  Number number{};
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// Where the information of a record stands at `offset`, whether it is of a switch.
bool IsSwitch(std::string_view bytes, std::size_t offset) {
  return bytes[offset + kManagerAt - kInfoAt] == 0 &&
         (static_cast<unsigned char>(bytes[offset]) & 0xF0) == kSwitch;
}

}  // namespace

WalWalk::WalWalk(std::string_view segment_name, TimelineHistory history, Lsn may_end_at)
    : timeline_(TimelineOf(segment_name)),
      history_(std::move(history)),
      may_end_at_(may_end_at),
      name_(segment_name) {}

void WalWalk::Stop(Outcome outcome, Lsn at, std::string reason) {
  is_over_ = true;
  if (!may_end_at_.IsNone() && at >= may_end_at_) return;
  // The first record that is seen whole would come after one that ended the segment.
  if (outcome == Outcome::kEnds && may_be_switch_) return;
  outcome_ = outcome;
  at_ = at;
  reason_ = std::move(reason);
}

void WalWalk::Take(std::string_view bytes) {
  if (page_bytes_ == 0 && !is_over_) {
    page_at_ = BeginOf(name_, SegmentBytesIn(bytes));
    magic_ = At<std::uint16_t>(bytes, 0);
    page_bytes_ = At<std::uint32_t>(bytes, 36);
    if (page_bytes_ < 1024 || page_bytes_ > 65536 || !std::has_single_bit(page_bytes_)) {
      Damage(page_at_, fmt::format("its pages are said to have {} bytes", page_bytes_));
    }
  }
  while (!is_over_ && bytes.size() >= page_bytes_) {
    TakePage(bytes.substr(0, page_bytes_));
    bytes.remove_prefix(page_bytes_);
    page_at_ = Lsn(page_at_.bytes() + page_bytes_);
  }
}

void WalWalk::TakeZeros(std::uint64_t count) {
  if (is_over_ || count == 0) return;
  Ends(Reached(), "");
}

TimelineId WalWalk::TimelineAt(Lsn page) const {
  TimelineId timeline = 0;
  for (const TimelineEntry& entry : history_) {
    if (entry.begin <= page) timeline = entry.timeline;
  }
  return timeline;
}

bool WalWalk::CheckHeader(std::string_view page) {
  if (IsZero(page.substr(0, kShortPageHeaderBytes))) {
    Ends(Reached(), "");
    return false;
  }
  const std::string where = fmt::format("the page at {}", page_at_.ToString());
  const auto info = At<std::uint16_t>(page, 2);
  if (At<std::uint16_t>(page, 0) != magic_ || (info & ~kAllFlags) != 0) {
    Damage(page_at_, where + " is no WAL");
    return false;
  }
  const Lsn says(At<std::uint64_t>(page, 8));
  if (says != page_at_) {
    // A recycled file has pages of the time before.
    if (says < page_at_) Ends(Reached(), "");
    if (says > page_at_) Damage(page_at_, fmt::format("{} is of {}", where, says.ToString()));
    return false;
  }
  const auto timeline = At<std::uint32_t>(page, 4);
  const TimelineId expected = TimelineAt(page_at_);
  if (expected != 0 ? timeline != expected
                    : timeline > timeline_ || timeline < page_timeline_ || timeline == 0) {
    Damage(page_at_, expected == 0
                         ? fmt::format("{} is of timeline {}", where, timeline)
                         : fmt::format("{} is of timeline {}, by the history it has to be of {}",
                                       where, timeline, expected));
    return false;
  }
  page_timeline_ = timeline;
  return true;
}

// What the page says of the record that is under way.
bool WalWalk::GoOnWithRecord(std::string_view page, std::uint16_t info) {
  if ((info & kFirstIsContinued) == 0) {
    // The rest of a record may never have been written; the server says so where it goes on.
    if (left_ > 0 && (info & kFirstIsOverwritten) == 0) {
      Damage(record_begin_, fmt::format("the record at {} does not go on at {}",
                                        record_begin_.ToString(), page_at_.ToString()));
      return false;
    }
    left_ = 0;
    return true;
  }
  const auto remaining = At<std::uint32_t>(page, 16);
  const bool is_first_page = record_begin_.IsNone() && left_ == 0;
  if (is_first_page) {
    left_ = remaining;
    began_before_ = true;
    record_begin_ = page_at_;
    may_be_switch_ = remaining > 0 && remaining < kRecordHeaderBytes;
    header_.clear();
    return true;
  }
  if (left_ == remaining && left_ > 0) return true;
  const Lsn where = left_ > 0 ? record_begin_ : page_at_;
  Damage(where, fmt::format("the record at {} does not go on at {}", where.ToString(),
                            page_at_.ToString()));
  return false;
}

void WalWalk::TakePage(std::string_view page) {
  if (!CheckHeader(page)) return;
  const auto info = At<std::uint16_t>(page, 2);
  if (!GoOnWithRecord(page, info)) return;
  TakeRecords(page, (info & kLongHeader) != 0 ? kLongPageHeaderBytes : kShortPageHeaderBytes);
}

void WalWalk::TakeRecords(std::string_view page, std::size_t position) {
  while (!is_over_) {
    if (left_ == 0) {
      position = (position + kAlignment - 1) / kAlignment * kAlignment;
      if (position >= page.size() || !BeginRecord(page, position)) return;
    }
    const std::size_t size = std::min<std::size_t>(left_, page.size() - position);
    AddToRecord(page.substr(position, size));
    position += size;
    left_ -= static_cast<std::uint32_t>(size);
    if (left_ > 0) return;
    EndRecord();
  }
}

bool WalWalk::BeginRecord(std::string_view page, std::size_t position) {
  record_begin_ = Lsn(page_at_.bytes() + position);
  const auto length = At<std::uint32_t>(page, position);
  if (length == 0) {
    Ends(record_begin_, "");
    return false;
  }
  may_be_switch_ = false;
  if (length < kRecordHeaderBytes || length > kLongestRecord) {
    Damage(record_begin_, fmt::format("there is no record at {}", record_begin_.ToString()));
    return false;
  }
  left_ = length;
  began_before_ = false;
  header_.clear();
  crc_ = Crc32c();
  return true;
}

void WalWalk::AddToRecord(std::string_view bytes) {
  if (began_before_) {
    if (may_be_switch_) header_ += bytes;
    return;
  }
  const std::size_t missing = std::min(bytes.size(), kRecordHeaderBytes - header_.size());
  header_ += bytes.substr(0, missing);
  crc_.Add(bytes.substr(missing));
}

void WalWalk::EndRecord() {
  if (began_before_) {
    constexpr std::size_t kFromInfoOn = kRecordHeaderBytes - kInfoAt;
    may_be_switch_ = may_be_switch_ && header_.size() >= kFromInfoOn &&
                     IsSwitch(header_, header_.size() - kFromInfoOn);
    return;
  }
  crc_.Add(std::string_view(header_).substr(0, kCrcAt));
  if (crc_.Value() != At<std::uint32_t>(header_, kCrcAt)) {
    Damage(record_begin_,
           fmt::format("the record at {} has a wrong checksum", record_begin_.ToString()));
    return;
  }
  if (IsSwitch(header_, kInfoAt)) is_over_ = true;
}

}  // namespace baton::core
