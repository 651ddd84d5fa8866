// What this server's own memory and control file say about replication, without SQL.  Callable in
// any process attached to shared memory; a backend error leaves as ErrorInFlight.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/lag_history.hpp"
#include "core/node_facts.hpp"

namespace baton::pg {

// Role, positions, pause; cheap enough for each reading of a view.  Leaves the upstream's end
// alone: see Receiver.
struct LiveFacts {
  core::Role role = core::Role::kUnknown;
  bool promoting = false;
  core::Replay replay = core::Replay::kRunning;
  core::Position position;
  core::Lsn streamed;  // end of what a WAL receiver has brought since the start; none if nothing
};
LiveFacts ReadLive();

// The WAL receiver, from WalRcv in shared memory (src/include/replication/walreceiver.h); its
// fields keep their values after the receiver ends.
struct Receiver {
  bool streaming = false;
  core::Lsn upstream_end;           // none if no message ever came
  TimestampTz last_message_at = 0;  // by this machine's clock; 0 if none ever came
  std::string host;
  int port = 0;
};
Receiver ReadReceiver();

// After how much silence a keepalive asked for by the receiver must have been answered: PostgreSQL
// pings at half of wal_receiver_timeout (src/backend/replication/walreceiver.c).
std::chrono::milliseconds SilenceAllowed(std::chrono::milliseconds check_interval);

// Names and values of this server's settings that are lower than the primary's in the control file.
core::StandbySettings ReadStandbySettings();

// Asks the startup process, by way of the postmaster, to end recovery; returns at once.
void RequestPromotion();

bool DataChecksums();
std::optional<std::string> Setting(const char* name);  // base unit; nullopt if there is none such
std::string RestoreCommand();
std::string PrimaryConninfo();

}  // namespace baton::pg
