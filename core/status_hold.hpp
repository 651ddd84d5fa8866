// Keeps a status from flapping: a check shows a new one only after it has held for a while.  The
// number and the words of a row are always those of now, and say what is about to change.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "core/checks.hpp"
#include "core/lag_history.hpp"

namespace baton::core {

struct StatusChange {
  Finding finding;  // with the new status
  Status before = Status::kUnknown;
  bool first = false;  // there was none before
};

class StatusHold {
 public:
  // Sets each finding's status to the one that is to be shown, and `since` to when it came;
  // `wall_now` is the wall clock at `now`.  The first ok, and one after unknown, is shown at once;
  // a first fault is unknown until it has held, since a server that has just started finds its
  // peers a moment later.  What goes to and fro between two statuses, both worse than the one
  // shown, has at least the milder one for all that time, and that is shown; likewise when it gets
  // better.  Returns what changed.
  std::vector<StatusChange> Apply(std::vector<Finding>& findings, std::chrono::milliseconds hold,
                                  Instant now, std::int64_t wall_now);

 private:
  // The statuses are in order, the mildest first; kUnknown is the last.
  static constexpr std::size_t kStatuses = static_cast<std::size_t>(Status::kUnknown) + 1;
  struct Entry {
    bool known = false;
    bool judged = false;  // what was found has been shown once
    Status shown = Status::kUnknown;
    Status found = Status::kUnknown;  // when it was looked at last
    std::int64_t since = 0;
    // Since when what is found has been at least, or at most, so bad; means something only for
    // those that `found` fulfils.
    std::array<Instant, kStatuses> at_least{};
    std::array<Instant, kStatuses> at_most{};

    void Find(Status status, Instant now);
    Status Next(std::chrono::milliseconds hold, Instant now) const;
  };
  std::array<Entry, kCheckCount> entries_{};
};

}  // namespace baton::core
