// How old the oldest commit is that a standby has not replayed, by one clock.
//
// PostgreSQL's own figures lie in turn: the age of the last replayed commit grows on an idle
// primary, and "nothing to replay" looks like "caught up" when the link is dead.  This history
// remembers when the upstream's WAL was first known to reach a position; the answer is the age of
// the first such moment beyond what is replayed.  On a primary the same history, fed with its own
// position, answers for each standby.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/lsn.hpp"

namespace baton::core {

// A moment on one machine's own clock, which goes on during suspend; only differences mean
// anything.
using Instant = std::chrono::microseconds;

class LagHistory {
 public:
  static constexpr std::size_t kSamples = 256;

  struct Sample {
    Lsn end;
    Instant first_known{};
  };

  // The upstream said at `now` that its WAL reaches `end`.  A position that goes back (another
  // timeline) starts the history anew.
  void Hear(Lsn end, Instant now);

  // Age of the oldest WAL beyond `replayed`; zero when there is none and the link is alive.  On a
  // dead link anything may have been written since the upstream was last heard, so the age is at
  // least that.  nullopt if the upstream was never heard.
  std::optional<std::chrono::microseconds> Lag(Lsn replayed, bool link_alive, Instant now) const;

  // Whether the history reaches back to `replayed`, so that Lag is no mere lower bound.
  bool Covers(Lsn replayed) const { return count_ > 0 && replayed >= samples_[0].end; }

  // The last thing heard; the position is none if nothing was.
  Lsn last_end() const { return count_ == 0 ? Lsn() : samples_[count_ - 1].end; }
  Instant last_heard() const { return last_heard_; }

 private:
  void Thin();

  std::array<Sample, kSamples> samples_{};  // by position, oldest first
  std::uint32_t count_ = 0;
  Instant last_heard_{};
};

}  // namespace baton::core
