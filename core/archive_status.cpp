#include "core/archive_status.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/archive_command.hpp"
#include "core/quantity.hpp"
#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

// The postmaster starts an archiver this often at most; one that is not seen for longer has ended
// each time.
constexpr std::chrono::seconds kRestartsWithin{11};
// Longer than an archiver that was given too slow a storage takes for one file, by default.
constexpr std::chrono::seconds kStalledAfter{90};

bool Moved(const ArchiveLook& before, const ArchiveLook& now) {
  return now.archived_count != before.archived_count || now.failed_count != before.failed_count;
}

std::string FilesText(std::int64_t files) {
  return files == 1 ? "1 file waits" : fmt::format("{} files wait", files);
}

ArchiveVerdict Off(const ArchiverFacts& archiver) {
  return {"off", archiver.mode == ArchiveMode::kOff
                     ? "archive_mode is off"
                     : "this is a standby, and archive_mode \"on\" lets the primary alone archive"};
}

}  // namespace

void ArchiveWatch::Judge(const ArchiveLook& look) {
  const bool begins = last_.at == Instant{} || look.configured != last_.configured ||
                      look.archived_count < last_.archived_count ||
                      look.failed_count < last_.failed_count;
  if (begins) {
    looks_.clear();
    archiver_ = 0;
  }
  if (begins || Moved(last_, look) || look.waiting_files == 0) {
    ended_ = false;
    moved_at_ = look.at;
  } else if (archiver_ != 0 && look.archiver != archiver_) {
    ended_ = true;
  }
  if (look.archiver != 0 || begins) seen_at_ = look.at;
  if (look.waiting_files > 0 && look.at - std::max(seen_at_, moved_at_) >= kRestartsWithin &&
      look.archiver == 0) {
    ended_ = true;
  }
  if (look.archiver != 0) archiver_ = look.archiver;
  while (!looks_.empty() && look.at - looks_.front().at > kWindow) looks_.pop_front();
  if (looks_.empty() || look.at - looks_.back().at >= std::chrono::seconds(1)) {
    looks_.push_back(look);
  }
  last_ = look;
}

void ArchiveWatch::Look(const ArchiveLook& look, ArchiverFacts& facts) {
  Judge(look);
  facts.uncounted_failures = ended_;
  facts.unmoved = look.at - moved_at_;
  const ArchiveLook& first = looks_.front();
  const auto time = look.at - first.at;
  if (time < kWindow / 5) return;
  const auto bytes = static_cast<double>(look.archived_count - first.archived_count) *
                     static_cast<double>(facts.segment_bytes);
  facts.archive_rate = bytes / Seconds(time);
  if (look.written >= first.written) {
    facts.wal_rate = static_cast<double>(look.written.BytesSince(first.written)) / Seconds(time);
  }
  facts.trend = look.waiting_files > first.waiting_files   ? Trend::kGrowing
                : look.waiting_files < first.waiting_files ? Trend::kShrinking
                                                           : Trend::kSteady;
}

void MeasureMissing(Lsn end, const LagHistory& history, Instant now, ArchiverFacts& facts) {
  if (!facts.enabled) {
    facts.missing_reason = "this server archives nothing now";
    return;
  }
  if (!facts.counted || facts.archived_end.IsNone()) {
    facts.missing_reason = "the waiting files have not been counted";
    return;
  }
  if (end.IsNone()) {
    facts.missing_reason = "the end of the WAL is not known";
    return;
  }
  Lsn archived = facts.archived_end;
  // The archiver goes in the order of the WAL, and has come further since.
  if (IsSegmentName(facts.last_archived.view()) && facts.segment_bytes > 0) {
    const Lsn last(BeginOf(facts.last_archived.view(), facts.segment_bytes).bytes() +
                   facts.segment_bytes);
    if (last > archived && last <= end) archived = last;
  }
  facts.missing_bytes = std::max<std::int64_t>(end.BytesSince(archived), 0);
  if (*facts.missing_bytes == 0) {
    facts.missing_time = std::chrono::microseconds(0);
    return;
  }
  const auto age = history.Lag(archived, true, now);
  if (!age) {
    facts.missing_reason = "it is not known when the WAL was written";
    return;
  }
  facts.missing_time = *age;
  if (history.Covers(archived)) return;
  if (facts.ready_files > 0) facts.missing_time = std::max(*age, facts.oldest_ready);
  facts.missing_reason = "the time is at least so long: the monitor has not looked for longer";
}

ArchiveVerdict JudgeArchive(const NodeFacts& facts) {
  const ArchiverFacts& archiver = facts.archiver;
  if (!archiver.enabled) return Off(archiver);
  if (!archiver.configured) {
    return {"not configured", archiver.method == ArchiveMethod::kLibrary
                                  ? "pg_baton.archive_directory is not set"
                                  : "neither archive_command nor archive_library is set"};
  }
  if (!archiver.target_fault.empty()) return {"failing", archiver.target_fault.str()};
  if (!archiver.counted) return {"unknown", "the waiting files have not been counted"};
  const std::int64_t files = archiver.ready_files;
  if (archiver.failing && files > 0) {
    return {"failing", fmt::format("archiving \"{}\" failed", archiver.last_failed.view())};
  }
  if (archiver.uncounted_failures) {
    return {"failing",
            "the archiver has ended without counting a failure: its command is not found, "
            "or is killed by a signal"};
  }
  if (!archiver.running) return {"failing", "the archiver process is not there"};
  if (files > 0 && archiver.unmoved >= kStalledAfter) {
    return {"stalled", fmt::format("{}, and no attempt has ended for {}", FilesText(files),
                                   DurationText(archiver.unmoved))};
  }
  if (files > 1 && archiver.trend == Trend::kGrowing && archiver.wal_rate) {
    return {"behind",
            fmt::format("{}, and WAL is written faster than it is archived: {}/s, {}/s",
                        FilesText(files), BytesText(static_cast<std::int64_t>(*archiver.wal_rate)),
                        BytesText(static_cast<std::int64_t>(*archiver.archive_rate)))};
  }
  if (archiver.method == ArchiveMethod::kCommand) {
    const auto advice =
        AdviseArchiveCommand(archiver.target.view(), archiver.data_directory.view());
    if (advice) return {"unsafe", advice->reason};
  }
  return {"working", files == 0 ? "nothing waits" : FilesText(files)};
}

std::string_view MethodText(const ArchiverFacts& facts) {
  if (!facts.enabled) return "off";
  switch (facts.method) {
    case ArchiveMethod::kCommand:
      return "command";
    case ArchiveMethod::kLibrary:
      return "library";
    case ArchiveMethod::kNone:
      break;
  }
  return "off";
}

std::string_view TrendText(Trend trend) {
  switch (trend) {
    case Trend::kSteady:
      return "steady";
    case Trend::kGrowing:
      return "growing";
    case Trend::kShrinking:
      return "shrinking";
    case Trend::kUnknown:
      break;
  }
  return "";
}

}  // namespace baton::core
