// A shell command that an administrator has configured, run as a child of this process without ever
// blocking it.  The child has a process group of its own, the signals as a login shell has them, no
// input, and none of our descriptors; what it prints on standard error is kept in part, the rest is
// thrown away.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <sys/types.h>

#include "core/lag_history.hpp"

namespace baton {

class ShellCommand {
 public:
  enum class End {
    kNone,        // it runs
    kExited,      // with exit_code
    kSignalled,   // by signal
    kTimedOut,    // killed when its time was over
    kKilled,      // by Kill()
    kNotStarted,  // why: errors()
  };
  struct Result {
    End end = End::kNone;
    int exit_code = 0;
    int signal = 0;
  };

  // Starts `command` in a shell, in the data directory, with `environment` over what this process
  // has.  From `limit` on Advance() kills the whole group.
  ShellCommand(const std::string& command, const std::map<std::string, std::string>& environment,
               std::chrono::milliseconds limit);
  // Kills it if it still runs; so does the end of this process, unless it crashes.
  ~ShellCommand();
  ShellCommand(const ShellCommand&) = delete;
  ShellCommand& operator=(const ShellCommand&) = delete;

  // Looks, without waiting, whether it has ended or its time is over.
  void Advance();
  // Waits until there may be something to see, `limit` at most, and advances.  Interruptible.
  void Wait(std::chrono::milliseconds limit);
  void Kill();

  bool Finished() const { return result_.end != End::kNone; }
  const Result& result() const { return result_; }
  // The beginning of what it printed on standard error, 400 bytes at most, without the last line
  // feed; or why it was not started.
  const std::string& errors() const { return errors_; }
  // Whether the shell could not run it, or a signal ended it: nothing can be concluded from that.
  // The limits are those of PostgreSQL's own restore_command (xlogarchive.c).
  bool Failed() const {
    return result_.end != End::kNone && (result_.end != End::kExited || result_.exit_code > 125);
  }

 private:
  void Start(const std::string& command, const std::map<std::string, std::string>& environment);
  void TakeErrors();
  void CloseErrors();
  void KillGroup(End end);

  core::Instant ends_at_;
  pid_t child_ = 0;  // 0 while there is none
  int descriptor_ = -1;
  Result result_;
  std::string errors_;
};

}  // namespace baton
