// The WAL in one segment, followed page by page and record by record as its bytes go by: each
// page's header is as XLogReaderValidatePageHeader wants it, and each record's checksum is right
// (ValidXLogRecord; both in src/backend/access/transam/xlogreader.c).  A record that begins in the
// segment before is followed, but only its length can be compared.
//
// WAL fills a segment to its end, or ends with the record of a switch to the next one.  What comes
// after that record is of no matter: the server leaves zeros there (CopyXLogRecordToWAL in xlog.c),
// or what was in a recycled file where it was killed before it got that far.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/crc32c.hpp"
#include "core/timeline_history.hpp"

namespace baton::core {

class WalWalk {
 public:
  // `history` is that of the segment's timeline, empty if it is not known.  From `may_end_at` on
  // anything may follow, as after a fork; none: the WAL must fill the segment.
  WalWalk(std::string_view segment_name, TimelineHistory history, Lsn may_end_at);

  // The segment's bytes from its beginning on, whole pages of 64 kB at a time but for the last
  // piece.  The first page's long header is one that SegmentFault accepts.
  void Take(std::string_view bytes);
  // As many zeros as Take would be given.
  void TakeZeros(std::uint64_t count);
  // Nothing that follows can change the outcome.
  bool IsOver() const { return is_over_; }

  enum class Outcome {
    kWhole,
    kEnds,     // there is no WAL any more, and no damage to be seen
    kDamaged,  // something other than WAL stands where WAL has to be
  };
  Outcome outcome() const { return outcome_; }
  Lsn at() const { return at_; }                         // where it ends, or the damage begins
  const std::string& reason() const { return reason_; }  // "the record at 0/3000028 has ..."

 private:
  void TakePage(std::string_view page);
  bool CheckHeader(std::string_view page);
  bool GoOnWithRecord(std::string_view page, std::uint16_t info);
  void TakeRecords(std::string_view page, std::size_t position);
  bool BeginRecord(std::string_view page, std::size_t position);
  void AddToRecord(std::string_view bytes);
  void EndRecord();
  void Ends(Lsn at, std::string reason) { Stop(Outcome::kEnds, at, std::move(reason)); }
  void Damage(Lsn at, std::string reason) { Stop(Outcome::kDamaged, at, std::move(reason)); }
  void Stop(Outcome outcome, Lsn at, std::string reason);
  TimelineId TimelineAt(Lsn page) const;
  // Where the WAL goes on that comes before this page.
  Lsn Reached() const { return left_ > 0 ? record_begin_ : page_at_; }

  TimelineId timeline_;
  TimelineHistory history_;
  Lsn may_end_at_;
  std::string name_;

  Lsn page_at_;
  std::uint32_t page_bytes_ = 0;  // 0 until the first page is seen
  std::uint16_t magic_ = 0;
  TimelineId page_timeline_ = 0;

  Lsn record_begin_;
  std::uint32_t left_ = 0;      // of the record
  bool began_before_ = false;   // the record began in the segment before
  bool may_be_switch_ = false;  // that one was as long as the rest of a switch is
  std::string header_;          // of the record; of one that began before, its last eight bytes
  Crc32c crc_;

  bool is_over_ = false;
  Outcome outcome_ = Outcome::kWhole;
  Lsn at_;
  std::string reason_;
};

}  // namespace baton::core
