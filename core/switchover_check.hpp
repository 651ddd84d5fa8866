// Whether this primary can hand over to that standby now: the target's side of a switchover.  What
// concerns this server itself is in core/demotion_check.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/finding.hpp"
#include "core/promotion.hpp"

namespace baton::core {

// The target among the WAL senders of this server.
struct TargetSender {
  std::string state;                        // as pg_stat_replication has it
  std::optional<std::int64_t> lacks_bytes;  // of WAL that it has not replayed
};

struct TargetSlots {
  std::int64_t total = 0;  // max_replication_slots
  std::int64_t used = 0;
  bool has_ours = false;  // one of this node's name is there already
};

struct SwitchoverFacts {
  std::string target;
  std::string node_name;  // of this node; empty if it has none
  int major_version = 0;
  TimelineId timeline = 0;
  bool registry_readable = false;
  bool registered = false;  // the target is

  bool senders_read = false;
  std::optional<TargetSender> sender;  // none: the target does not stream from here
  std::int64_t lag_allowed = 0;        // pg_baton.switchover_max_lag, in bytes
  std::string synchronous_standby_names;

  PeerAnswer answer;  // who the target says it is
  // What the target said of itself; none if that could not be asked, for the reason in `error`.
  std::optional<std::vector<Finding>> promotion_check;
  std::optional<bool> sees_us;
  std::optional<TargetSlots> slots;
  // Why the target does not let this server in as a standby, empty if it does; none: not tried.
  std::optional<std::string> standby_login;
  std::string error;
};

// One finding a check.  Of a target that is not known the only row is `target_known`, critical.
std::vector<Finding> CheckSwitchover(const SwitchoverFacts& facts);

}  // namespace baton::core
