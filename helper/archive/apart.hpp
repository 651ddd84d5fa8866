// Work on a storage that may hang, in a process of its own: whoever waits for it can give up.  No
// thread would do, since a call into a file system that hangs never returns.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>

#include "core/error.hpp"

namespace baton::helper {

class Apart {
 public:
  // Begins at once; other pieces of work may be under way beside it.  `work` returns its answer and
  // throws as usual.  Throws kFailed if no process can be made.  The caller has no other thread.
  explicit Apart(const std::function<std::string()>& work);
  // Ends the work by force where nobody has awaited its end.  What hangs in the kernel ends when
  // that lets it go.
  ~Apart();
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

  // Its answer; throws what the work threw, kFailed where it takes longer than `limit` from its
  // beginning (zero: it may take for ever) or ends by a signal, kInterrupted after a signal to this
  // process.
  std::string Await(std::chrono::seconds limit);

 private:
  std::string ReadAll(std::chrono::seconds limit);

  pid_t process_ = -1;
  int pipe_ = -1;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace baton::helper
