// Segments of WAL whose every page and record is right; the records do nothing.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>

#include "core/crc32c.hpp"
#include "core/restore_command.hpp"
#include "test/unit/archive/segments.hpp"

namespace baton::test {

// Writes records into one segment, from its beginning on.  What is not written is zero.
class WalMaker {
 public:
  // `carried` bytes of a record of the segment before come first.
  WalMaker(core::TimelineId timeline, core::Lsn begin, std::uint64_t segment_bytes,
           std::uint32_t carried = 0)
      : timeline_(timeline), begin_(begin), segment_bytes_(segment_bytes) {
    Header(carried);
    Body(std::string(carried, 'c'));
  }

  void set_timeline(core::TimelineId timeline) { timeline_ = timeline; }  // of the pages to come
  void set_system_identifier(std::uint64_t identifier) {
    system_identifier_ = identifier;
    Put(24, identifier);
  }
  // Of all pages; to be called first.
  void set_magic(std::uint16_t magic) {
    magic_ = magic;
    Put(0, magic);
  }

  // Records of this length in all; the last one may go on in the next segment.
  void Records(int count, std::uint32_t bytes = 5000) {
    for (int i = 0; i < count && at_ < segment_bytes_; ++i) Record(kNoop, bytes);
  }
  void Fill() {
    while (at_ < segment_bytes_) Record(kNoop, 5000);
  }
  void Switch() {
    if (at_ < segment_bytes_) Record(kSwitch, kRecordHeader);
  }
  core::Lsn position() const { return core::Lsn(begin_.bytes() + at_); }
  std::uint64_t segment_bytes() const { return segment_bytes_; }
  // The pages that have been begun; nothing but zeros follows.
  const std::string& pages() const { return wal_; }
  std::string Whole() const {
    std::string whole = wal_;
    whole.resize(segment_bytes_);
    return whole;
  }

 private:
  static constexpr std::size_t kPage = 8192;
  static constexpr std::uint32_t kRecordHeader = 24;
  static constexpr unsigned char kNoop = 0x20;
  static constexpr unsigned char kSwitch = 0x40;

  template <typename Number>
  void Put(std::size_t at, Number value) {
    std::memcpy(wal_.data() + at, &value, sizeof(value));
  }
  void Header(std::uint32_t remaining) {
    const bool is_first = at_ == 0;
    wal_.resize(at_ + kPage);
    Put(at_, magic_);
    Put(at_ + 2, static_cast<std::uint16_t>((is_first ? 2 : 0) + (remaining > 0 ? 1 : 0)));
    Put(at_ + 4, timeline_);
    Put(at_ + 8, position().bytes());
    Put(at_ + 16, remaining);
    if (is_first) {
      Put(24, system_identifier_);
      Put(32, static_cast<std::uint32_t>(segment_bytes_));
      Put(36, static_cast<std::uint32_t>(kPage));
    }
    at_ += is_first ? 40 : 24;
  }
  void Body(std::string_view bytes) {
    while (!bytes.empty() && at_ < segment_bytes_) {
      if (at_ % kPage == 0) Header(static_cast<std::uint32_t>(bytes.size()));
      const std::size_t size = std::min(bytes.size(), kPage - at_ % kPage);
      std::memcpy(wal_.data() + at_, bytes.data(), size);
      at_ += size;
      bytes.remove_prefix(size);
    }
    at_ = (at_ + 7) / 8 * 8;
  }
  void Record(unsigned char info, std::uint32_t bytes) {
    if (at_ % kPage == 0) Header(0);
    const core::Lsn begin = position();
    std::string record(bytes, static_cast<char>('a' + at_ / 8 % 26));
    std::memset(record.data(), 0, kRecordHeader);
    const auto put = [&](std::size_t at, auto value) {
      std::memcpy(record.data() + at, &value, sizeof(value));
    };
    put(0, bytes);
    put(8, previous_.bytes());
    put(16, info);
    // Main data of that length (XLR_BLOCK_ID_DATA_LONG in src/include/access/xlogrecord.h).
    if (bytes > kRecordHeader) {
      put(24, std::uint8_t{254});
      put(25, bytes - kRecordHeader - 5);
    }
    core::Crc32c crc;
    crc.Add(std::string_view(record).substr(24));
    crc.Add(std::string_view(record).substr(0, 20));
    put(20, crc.Value());
    Body(record);
    previous_ = begin;
  }

  core::TimelineId timeline_;
  core::Lsn begin_;
  std::uint64_t segment_bytes_;
  std::string wal_;
  std::size_t at_ = 0;
  core::Lsn previous_;  // record; none in this segment
  std::uint16_t magic_ = core::PageMagic(15);
  std::uint64_t system_identifier_ = kSystemIdentifier;
};

}  // namespace baton::test
