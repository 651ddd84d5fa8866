// How far a rejoin has come.  It stands in a file outside of the data directory, written before the
// step begins, so that a rejoin which was killed, or lost its power, goes on where it was.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/lsn.hpp"

namespace baton::core {

// Up to kSaving whatever was done is undone, and the rejoin begins anew; from kLocked on it goes
// on.
enum class RejoinStep {
  kRecovering,  // no server starts from the directory any more; crash recovery
  kSaving,      // the WAL that pg_rewind needs is gathered, and kept beside the directory
  kLocked,      // the mode is one that nothing starts with; this server's own files are moved aside
  kRewinding,   // the files are of two servers
  kRewound,     // this server's own files and settings are put back
  kCopying,     // instead of rewinding: a new copy grows beside the directory
  kSwapping,    // the new copy takes the directory's place
  kReady,       // a standby, whole and durable, that has to show that it streams
};
inline constexpr std::array kRejoinSteps = {
    RejoinStep::kRecovering, RejoinStep::kSaving,  RejoinStep::kLocked,   RejoinStep::kRewinding,
    RejoinStep::kRewound,    RejoinStep::kCopying, RejoinStep::kSwapping, RejoinStep::kReady};
std::string_view StepName(RejoinStep step);

struct RejoinJournal {
  // A tablespace of the new copy: where it is on the source, grows, and will be.
  struct Tablespace {
    std::string oid;
    std::string on_source;
    std::string grows_at;
    std::string location;
    bool operator==(const Tablespace&) const = default;
  };

  RejoinStep step = RejoinStep::kRecovering;
  std::string node_name;
  std::string passfile;
  std::string system_identifier;
  int major = 0;                     // version of PostgreSQL
  std::uint32_t mode = 0700;         // of the directory, before and after
  std::vector<std::string> signals;  // signal files that were there
  TimelineId timeline = 0;           // of this node before
  TimelineId source_timeline = 0;
  std::string source_reign;             // empty: not known
  std::uint64_t segment_bytes = 0;      // of the WAL
  Lsn fork;                             // where the histories part; none: not known, or nowhere
  std::vector<std::string> own;         // names at the top that are this server's own
  std::vector<Tablespace> tablespaces;  // of the new copy
  std::string why_copied;               // empty: it is rewound

  bool operator==(const RejoinJournal&) const = default;
};

std::string JournalToText(const RejoinJournal& journal);
// nullopt if it is not what JournalToText makes.
std::optional<RejoinJournal> JournalFromText(std::string_view text);

}  // namespace baton::core
