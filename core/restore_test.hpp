// A restore that is only a test: where it may take place, how its server is set up so that nothing
// outside of its folder is touched, and what its end says about the archive.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"
#include "core/problem.hpp"

namespace baton::core {

// The folder in which all of it is to take place.
struct ScratchFolderFacts {
  std::string path;
  bool exists = false;
  bool is_directory = false;
  bool is_own = false;
  bool is_empty = false;
  bool is_leftover = false;    // of an earlier test, which nobody runs any more
  bool can_create = false;     // it, or files in it
  std::string data_directory;  // that it is, or is inside of; empty if none
  std::string forbidden;       // backup or archive that it is inside of, or that is inside of it
  std::int64_t needed_bytes = 0;
  std::optional<std::int64_t> free_bytes;
};
Problems CheckScratchFolder(const ScratchFolderFacts& facts);

struct ScratchServerFacts {
  int major = 0;
  std::string socket_directory;
  std::string restore_command;
  std::string preload_libraries;
  std::string target_lsn;  // at most one of both
  std::string target_time;
  // By the names of settings: what must not be lower (CheckRequiredParameterValues in
  // xlogrecovery.c).
  std::map<std::string, std::string> minimums;
};
// postgresql.conf, whole.
std::string ScratchConfiguration(const ScratchServerFacts& facts);

// The shell's command without what would let it delete files: %r is none that is needed.
std::string WithoutRemoval(std::string_view restore_command);

// Where recovery ended.
struct RestoreEnd {
  Lsn end;
  TimelineId timeline = 0;
  std::uint64_t segment_bytes = 0;
  std::string newest_archived;  // segment; empty if that is not known
  std::string last_words;       // on why it went no further, in whole sentences; may be empty
  bool had_target = false;
};
// None if all that the archive has was restored.
std::optional<Problem> FindShortfall(const RestoreEnd& end);

// "'it''s'": a value for postgresql.conf (src/backend/utils/misc/guc-file.l).
std::string QuotedSetting(std::string_view value);

}  // namespace baton::core
