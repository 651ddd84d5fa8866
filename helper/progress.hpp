// One honest line about a copy that is under way: bytes done, total, rate, time left.  On a
// terminal the line is redrawn, elsewhere a line is printed now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace baton::helper {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // `what` is a verb: "copying".  Nothing is printed if `quiet`.
  Progress(std::string what, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(std::int64_t done, std::int64_t total);
  void Finish();  // prints the last state, once

 private:
  void Print();

  std::string what_;
  bool quiet_;
  bool terminal_;
  bool finished_ = false;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  Clock::time_point began_ = Clock::now();
  Clock::time_point printed_at_{};
};

// The line itself; the time left is "?" while it cannot be told.
std::string ProgressText(const std::string& what, std::int64_t done, std::int64_t total,
                         std::chrono::milliseconds elapsed);

}  // namespace baton::helper
