// Whether archiving works, in one word and one sentence, from facts that PostgreSQL counts and from
// what it does not count.
//
// A command that is not found or dies by a signal ends the archiver process, and is counted nowhere
// (shell_archive.c); one that hangs neither.  Both are told by looking again and again: the
// archiver has gone, or is another process than before, while files wait and neither counter has
// moved; or it is there, and nothing has moved for long.  The postmaster starts an archiver at most
// every ten seconds (PGARCH_RESTART_INTERVAL in pgarch.c), so one that has ended is missing when it
// is looked for, and one that is missing for longer ends each time before anybody sees it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/lag_history.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

// One look of the monitor.
struct ArchiveLook {
  Instant at{};
  std::int64_t archiver = 0;  // pid; 0 if there is none
  std::int64_t archived_count = 0;
  std::int64_t failed_count = 0;
  std::int64_t waiting_files = 0;
  Lsn written;                   // end of this server's WAL
  std::uint64_t configured = 0;  // changes with what archives, and where
};

class ArchiveWatch {
 public:
  // Rates are of this time; known after a fifth of it.
  static constexpr std::chrono::seconds kWindow{60};

  // Puts what the looks until now say into the part of `facts` that is meant for it.
  void Look(const ArchiveLook& look, ArchiverFacts& facts);

 private:
  void Judge(const ArchiveLook& look);

  std::deque<ArchiveLook> looks_;  // oldest first, within the window, a second apart
  std::int64_t archiver_ = 0;      // the last one that was there
  bool ended_ = false;             // it has gone since something moved
  Instant seen_at_{};              // when one was there last
  Instant moved_at_{};             // when a counter moved last, or nothing waited
  ArchiveLook last_;
};

// What the archive would lack if this server vanished, from the end of its WAL; `history` is of
// that WAL.
void MeasureMissing(Lsn end, const LagHistory& history, Instant now, ArchiverFacts& facts);

struct ArchiveVerdict {
  // "off", "not configured", "working", "unsafe", "behind", "stalled", "failing", "unknown"
  std::string state;
  std::string reason;

  bool operator==(const ArchiveVerdict&) const = default;
};
ArchiveVerdict JudgeArchive(const NodeFacts& facts);

// "off", "command", "library"
std::string_view MethodText(const ArchiverFacts& facts);
std::string_view TrendText(Trend trend);  // empty for kUnknown

}  // namespace baton::core
