// Asks the two nodes of a switchover again and again what they say of it.  One of them ends its
// sessions and starts anew meanwhile, or hangs: neither keeps the other from being asked.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <string>

#include "helper/report/switchover_report.hpp"

namespace baton::helper {

class HandOverWatch {
 public:
  using Clock = std::chrono::steady_clock;
  // Runs in a thread of its own, one at a time; throws core::Error if the node does not answer.
  using Ask = std::function<std::optional<HandOverRow>()>;

  HandOverWatch(std::string node, std::chrono::milliseconds interval, Ask ask);

  // Takes an answer that has come, and asks again when the interval is over.  Never waits.
  void Look(Clock::time_point now);
  const NodeWord& word() const { return word_; }

 private:
  void TakeAnswer();

  Ask ask_;
  std::chrono::milliseconds interval_;
  std::optional<Clock::time_point> asked_;
  NodeWord word_;
  std::future<std::optional<HandOverRow>> answer_;  // last: its destructor waits for ask_
};

// Looks until the end is known, a signal came or the time is over; never returns kNotYet.
SwitchoverEnd AwaitSwitchover(HandOverWatch& from, HandOverWatch& to,
                              HandOverWatch::Clock::time_point deadline);

}  // namespace baton::helper
