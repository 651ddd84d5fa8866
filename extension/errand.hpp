// Work on storage that may hang, done by a child of this process, so that nobody here waits for it.
//
// The child is forked, has none of our descriptors and no shared memory of the server, runs none of
// its code, and dies with this process.  What it found comes back by a pipe.  Where it was killed
// and cannot die, as in a file system that hangs, it is left behind: it holds nothing that the
// server needs, not even for its next start.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>

#include "core/error.hpp"
#include "core/lag_history.hpp"

namespace baton {

class Errand {
 public:
  // Returns what it found; throws core::Error.  POSIX and plain C++ only: no memory of the server,
  // no log, no settings.
  using Work = std::function<std::string()>;

  // `title` is what ps shows behind the name of this process.  Throws core::Error if there can be
  // no child.
  Errand(const std::string& title, const Work& work);
  ~Errand();  // gives it up
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  // Readable when there may be something to see; -1 once it has finished.
  int descriptor() const { return descriptor_; }
  // Looks, without waiting, whether it has finished.
  void Advance();
  bool Finished() const { return finished_; }
  // What it found, after Finished(); throws what it threw, or kFailed if it died.
  const std::string& Found() const;
  core::Instant begun_at() const { return begun_at_; }
  // Kills it; from then on it has failed.
  void GiveUp();

  // Since when a child of this process has been killed and is still there; none if none is.
  static std::optional<core::Instant> HangingSince();

 private:
  void Conclude(int status);

  pid_t child_ = 0;
  int descriptor_ = -1;
  bool finished_ = false;
  core::Instant begun_at_{};
  std::string received_;
  std::string found_;
  std::optional<core::Error> failure_;
};

}  // namespace baton
