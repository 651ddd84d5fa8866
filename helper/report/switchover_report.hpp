// A switchover as it is seen from outside: what either node says of it, what follows from that, and
// how it is told.  Only one row is never enough for a success: the new primary's says who is the
// primary, the old one's that it streams from there.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "helper/report/rows.hpp"

namespace baton::helper {

// The last word of one node.
struct NodeWord {
  std::string node;
  std::optional<HandOverRow> row;  // as it was seen last; none if it never had one
  std::string error;               // why it did not answer the last question; empty if it did

  // A node that has been heard once and has no row any more, as while it starts, takes no word
  // back.
  void Heard(std::optional<HandOverRow> answer);
  void WasSilent(std::string why) { error = std::move(why); }

  bool Says(std::string_view outcome) const { return row && row->outcome == outcome; }
  // It says that it came to nothing.
  bool SaysFailed() const { return Says("failed") || Says("refused"); }
  // 'node "a": running (offer 3 ms); no answer now: connection refused'
  std::string Text() const;
};

enum class SwitchoverEnd {
  kNotYet,
  kDone,
  kUndone,       // the old primary is the primary again
  kNotFollowed,  // the target is the primary, and the old one does not stream from it
  kUnknown,      // the time was over before either was known
  kInterrupted,  // by a signal to this command; the servers go on
};

SwitchoverEnd JudgeSwitchover(const NodeWord& from, const NodeWord& to, bool time_is_over);

struct HandOverStep {
  std::string name;
  std::optional<std::int64_t> milliseconds;  // none where it could not be read
};
std::vector<HandOverStep> StepsFrom(std::string_view text);

// Who is the primary now, and a table of the steps; for kDone.
std::vector<std::string> SwitchoverLines(const NodeWord& from, const NodeWord& to);

// What ends the command where it is not done.
core::Error SwitchoverError(SwitchoverEnd end, const NodeWord& from, const NodeWord& to,
                            const std::string& hand_over, std::chrono::seconds timeout);

// outcome, reason, timeline, lsn, steps, nodes.
nlohmann::json SwitchoverJson(SwitchoverEnd end, const NodeWord& from, const NodeWord& to);

}  // namespace baton::helper
