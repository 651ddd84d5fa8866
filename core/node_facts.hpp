// What one node knows about itself at one moment: plain values, gathered by the monitor, kept in
// shared memory and judged by the rules in health and promotion.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/fixed_text.hpp"
#include "core/lsn.hpp"

namespace baton::core {

using NodeText = FixedText<64>;

enum class Role { kUnknown, kPrimary, kStandby };

// Where a standby's WAL comes from.  Three states, because "not connected" is no fault while an
// archive feeds the standby, and no "streaming" may be claimed for it either.
enum class Link { kNone, kStreaming, kFromArchive, kNotReceiving };

enum class Replay { kRunning, kPauseRequested, kPaused };

std::string_view RoleText(Role role);

// The word in baton.node_status.state, from the most telling fact down.
std::string_view StateText(Role role, Link link, Replay replay, bool promoting);

// A standby's link to its upstream, for LinkOf.
struct LinkFacts {
  bool receiver_streaming = false;   // the WAL receiver process says so
  bool restore_command_set = false;  // WAL may come from an archive
  bool replay_advanced = false;      // since the last look
};
Link LinkOf(const LinkFacts& facts);

struct Position {
  TimelineId timeline = 0;
  Lsn current;       // primary: end of written WAL; none on a standby
  Lsn received;      // standby: end of WAL it has, from whatever source; none on a primary
  Lsn replayed;      // standby; none on a primary
  Lsn upstream_end;  // standby: end of the upstream's WAL when last heard; none if never
};

struct SlotFacts {
  std::int32_t total = 0;
  std::int32_t inactive = 0;
  std::int32_t lost = 0;
  std::int64_t retained_bytes = 0;  // by the inactive slot that holds most
  NodeText worst;                   // its name, or that of a lost one; empty if none
};

struct ArchiverFacts {
  bool enabled = false;     // archive_mode lets this server archive in its present role
  bool configured = false;  // a command or a library is set
  bool failing = false;     // the last attempt failed
  std::int64_t ready_files = 0;
  FixedText<80> last_failed;  // name of the file; empty if none
};

// Settings that a standby must not have lower than its primary; see CheckRequiredParameterValues in
// src/backend/access/transam/xlogrecovery.c.  Empty if all are high enough.
struct StandbySettings {
  bool measured = false;
  FixedText<240> too_low;  // "max_connections 50 < 100, ..."
};

struct NodeFacts {
  Role role = Role::kUnknown;
  bool promoting = false;
  Link link = Link::kNone;
  bool link_silent = false;  // streaming, but nothing came although a keepalive was asked for
  Replay replay = Replay::kRunning;
  Position position;
  std::optional<std::chrono::microseconds> replay_lag;
  std::optional<std::chrono::microseconds> since_heard;  // none if the upstream was never heard
  NodeText upstream;                                     // a node's name, or host:port
  bool registry_readable = false;                        // baton.node exists in pg_baton.database
  std::int32_t standbys_expected = 0;                    // registered, and not this node
  std::int32_t standbys_streaming = 0;                   // of those
  FixedText<160> standbys_missing;                       // names
  std::optional<std::int64_t> worst_standby_lag_bytes;
  SlotFacts slots;
  ArchiverFacts archiver;
  StandbySettings standby_settings;
  bool wal_log_hints = false;
  bool data_checksums = false;
  bool full_page_writes = false;
  FixedText<240> settings_missing;  // what AdviseSettings wants otherwise; empty if nothing
};

// One row of baton.standbys.
struct StandbyRow {
  NodeText name;
  bool registered = false;
  bool connected = false;
  FixedText<16> state;       // as pg_stat_replication has it, or "disconnected"
  FixedText<16> sync_state;  // empty if not connected
  Lsn sent;
  Lsn flushed;
  Lsn replayed;
  std::optional<std::chrono::microseconds> replay_lag;
  std::optional<std::int64_t> replay_lag_bytes;
  NodeText slot_name;
  std::int64_t last_message_at = 0;  // TimestampTz of the server; 0 if none
  FixedText<160> reason;             // why something above is missing; empty if nothing is
};

// One row of baton.slots.
struct SlotRow {
  NodeText slot_name;
  bool logical = false;
  bool active = false;
  bool lost = false;
  FixedText<16> wal_status;  // "reserved", "extended", "unreserved", "lost"; empty if not known
  Lsn restart;               // none if nothing is reserved
  std::optional<std::int64_t> retained_bytes;
  std::optional<std::int64_t>
      safe_bytes;                        // that may be written before it is lost; none if no limit
  std::int64_t inactive_since = 0;       // TimestampTz; 0 if in use, or not known
  std::optional<std::int64_t> xmin_age;  // transactions; none if it holds none back
  FixedText<160> reason;                 // why it was lost, or is in danger; empty if neither
};

}  // namespace baton::core
