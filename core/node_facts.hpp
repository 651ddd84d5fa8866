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
  bool archive_feeds = false;        // not long ago replay went beyond what was streamed
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
  std::int32_t unreserved = 0;      // about to be lost at the next checkpoint
  std::int64_t retained_bytes = 0;  // by the inactive slot that holds most
  NodeText worst;                   // its name; empty if none
  NodeText endangered;              // name of a lost one, or else of an unreserved one
  FixedText<160> why;               // that one's reason
};

enum class ArchiveMode { kOff, kOn, kAlways };
enum class ArchiveMethod { kNone, kCommand, kLibrary };
enum class Trend { kUnknown, kSteady, kGrowing, kShrinking };

struct ArchiverFacts {
  bool enabled = false;     // archive_mode lets this server archive in its present role
  bool configured = false;  // a command or a library is set
  bool running = false;     // the archiver process is there
  bool failing = false;     // the last attempt that was counted failed
  bool counted = false;     // what waits was measured
  std::int64_t ready_files = 0;
  std::chrono::microseconds oldest_ready{};  // how long the oldest has waited
  FixedText<80> last_failed;                 // name of the file; empty if none

  std::int64_t process = 0;  // pid of the archiver; 0 if there is none
  ArchiveMode mode = ArchiveMode::kOff;
  ArchiveMethod method = ArchiveMethod::kNone;
  FixedText<240> target;  // the directory of our own library, else the command or the library
  FixedText<240> data_directory;
  std::int64_t archived_count = 0;  // these are pg_stat_archiver's
  std::int64_t failed_count = 0;
  FixedText<80> last_archived;        // name of the file; empty if none
  std::int64_t last_archived_at = 0;  // TimestampTz of the server; 0 if none
  std::int64_t last_failed_at = 0;

  std::uint64_t segment_bytes = 0;
  std::int64_t waiting_bytes = 0;  // of what waits, if it was counted
  FixedText<80> oldest_waiting;    // name of the file; empty if none
  // Before here all WAL had been archived when the waiting files were counted; none: not known.
  Lsn archived_end;

  // By looks at it, one after the other; see ArchiveWatch.
  bool uncounted_failures = false;
  std::chrono::microseconds unmoved{};  // so long something has waited, and no attempt has ended
  Trend trend = Trend::kUnknown;
  std::optional<double> archive_rate;  // bytes a second; none: not looked for long enough
  std::optional<double> wal_rate;

  // If this server vanished now; none if it is not known, and then there is a reason.
  std::optional<std::int64_t> missing_bytes;
  std::optional<std::chrono::microseconds> missing_time;
  FixedText<120> missing_reason;  // also where the time is at least so long

  // Of our own library's directory.
  std::optional<std::int64_t> target_free_bytes;
  FixedText<200> target_fault;  // why nothing can be archived there; empty if nothing is known
};

// Settings that a standby must not have lower than its primary; see CheckRequiredParameterValues in
// src/backend/access/transam/xlogrecovery.c.  Empty if all are high enough.
struct StandbySettings {
  bool measured = false;
  FixedText<240> too_low;  // "max_connections 50 < 100, ..."
};

struct VolumeFacts {
  FixedText<64> name;             // "WAL", "data directory" or a tablespace's name
  std::int64_t total_bytes = -1;  // negative: not measured
  std::int64_t free_bytes = 0;    // for an unprivileged user

  bool Measured() const { return total_bytes > 0; }
  double FreePercent() const {
    return 100.0 * static_cast<double>(free_bytes) / static_cast<double>(total_bytes);
  }
};

// What a small write to the data directory did, by a process of its own.
struct StorageFacts {
  std::optional<std::chrono::microseconds> pending;  // a write has been under way for so long
  std::optional<std::chrono::microseconds> took;     // the last that ended; none if long ago
  std::optional<std::chrono::microseconds> age;      // since then; none if none has ended
  FixedText<120> error;                              // of the last that ended; empty if none
  VolumeFacts wal;
  VolumeFacts fullest;  // of data directory and tablespaces
  // Until the WAL volume is full; none while it does not fill, or if that is not known.
  std::optional<std::chrono::microseconds> wal_full_in;
  bool wal_rate_known = false;
};

// Synchronous replication: commits wait while fewer standbys are there than asked for.
struct SyncFacts {
  bool asked = false;  // synchronous_standby_names is set
  std::int32_t needed = 0;
  std::int32_t present = 0;
  std::int32_t waiting = 0;  // sessions whose commit waits now
  FixedText<160> names;      // synchronous_standby_names
};

struct CapacityFacts {
  std::int32_t wal_senders = 0;  // max_wal_senders
  std::int32_t wal_senders_used = 0;
  std::int32_t slots = 0;  // max_replication_slots
  std::int32_t slots_used = 0;
};

struct CollationFacts {
  bool measured = false;
  FixedText<240> differing;  // "database app 2.31, here 2.36"; empty if none
};

// The four functions that pg_rewind calls on a source, for role baton_node.
struct RewindGrants {
  bool measured = false;
  bool role_exists = false;
  FixedText<160> missing;  // names of functions; empty if none
};

// What the other nodes say, of all of them together.
struct PeersFacts {
  bool measured = false;        // the observer has finished a round, and not long ago
  std::int32_t registered = 0;  // without this node
  std::int32_t reachable = 0;
  FixedText<160> silent;  // names of the others, with what they said
  FixedText<160> other_primaries;
  std::int32_t other_primaries_count = 0;
  bool upstream_registered = false;
  bool upstream_reachable = false;
  FixedText<160> upstream_error;     // why it is not reachable; empty if it was not asked yet
  TimelineId upstream_timeline = 0;  // 0 if not known
  bool clock_measured = false;
  std::chrono::microseconds clock_difference{};  // the largest, without sign
  NodeText clock_node;
  FixedText<240> versions;         // what differs from this node; empty if nothing
  FixedText<240> collations;       // libc versions that differ; empty if none
  bool settings_measured = false;  // the primary's settings are known
  FixedText<240> drift;            // "work_mem 4MB, primary 64MB"; empty if none
};

// The write gate of this node, as a commit would find it.
struct GateFacts {
  bool measured = false;
  FixedText<8> text;      // "open", "waiting", "closed"
  FixedText<96> reasons;  // names, joined by commas; empty if it is open
  FixedText<240> detail;
  FixedText<160> hint;
  bool unheard =
      false;  // it opened after a start although no peer had answered, and none has since
  std::int32_t two_phase_subscriptions = 0;  // whose workers commit past the gate
};

struct NodeFacts {
  Role role = Role::kUnknown;
  GateFacts gate;
  bool promoting = false;
  Link link = Link::kNone;
  bool link_silent = false;  // streaming, but nothing came although a keepalive was asked for
  Replay replay = Replay::kRunning;
  Position position;
  std::optional<std::chrono::microseconds> replay_lag;
  // At most so long ago the WAL was written that never came here; none if that is not known.
  std::optional<std::chrono::microseconds> receive_lag;
  std::optional<std::chrono::microseconds> since_heard;  // of it, or from its archive; none: never
  NodeText upstream;                                     // a node's name, or host:port
  FixedText<240> cannot_follow;  // why not a new primary; empty if it can, or there is none
  FixedText<160> cannot_follow_hint;
  bool registry_readable = false;       // baton.node exists in pg_baton.database
  std::int32_t standbys_expected = 0;   // registered, and not this node
  std::int32_t standbys_streaming = 0;  // of those
  FixedText<160> standbys_missing;      // names
  std::optional<std::int64_t> worst_standby_lag_bytes;
  std::optional<std::chrono::microseconds> worst_standby_lag;
  SyncFacts sync;
  CapacityFacts capacity;
  SlotFacts slots;
  std::optional<std::int64_t> xmin_age;  // transactions; none if nothing is held back
  NodeText xmin_holder;
  ArchiverFacts archiver;
  StorageFacts storage;
  StandbySettings standby_settings;
  std::optional<std::int64_t> recent_conflicts;   // within kConflictWindow; none: not measured yet
  std::optional<std::int64_t> checksum_failures;  // none while checksums are off
  bool hot_standby_feedback = false;
  std::int32_t pending_restart = -1;  // negative: not measured
  FixedText<160> pending_names;
  CollationFacts collation;
  RewindGrants grants;
  PeersFacts peers;
  bool wal_log_hints = false;
  bool data_checksums = false;
  bool full_page_writes = false;
  FixedText<240> settings_missing;  // what AdviseSettings wants otherwise; empty if nothing
};

inline constexpr std::chrono::minutes kConflictWindow{5};

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
