// Rows of the extension's views as the helper reads them: plain values, by the names of the
// columns.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/finding.hpp"
#include "core/lsn.hpp"

namespace baton::helper {

// One row of baton.health; a text that is NULL there is empty here.
struct HealthRow {
  std::string check_name;
  core::Status status = core::Status::kUnknown;
  std::string value;
  std::string threshold;
  std::string message;
  std::string hint;
  std::optional<double> value_number;
  std::string unit;
  std::optional<double> warning_at;
  std::optional<double> critical_at;
};

// "ok" and so on; any other word is unknown.
core::Status StatusOf(const std::string& text);

// One row of baton.cluster.  Of a node that does not answer the values are the last seen ones.
struct ClusterRow {
  std::string name;
  bool reachable = false;
  std::string role;  // empty if it was never seen, as all that follow
  std::string state;
  core::TimelineId timeline = 0;
  core::Lsn lsn;       // end of its WAL: written on a primary, received on a standby
  core::Lsn replayed;  // none on a primary
  std::optional<std::chrono::microseconds> replay_lag;
  std::optional<std::int64_t> replay_lag_bytes;
  std::string upstream;
  std::string server_version;
  std::optional<std::chrono::microseconds> clock_difference;
  std::optional<std::vector<std::string>> sees;     // nodes that answer it; none if not known
  std::string seen_at;                              // as the server writes it
  std::optional<std::chrono::microseconds> unseen;  // time since then
  std::string error;                                // why it does not answer
  // "open", "waiting" or "closed"; on a standby, as if it were promoted.  Empty if not known.
  std::string gate;
  std::vector<std::string> gate_reasons;  // why it is not open; only if it answered here
};

// What one node says of a hand-over, in baton.requests; a text that is NULL there is empty here.
struct HandOverRow {
  std::string outcome;  // requested, running, done, refused, failed
  std::string reason;
  std::optional<core::TimelineId> timeline;
  std::string lsn;    // where the new timeline begins
  std::string steps;  // "offer 3 ms, checkpoint 12 ms"
};

}  // namespace baton::helper
