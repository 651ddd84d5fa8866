// A folder of PostgreSQL's programs, for --bindir, in which one of them stands still once, so that
// whoever runs it can be met there.
#pragma once

#include <string>

#include "test/cluster/harness.hpp"

namespace baton::test {

struct Pause {
  enum class When { kBeforeItRuns, kAfterItRan };

  std::string program;
  When when = When::kBeforeItRuns;
  std::string words;  // in its arguments; it goes on at once where they are not
  int call = 1;       // which one of those with these words
};

class PausingProgram {
 public:
  // Makes the folder; all programs in it but that one are the real ones.
  PausingProgram(const fs::path& folder, const Pause& pause);

  std::string bindir() const { return (folder_ / "bin").string(); }
  bool IsPaused() const;  // waits for it
  void GoOn() const;      // also before it has come to its pause

 private:
  fs::path folder_;
};

}  // namespace baton::test
