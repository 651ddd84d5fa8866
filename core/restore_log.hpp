// What the server of a restore test says in its log, in English and without a prefix, with what
// restore_command prints among it: how far recovery came, and why no further.
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
  // What restore_command printed when it was asked for more than that, its lines joined by "; ",
  // but for the plain word that a file is not there; empty if it said nothing else.
  std::string command_words;
  // The last error that ended the server, with its detail and hint; empty if none did.
  std::string fatal;
};

// Of a server that was started several times only the last start has a reason and an error.
RestoreLog ParseRestoreLog(std::string_view text);

// "The server said: ...": why recovery went no further, in whole sentences; empty if nobody said
// anything.
std::string LastWords(const RestoreLog& log);

}  // namespace baton::core
