#include "pg/server_facts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "pg/guard.hpp"

namespace baton::pg {
namespace {

core::Replay ReadReplay() {
  switch (Call([] { return GetRecoveryPauseState(); })) {
    case RECOVERY_PAUSED:
      return core::Replay::kPaused;
    case RECOVERY_PAUSE_REQUESTED:
      return core::Replay::kPauseRequested;
    default:
      return core::Replay::kRunning;
  }
}

}  // namespace

LiveFacts ReadLive() {
  LiveFacts facts;
  if (!RecoveryInProgress()) {
    facts.role = core::Role::kPrimary;
    facts.position.timeline = Call([] { return GetWALInsertionTimeLine(); });
    facts.position.current = core::Lsn(Call([] { return GetXLogWriteRecPtr(); }));
    return facts;
  }
  facts.role = core::Role::kStandby;
  facts.promoting = PromoteIsTriggered();
  facts.replay = ReadReplay();
  TimeLineID timeline = 0;
  facts.position.replayed = core::Lsn(GetXLogReplayRecPtr(&timeline));
  facts.position.timeline = timeline;
  // The receiver starts a segment at its beginning and knows nothing of WAL from elsewhere, so what
  // is replayed counts as received too.
  facts.streamed = core::Lsn(GetWalRcvFlushRecPtr(nullptr, nullptr));
  facts.position.received = std::max(facts.streamed, facts.position.replayed);
  return facts;
}

Receiver ReadReceiver() {
  Receiver receiver;
  char host[NI_MAXHOST];
  SpinLockAcquire(&WalRcv->mutex);
  const WalRcvState state = WalRcv->walRcvState;
  const bool connected = WalRcv->ready_to_display;
  const TimestampTz last = WalRcv->lastMsgReceiptTime;
  const TimestampTz sent = WalRcv->lastMsgSendTime;
  const XLogRecPtr end = WalRcv->latestWalEnd;
  const int port = WalRcv->sender_port;
  std::memcpy(host, WalRcv->sender_host, sizeof(host));
  SpinLockRelease(&WalRcv->mutex);
  host[sizeof(host) - 1] = '\0';
  receiver.streaming = state == WALRCV_STREAMING && connected;
  receiver.upstream_end = core::Lsn(end);
  // WalReceiverMain sets both times to now before it even connects; a message has two clocks'
  // times.
  const bool message_came = end != InvalidXLogRecPtr && last != sent;
  receiver.last_message_at = message_came ? last : 0;
  receiver.host = host;
  receiver.port = port;
  return receiver;
}

std::chrono::milliseconds SilenceAllowed(std::chrono::milliseconds check_interval) {
  const int timeout = wal_receiver_timeout > 0 ? wal_receiver_timeout : 60'000;
  return std::chrono::milliseconds(timeout / 2) + 2 * check_interval;
}

core::StandbySettings ReadStandbySettings() {
  core::StandbySettings settings;
  bool crc_ok = false;
  const ControlFileData control = Call([&] {
    LWLockAcquire(ControlFileLock, LW_SHARED);
    ControlFileData* const read = get_controlfile(DataDir, &crc_ok);
    LWLockRelease(ControlFileLock);
    const ControlFileData copy = *read;
    pfree(read);
    return copy;
  });
  if (!crc_ok) return settings;
  settings.measured = true;
  const struct {
    const char* name;
    int here;
    int primary;
  } pairs[] = {
      {"max_connections", MaxConnections, control.MaxConnections},
      {"max_worker_processes", max_worker_processes, control.max_worker_processes},
      {"max_wal_senders", std::stoi(Setting("max_wal_senders").value_or("0")),
       control.max_wal_senders},
      {"max_prepared_transactions", std::stoi(Setting("max_prepared_transactions").value_or("0")),
       control.max_prepared_xacts},
      {"max_locks_per_transaction", std::stoi(Setting("max_locks_per_transaction").value_or("0")),
       control.max_locks_per_xact},
  };
  std::string too_low;
  for (const auto& pair : pairs) {
    if (pair.here >= pair.primary) continue;
    too_low += fmt::format("{}{} {} < {}", too_low.empty() ? "" : ", ", pair.name, pair.here,
                           pair.primary);
  }
  settings.too_low = too_low;
  return settings;
}

void RequestPromotion() {
  // Without waiting it only signals the postmaster, so the 60 seconds mean nothing here.
  Call([] { DirectFunctionCall2(pg_promote, BoolGetDatum(false), Int32GetDatum(60)); });
}

bool DataChecksums() { return DataChecksumsEnabled(); }

std::optional<std::string> Setting(const char* name) {
  const char* const value = Call([name] { return GetConfigOption(name, true, false); });
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string RestoreCommand() {
  return recoveryRestoreCommand == nullptr ? "" : recoveryRestoreCommand;
}

std::string PrimaryConninfo() { return PrimaryConnInfo == nullptr ? "" : PrimaryConnInfo; }

}  // namespace baton::pg
