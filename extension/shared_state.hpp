// What the processes of one server tell each other.  What a worker found is published: it is read
// without waiting, even if that worker is stopped.  Requests on their way are under one lock,
// inside which plain structs are copied and nothing else is done.
#pragma once

#include "pg/postgres.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/checks.hpp"
#include "core/cluster_view.hpp"
#include "core/event_log.hpp"
#include "core/finding.hpp"
#include "core/hand_over.hpp"
#include "core/lag_history.hpp"
#include "core/node_facts.hpp"
#include "published.hpp"
#include "reign_state.hpp"

namespace baton {

inline constexpr std::size_t kMaxNodes = 128;

struct RegisteredNode {
  core::NodeText name;
  core::FixedText<512> conninfo;
};

// Up to kMaxCount values; Add says whether there was room.
template <typename T, std::size_t kMaxCount>
struct FixedList {
  std::array<T, kMaxCount> items{};
  std::uint32_t count = 0;

  bool Add(const T& item) {
    if (count == kMaxCount) return false;
    items[count++] = item;
    return true;
  }
  const T* begin() const { return items.data(); }
  const T* end() const { return items.data() + count; }
};

inline constexpr std::size_t kMaxSlots = 128;

// Written by the monitor.
struct Report {
  bool valid = false;
  core::Instant looked_at{};   // this machine's clock
  TimestampTz checked_at = 0;  // the wall clock at the same moment
  core::NodeFacts facts;
  core::LagHistory history;  // of the upstream on a standby, of its own WAL on a primary
  FixedList<core::Finding, core::kCheckCount> findings;
  FixedList<core::StandbyRow, kMaxNodes> standbys;
  FixedList<core::SlotRow, kMaxSlots> slots;
};

// Written by the monitor, when it has changed.
struct Registry {
  bool looked = false;    // the monitor has looked whether there is one
  bool readable = false;  // baton.node exists in pg_baton.database, and fits
  FixedList<RegisteredNode, kMaxNodes> nodes;
};

using SettingsText = core::FixedText<4096>;

// Written by the observer.
struct ClusterReport {
  core::Instant looked_at{};  // sign of life; 0 before the first
  FixedList<core::PeerRow, kMaxNodes> peers;
  core::NodeText settings_of;  // the primary whose settings these are; empty if none
  SettingsText settings;
};

// Written by the storage worker, also before each write that may hang.
struct StorageReport {
  core::Instant write_begun{};  // of the write that is under way; 0 if none is
  core::Instant looked_at{};    // 0 before the first look
  core::Instant write_ended{};  // 0 before the first
  std::chrono::microseconds took{};
  core::FixedText<120> error;  // of the last write
  core::VolumeFacts wal;
  core::VolumeFacts fullest;
  bool wal_rate_known = false;
  std::optional<std::chrono::microseconds> wal_full_in;
  std::int64_t ready_files = -1;    // negative: not counted
  std::int64_t oldest_ready = 0;    // TimestampTz; 0 if none waits
  core::FixedText<80> oldest_name;  // of the file
  std::int64_t ready_bytes = 0;
  core::Lsn archived_end;  // before here nothing waited
  // Of our own library's directory; the question may hang, and is asked by a child.
  core::Instant target_asked_at{};  // 0 while no question is under way
  std::int64_t target_free_bytes = -1;
  core::FixedText<200> target_fault;
  core::StandbySettings standby_settings;
};

enum class RequestState { kSubmitted, kRunning, kDone, kRefused, kFailed };

struct Request {
  std::int64_t id = 0;  // counts from 1 since the server started
  core::FixedText<16> kind;
  RequestState state = RequestState::kSubmitted;
  bool force = false;
  core::NodeText requested_by;
  core::FixedText<1024> reason;  // why it was not done, or was done by force alone
  core::TimelineId timeline = 0;
  core::Lsn lsn;
  TimestampTz requested_at = 0;
  TimestampTz finished_at = 0;
  core::Instant begin_before{};
  core::Instant begun_at{};
  std::uint64_t hand_over = 0;  // 0: it is none
  core::FixedText<256> steps;   // of a hand-over
  core::NodeText node;          // to be followed; empty: it is about something else
};

inline bool IsFollowing(const Request& request) { return !request.node.empty(); }
inline bool IsPromotion(const Request& request) {
  return request.hand_over == 0 && !IsFollowing(request);
}

// How far the change of the upstream has come that the open request is about.
struct UpstreamChange {
  std::int64_t request = 0;
  std::chrono::milliseconds allowed{};
  core::Instant end{};           // of that time
  core::Lsn wanted;              // what the node must have before this standby goes there
  core::NodeText former;         // the upstream before, as people know it; empty: there was none
  core::NodeText former_node;    // its name, if it is registered
  core::NodeText former_slot;    // there, if it is to be dropped afterwards; empty: none is
  bool streamed_before = false;  // from another node
  bool has_slot = false;
  bool made_slot = false;
  // As postgresql.auto.conf had them; valid from `changed` on.
  bool changed = false;
  std::optional<core::FixedText<2048>> conninfo_before;
  std::optional<core::NodeText> slot_before;
};

// As baton.requests has it; what is done is "promoted" for a promotion, else "done".
const char* RequestStateText(const Request& request);
bool IsFinished(RequestState state);

// The row that a canary worker wrote, for the backend that asked for it.
struct Canary {
  std::int64_t token = 0;
  core::Lsn commit_end;
  TimestampTz written_at = 0;
};

namespace shared {

// In shmem_request_hook and shmem_startup_hook.
void RequestMemory();
void Attach();

// One for each of the structs that a worker publishes.
template <typename T>
Published<T>& Board();
template <>
Published<Report>& Board();
template <>
Published<Registry>& Board();
template <>
Published<core::EventLog>& Board();
template <>
Published<ClusterReport>& Board();
template <>
Published<StorageReport>& Board();
template <>
Published<ReignState>& Board();

template <typename T>
std::unique_ptr<T> Read() {
  auto value = std::make_unique<T>();
  Board<T>().Read(*value);
  return value;
}

// A worker enters itself, so that others can wake it; it withdraws at its exit.
enum class Worker : std::size_t { kMonitor, kObserver, kStorage, kHandOver };
inline constexpr std::size_t kWorkers = 4;
void EnterWorker(Worker worker);
void Wake(Worker worker);

// Waits until `done` says so or `limit` is over; returns what `done` said last.  Interruptible.
bool WaitOn(ConditionVariable& changed, std::chrono::milliseconds limit,
            const std::function<bool()>& done);

// Wakes the monitor and waits, `limit` at most, for a look that began after this call.  Returns
// false if none came.  Interruptible.
bool WaitForFreshLook(std::chrono::milliseconds limit);
// The monitor, at the beginning and at the end of a look.
void BeginLook();
void EndLook();

// Enters a promotion, to be begun within `life`, since its checks are as old as it is; throws kBusy
// while another one is under way.
// `reason`: what speaks against it, if it is forced.
std::int64_t SubmitPromotion(bool force, std::string_view requested_by, std::string_view reason,
                             std::chrono::milliseconds life);
// Enters a request that was refused, for the record.
std::int64_t RecordRefusal(std::string_view kind, bool force, std::string_view requested_by,
                           std::string_view reason, std::string_view node = "");
// Enters a hand-over, or what has become of it.
void NoteHandOver(const core::HandOver& record);
std::vector<Request> ReadRequests();  // newest first
std::optional<Request> FindRequest(std::int64_t id);
std::optional<Request> FindHandOver(std::uint64_t hand_over);
// The promotion that is submitted or running, if any.
std::optional<Request> OpenPromotion();
// Enters that this standby is to follow `node`, for the worker of the change, which begins with
// `change`; throws kBusy while another request is under way.  A promotion may begin meanwhile.
std::int64_t SubmitFollowing(std::string_view node, std::string_view requested_by,
                             const UpstreamChange& change);
std::optional<Request> OpenFollowing();
UpstreamChange ReadUpstreamChange();
void WriteUpstreamChange(const UpstreamChange& change);  // the worker
void UpdateRequest(const Request& request);
// Waits until the request is finished or `limit` has passed.  Interruptible.
Request WaitForRequest(std::int64_t id, std::chrono::milliseconds limit);

// The intent to promote this server, which the others are told while its checks are made.  One
// process at a time has it; it ends with that process, and by itself after `until`.  Begin returns
// false if another process has it, Extend if it has run out.
bool BeginDecision(core::Instant until);
bool ExtendDecision(core::Instant until);
void EndDecision();
// Whether a promotion of this server is decided on, has been asked for, or is under way.
bool IsPromotionIntended();

// Hands something that another process did to the monitor, for baton.events.  Of more than the
// monitor has taken up for long the newest are passed over.
void AddEvent(std::string_view kind, std::string_view message, std::string_view detail = "");
std::vector<core::Event> TakeEvents();  // the monitor; oldest first, without ids

// Which events were handed to event_command, or passed over while there was none; only grows.
std::int64_t EventsReported();
void CountEventsReported(std::int64_t id);

// What one process at a time does; it lays its duty down at its exit.  TakeUp returns false if
// another one has it.
enum class Duty : std::size_t { kEvents, kSuccession, kUpstream };
inline constexpr std::size_t kDuties = 3;
bool TakeUp(Duty duty);
void LayDown(Duty duty);
bool IsTakenUp(Duty duty);

void WriteCanary(const Canary& canary);
Canary ReadCanary();
std::int64_t NextCanaryToken();

}  // namespace shared
}  // namespace baton
