// What the server of a restore test says in its log, in English and without a prefix: how far it
// came, and why no further.
#pragma once

#include <string>
#include <string_view>

namespace baton::core {

struct RestoreLog {
  int restored_segments = 0;   // brought by restore_command, each counted once
  int restored_histories = 0;  // the same of histories of timelines
  std::string last_segment;    // the last of them; empty if there was none
  // Why recovery saw the end of the WAL: what was wrong with what came after; empty where nothing
  // came.
  std::string end_reason;
  // The last error that ended the server, with its detail and hint; empty if none did.
  std::string fatal;
};

RestoreLog ParseRestoreLog(std::string_view text);

}  // namespace baton::core
