// Whether this standby can follow that node, the primary or another standby, from now on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/finding.hpp"
#include "core/promotion.hpp"

namespace baton::core {

// What the node says to a WAL receiver.
struct UpstreamOffer {
  TimelineId timeline = 0;
  Lsn end;  // of the WAL that it could send now
  // Where its history left this standby's timeline, if it is on a newer one; none: that timeline is
  // no part of it, or `history_error` says why that is not known.
  std::optional<Lsn> left;
  std::string history_error;
};

// What the node has room for.
struct UpstreamRoom {
  std::int64_t slots = 0;  // max_replication_slots
  std::int64_t slots_used = 0;
  std::string slot_type;  // of the slot with this standby's name; empty if there is none
  bool slot_active = false;
  std::int64_t senders = 0;  // max_wal_senders
  std::int64_t senders_used = 0;
  bool may_replicate = false;  // the role of the nodes may
  Lsn oldest;                  // where the WAL that it has begins; none if not known
};

// The primary, for its commits that wait for standbys.
struct UpstreamSync {
  std::string names;          // synchronous_standby_names
  bool waits_for_us = false;  // this standby is one of those that count now
  std::int64_t others = 0;    // connected standbys that would count besides
};

struct UpstreamFacts {
  std::string node;       // to be followed
  std::string node_name;  // of this node; empty if it has none
  NodeFacts own;
  Reign reign;  // of the primary whose WAL this standby has
  bool registry_readable = false;
  bool registered = false;   // `node` is
  bool is_upstream = false;  // primary_conninfo leads there already
  std::string busy;          // what else is under way here; empty if nothing is
  bool follow_primary = true;
  bool latest_timeline = true;  // recovery_target_timeline
  bool alter_system_allowed = true;
  bool restore_command = false;
  std::string on_command_line;  // settings that are fixed there; empty if none

  std::vector<PeerAnswer> peers;      // all other nodes, asked now
  std::vector<PeerRow> seen;          // the same, as they were seen before
  std::vector<std::string> standbys;  // who streams from here

  std::string error;  // why it answered no more than who it is; empty if it did
  // Why the node does not let this standby in for replication; empty if it does; none: not tried.
  std::optional<std::string> login;
  std::optional<UpstreamOffer> offer;
  bool record_at_fork = false;  // this standby has a whole record that begins at offer->left
  std::optional<UpstreamRoom> room;
  std::optional<UpstreamSync> sync;
};

// One finding a check.  Of a server that is no standby, and of a node that is not known, there is
// one row, critical.
std::vector<Finding> CheckUpstream(const UpstreamFacts& facts);

// What the node must have received before this standby goes there.
Lsn WantedOf(const UpstreamFacts& facts);

}  // namespace baton::core
