// A file's way into the archive and back, step by step: what was seen on it becomes one row a step.
// What a restore_command may answer, and what PostgreSQL makes of it, is in RestoreArchivedFile
// (src/backend/access/transam/xlogarchive.c).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/finding.hpp"

namespace baton::core {

struct RoundTripStep {
  std::string step;
  Status status = Status::kUnknown;
  std::string message;
  std::string detail;                             // may be empty
  std::string hint;                               // may be empty
  std::optional<std::chrono::microseconds> took;  // none where nothing was measured
};

// The server as it is before anything is written.
struct RoundTripServer {
  bool in_recovery = false;
  std::string gate;            // "open", "waiting" or "closed"
  std::string gate_reasons;    // joined; empty where it is open
  std::string archive_mode;    // off, on, always
  std::string archive_method;  // archive_library, else archive_command; empty: nothing archives
};

// "server": ok where a record may be written and its segment be archived.
RoundTripStep JudgeServer(const RoundTripServer& server);

// What became of the segment with the record.
struct Archiving {
  std::string segment;
  bool archived = false;
  std::chrono::microseconds took{};  // since the segment was complete
  std::int64_t failures = 0;         // counted meanwhile
  std::string last_failed;           // the file that failed last; empty if none did meanwhile
  std::int64_t ahead = 0;            // files that wait, the segment too, when the time is over
};
RoundTripStep JudgeArchiving(const Archiving& archiving);

// How restore_command ended, when it was asked for one file.
struct Bringing {
  enum class End { kExited, kSignalled, kTimedOut, kNotStarted };

  std::string file;  // the name that it was asked for
  End end = End::kExited;
  int exit_code = 0;
  int signal = 0;
  std::string errors;                      // the beginning of its standard error
  std::optional<std::int64_t> left_bytes;  // of what is under the name to bring to; none: nothing
  std::chrono::microseconds took{};
};
// "restore": whether it brought a file of this size.
RoundTripStep JudgeBringing(const Bringing& bringing, std::int64_t segment_bytes);
// "missing": whether it said no, cleanly, to a file that no archive has.
RoundTripStep JudgeRefusal(const Bringing& bringing);

// What came back, beside what is in pg_wal.
struct Comparison {
  enum class Outcome { kSame, kDiffers, kGone, kUnreadable };

  std::string segment;
  Outcome outcome = Outcome::kUnreadable;
  std::int64_t differs_at = 0;  // byte
  std::string error;            // why it could not be read
};
// "compare".
RoundTripStep JudgeComparison(const Comparison& comparison);

// "restore" where restore_command is empty; with `has_directory`, pg_baton.archive_directory is
// read instead.
RoundTripStep NoRestoreCommand(bool has_directory);

// "directory": reading the segment from pg_baton.archive_directory without any command.
struct DirectoryReading {
  std::string segment;
  std::string directory;
  bool found = false;
  std::string error;  // empty if there was none
  std::string detail;
  std::chrono::microseconds took{};
};
RoundTripStep JudgeDirectory(const DirectoryReading& reading);

// A step that the time did not suffice for.
RoundTripStep NoTimeLeft(const std::string& step);

}  // namespace baton::core
