// What one node knows about the others: a row for each registered node, as the observer saw it
// last, and what follows from all of them together.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fixed_text.hpp"
#include "core/lag_history.hpp"
#include "core/node_facts.hpp"
#include "core/reign.hpp"

namespace baton::core {

// One row of baton.cluster.  What was seen stays when the node falls silent; `error` says so.
struct PeerRow {
  NodeText name;
  bool asked = false;      // an answer, or its absence, is known
  bool reachable = false;  // the last question was answered
  Role role = Role::kUnknown;
  FixedText<24> state;      // as baton.node_status of that node has it
  TimelineId timeline = 0;  // 0 if never seen
  Lsn lsn;                  // end of its WAL: written on a primary, received on a standby
  Lsn replayed;             // none on a primary
  std::optional<std::chrono::microseconds> replay_lag;
  std::optional<std::int64_t> replay_lag_bytes;
  NodeText upstream;
  FixedText<96> server_version;
  FixedText<32> architecture;
  FixedText<32> collation_version;  // of the system's libc; empty if it tells none
  std::uint64_t system_identifier = 0;
  // That node's clock less this one's, at most half of the round trip wrong.
  std::optional<std::chrono::microseconds> clock_difference;
  std::chrono::microseconds round_trip{};
  FixedText<256> sees;       // names of the nodes that answer it, separated by commas
  std::int64_t seen_at = 0;  // TimestampTz of this server; 0 if never
  Instant seen{};            // the same moment by this machine's clock
  FixedText<160> error;      // why it does not answer; empty if it does
  Instant asked_at{};        // when the question was sent that it answered last
  Instant concluded_at{};    // the same of the last one that was answered, or given up
  bool promoting = false;    // a promotion is under way there, or is being decided on
  FixedText<16> gate;        // core::GateText; empty if it did not tell
  Reign reign;               // of a primary; on a standby, of the primary whose WAL it has
  // The primary that it knows of: itself, or the one it streams from, or that its observer sees.
  NodeText primary;                 // empty if none
  TimelineId primary_timeline = 0;  // 0 if none
  bool primary_alive = false;       // it heard from that one not long ago
};

// What the observer knows after a round of questions.
struct ClusterView {
  bool measured = false;  // a round has ended, and not too long ago
  std::string_view own_version;
  std::string_view own_architecture;
  std::string_view own_collation_version;
  Role own_role = Role::kUnknown;
  std::string_view upstream;  // by name; empty or unregistered: not known
  std::vector<PeerRow> rows;  // of the other nodes
};

PeersFacts Summarize(const ClusterView& view);

// Settings that all nodes of a cluster should have alike, since any of them may be the primary
// tomorrow; in the order in which they are worth reading.
const std::vector<std::string_view>& AlikeSettings();

// One setting's value in such lines; empty if it is not there.
std::string_view SettingIn(std::string_view lines, std::string_view name);

// "name value, primary VALUE, ..." for what differs between two lists of "name=value" lines; empty
// if nothing does.
std::string DriftBetween(std::string_view own, std::string_view primary);

}  // namespace baton::core
