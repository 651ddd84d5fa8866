#include "shared_state.hpp"

#include <algorithm>
#include <atomic>
#include <type_traits>

#include "core/error.hpp"
#include "hand_over_board.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/locked.hpp"
#include "pg/shared_block.hpp"

namespace baton {
namespace {

constexpr const char* kName = "pg_baton";
constexpr std::size_t kMaxRequests = 16;
constexpr std::size_t kMaxEventsOfOthers = 16;

struct SharedState {
  std::array<Request, kMaxRequests> requests;  // askers enter, the monitor updates
  std::int64_t last_request_id;                // askers
  UpstreamChange upstream_change;              // the asker, then the worker
  std::int64_t last_canary_token;              // askers
  Canary canary;                               // canary workers
  // Anybody enters, the monitor takes.
  FixedList<core::Event, kMaxEventsOfOthers> events_of_others;
  std::int64_t events_reported;  // the monitor while there is no command, else the reporter
  std::array<pid_t, shared::kDuties> at_duty;  // 0 while nobody is
  std::int64_t looks_begun;                    // the monitor
  std::int64_t looks_ended;                    // the monitor
};
static_assert(std::is_trivially_copyable_v<SharedState>);

// Beside the copied part: what is read without the lock, and what processes wait on.
struct SharedBlock {
  SharedState state;
  Published<Report> report;                      // the monitor
  Published<Registry> registry;                  // the monitor
  Published<core::EventLog> events;              // the monitor
  Published<ClusterReport> cluster;              // the observer
  Published<StorageReport> storage;              // the storage worker
  Published<ReignState> reign;                   // the monitor, or the succession's worker
  std::array<Latch*, shared::kWorkers> latches;  // the workers; null while there is none
  std::atomic<std::int64_t> decides_until;       // a session that promotes; core::Instant
  ConditionVariable changed;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

SharedBlock* block = nullptr;
LWLock* lock = nullptr;

void Broadcast() {
  pg::Call([] { ConditionVariableBroadcast(&block->changed); });
}

extern "C" void WithdrawWorker(int, Datum worker) {
  LWLockAcquire(lock, LW_EXCLUSIVE);
  block->latches[DatumGetUInt32(worker)] = nullptr;
  LWLockRelease(lock);
}

// The end of this process's intent to promote; zero if it has none.
core::Instant own_decision{};

extern "C" void EndOwnDecision(int, Datum) { shared::EndDecision(); }

extern "C" void LayDownAtExit(int, Datum duty) {
  shared::LayDown(static_cast<shared::Duty>(DatumGetUInt32(duty)));
}

std::uint32_t WaitEvent() {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonMonitor"); });
  return event;
}

template <typename F>
bool WaitUntil(std::chrono::milliseconds limit, const F& done) {
  return shared::WaitOn(block->changed, limit, done);
}

// The oldest of those that are over; at most three are not.
Request& Oldest() {
  const auto order = [](const Request& entry) {
    return std::pair(entry.id != 0 && !IsFinished(entry.state), entry.id);
  };
  auto& requests = block->state.requests;
  return *std::min_element(
      requests.begin(), requests.end(),
      [order](const Request& a, const Request& b) { return order(a) < order(b); });
}

// Whether the one that is not finished keeps `request` from being entered.
bool IsInTheWayOf(const Request& request, const Request& other) {
  // Whoever is promoted follows nobody any more.
  if (IsFollowing(other)) return IsFollowing(request);
  // Whoever forces a promotion does it also against a hand-over.
  return other.hand_over == 0 || !request.force;
}

std::int64_t Enter(Request request, std::string_view requested_by, bool must_be_alone,
                   const UpstreamChange* change = nullptr) {
  request.requested_by = requested_by;
  request.requested_at = GetCurrentTimestamp();
  bool busy = false;
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    auto& requests = block->state.requests;
    busy =
        must_be_alone && std::any_of(requests.begin(), requests.end(), [&](const Request& other) {
          return other.id != 0 && !IsFinished(other.state) && IsInTheWayOf(request, other);
        });
    if (!busy) {
      request.id = ++block->state.last_request_id;
      Oldest() = request;
      if (change != nullptr) {
        block->state.upstream_change = *change;
        block->state.upstream_change.request = request.id;
      }
    }
  }
  if (busy) {
    throw core::Error(core::ErrorCode::kBusy, "another request is already in progress",
                      "One request is carried out at a time.", "See baton.requests.");
  }
  return request.id;
}

}  // namespace

const char* RequestStateText(const Request& request) {
  switch (request.state) {
    case RequestState::kSubmitted:
      return "requested";
    case RequestState::kRunning:
      return "running";
    case RequestState::kDone:
      return IsPromotion(request) ? "promoted" : "done";
    case RequestState::kRefused:
      return "refused";
    case RequestState::kFailed:
      break;
  }
  return "failed";
}

bool IsFinished(RequestState state) {
  return state != RequestState::kSubmitted && state != RequestState::kRunning;
}

namespace shared {

void RequestMemory() { pg::RequestBlock<SharedBlock>(kName); }

void Attach() { pg::AttachBlock(kName, &SharedBlock::changed, block, lock); }

void EnterWorker(Worker worker) {
  const auto index = static_cast<std::uint32_t>(worker);
  pg::Call([index] { before_shmem_exit(WithdrawWorker, UInt32GetDatum(index)); });
  pg::Locked locked(lock, LW_EXCLUSIVE);
  block->latches[index] = MyLatch;
}

void Wake(Worker worker) {
  pg::Locked locked(lock, LW_SHARED);
  Latch* const latch = block->latches[static_cast<std::size_t>(worker)];
  if (latch != nullptr) SetLatch(latch);
}

template <>
Published<Report>& Board() {
  return block->report;
}
template <>
Published<Registry>& Board() {
  return block->registry;
}
template <>
Published<core::EventLog>& Board() {
  return block->events;
}
template <>
Published<ClusterReport>& Board() {
  return block->cluster;
}
template <>
Published<StorageReport>& Board() {
  return block->storage;
}
template <>
Published<ReignState>& Board() {
  return block->reign;
}

bool WaitOn(ConditionVariable& changed, std::chrono::milliseconds limit,
            const std::function<bool()>& done) {
  const core::Instant end = pg::Now() + limit;
  const std::uint32_t event = WaitEvent();
  pg::Call([&] { ConditionVariablePrepareToSleep(&changed); });
  bool is_done = done();
  while (!is_done) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - pg::Now());
    if (left.count() <= 0) break;
    pg::Call([&] { ConditionVariableTimedSleep(&changed, left.count(), event); });
    is_done = done();
  }
  pg::Call([] { ConditionVariableCancelSleep(); });
  return is_done;
}

void BeginLook() {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  ++block->state.looks_begun;
}

void EndLook() {
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    block->state.looks_ended = block->state.looks_begun;
  }
  Broadcast();
}

bool WaitForFreshLook(std::chrono::milliseconds limit) {
  std::int64_t begun = 0;
  {
    pg::Locked locked(lock, LW_SHARED);
    begun = block->state.looks_begun;
  }
  Wake(Worker::kMonitor);
  return WaitUntil(limit, [begun] {
    pg::Locked locked(lock, LW_SHARED);
    return block->state.looks_ended > begun;
  });
}

std::int64_t SubmitPromotion(bool force, std::string_view requested_by, std::string_view reason,
                             std::chrono::milliseconds life) {
  Request request;
  request.kind = "promote";
  request.force = force;
  request.reason = reason;
  request.begin_before = pg::Now() + life;
  const std::int64_t id = Enter(request, requested_by, true);
  Wake(Worker::kMonitor);
  return id;
}

std::int64_t RecordRefusal(std::string_view kind, bool force, std::string_view requested_by,
                           std::string_view reason, std::string_view node) {
  Request request;
  request.kind = kind;
  request.node = node;
  request.force = force;
  request.state = RequestState::kRefused;
  request.reason = reason;
  request.finished_at = GetCurrentTimestamp();
  return Enter(request, requested_by, false);
}

void NoteHandOver(const core::HandOver& record) {
  if (record.id == 0) return;
  Request request;
  request.kind = record.is_demotion ? "demote" : "switchover";
  request.hand_over = record.id;
  request.requested_by = record.requested_by;
  request.requested_at = record.requested_at;
  request.finished_at = record.finished_at;
  request.reason = record.reason.view();
  request.steps = core::StepsText(record);
  switch (record.outcome) {
    case core::HandOverOutcome::kRunning:
      request.state = RequestState::kRunning;
      break;
    case core::HandOverOutcome::kDone:
      request.state = RequestState::kDone;
      request.timeline = record.timeline;
      request.lsn = record.is_demotion ? record.end : record.began;
      break;
    case core::HandOverOutcome::kFailed:
      request.state = RequestState::kFailed;
      break;
  }
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    Request* entry = nullptr;
    for (Request& other : block->state.requests) {
      if (other.hand_over == record.id) entry = &other;
    }
    if (entry == nullptr) {
      entry = &Oldest();
      request.id = ++block->state.last_request_id;
    } else {
      request.id = entry->id;
    }
    *entry = request;
  }
  Broadcast();
}

std::vector<Request> ReadRequests() {
  std::array<Request, kMaxRequests> copy;
  {
    pg::Locked locked(lock, LW_SHARED);
    copy = block->state.requests;
  }
  std::vector<Request> requests;
  for (const Request& request : copy) {
    if (request.id != 0) requests.push_back(request);
  }
  std::sort(requests.begin(), requests.end(),
            [](const Request& a, const Request& b) { return a.id > b.id; });
  return requests;
}

std::optional<Request> FindRequest(std::int64_t id) {
  for (const Request& request : ReadRequests()) {
    if (request.id == id) return request;
  }
  return std::nullopt;
}

std::optional<Request> FindHandOver(std::uint64_t hand_over) {
  for (const Request& request : ReadRequests()) {
    if (request.hand_over == hand_over) return request;
  }
  return std::nullopt;
}

std::optional<Request> OpenPromotion() {
  for (const Request& request : ReadRequests()) {
    if (!IsFinished(request.state) && IsPromotion(request)) return request;
  }
  return std::nullopt;
}

std::int64_t SubmitFollowing(std::string_view node, std::string_view requested_by,
                             const UpstreamChange& change) {
  Request request;
  request.kind = "follow";
  request.node = node;
  const std::int64_t id = Enter(request, requested_by, true, &change);
  Wake(Worker::kMonitor);
  return id;
}

std::optional<Request> OpenFollowing() {
  for (const Request& request : ReadRequests()) {
    if (!IsFinished(request.state) && IsFollowing(request)) return request;
  }
  return std::nullopt;
}

UpstreamChange ReadUpstreamChange() {
  pg::Locked locked(lock, LW_SHARED);
  return block->state.upstream_change;
}

void WriteUpstreamChange(const UpstreamChange& change) {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  block->state.upstream_change = change;
}

void UpdateRequest(const Request& request) {
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    for (Request& entry : block->state.requests) {
      if (entry.id == request.id) entry = request;
    }
  }
  Broadcast();
}

Request WaitForRequest(std::int64_t id, std::chrono::milliseconds limit) {
  Request request;
  WaitUntil(limit, [&] {
    if (const auto found = FindRequest(id)) request = *found;
    return IsFinished(request.state);
  });
  return request;
}

bool BeginDecision(core::Instant until) {
  static bool registered = false;
  if (!registered) {
    pg::Call([] { before_shmem_exit(EndOwnDecision, Datum{0}); });
    registered = true;
  }
  std::int64_t held = block->decides_until.load();
  if (held > pg::Now().count() ||
      !block->decides_until.compare_exchange_strong(held, until.count())) {
    return false;
  }
  own_decision = until;
  return true;
}

bool ExtendDecision(core::Instant until) {
  std::int64_t held = own_decision.count();
  if (own_decision <= pg::Now() ||
      !block->decides_until.compare_exchange_strong(held, until.count())) {
    return false;
  }
  own_decision = until;
  return true;
}

void EndDecision() {
  std::int64_t held = own_decision.count();
  if (held != 0) block->decides_until.compare_exchange_strong(held, 0);
  own_decision = {};
}

bool IsPromotionIntended() {
  return block->decides_until.load() > pg::Now().count() || OpenPromotion().has_value() ||
         hand_over::MayEndInPromotion();
}

void AddEvent(std::string_view kind, std::string_view message, std::string_view detail) {
  core::Event event;
  event.happened_at = GetCurrentTimestamp();
  event.kind = kind;
  event.message = message;
  event.detail = detail;
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    block->state.events_of_others.Add(event);
  }
  Wake(Worker::kMonitor);
}

std::vector<core::Event> TakeEvents() {
  FixedList<core::Event, kMaxEventsOfOthers> taken;
  {
    pg::Locked locked(lock, LW_EXCLUSIVE);
    taken = block->state.events_of_others;
    block->state.events_of_others.count = 0;
  }
  return {taken.begin(), taken.end()};
}

std::int64_t EventsReported() {
  pg::Locked locked(lock, LW_SHARED);
  return block->state.events_reported;
}

void CountEventsReported(std::int64_t id) {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  block->state.events_reported = std::max(block->state.events_reported, id);
}

bool TakeUp(Duty duty) {
  static std::array<bool, kDuties> registered{};
  const auto index = static_cast<std::size_t>(duty);
  if (!registered[index]) {
    const auto argument = UInt32GetDatum(static_cast<std::uint32_t>(index));
    pg::Call([argument] { before_shmem_exit(LayDownAtExit, argument); });
  }
  registered[index] = true;
  pg::Locked locked(lock, LW_EXCLUSIVE);
  pid_t& who = block->state.at_duty[index];
  if (who != 0 && who != MyProcPid) return false;
  who = MyProcPid;
  return true;
}

void LayDown(Duty duty) {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  pid_t& who = block->state.at_duty[static_cast<std::size_t>(duty)];
  if (who == MyProcPid) who = 0;
}

bool IsTakenUp(Duty duty) {
  pg::Locked locked(lock, LW_SHARED);
  return block->state.at_duty[static_cast<std::size_t>(duty)] != 0;
}

void WriteCanary(const Canary& canary) {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  block->state.canary = canary;
}

Canary ReadCanary() {
  pg::Locked locked(lock, LW_SHARED);
  return block->state.canary;
}

std::int64_t NextCanaryToken() {
  pg::Locked locked(lock, LW_EXCLUSIVE);
  // Also after a restart no token may come again, or an old row would prove something new.
  block->state.last_canary_token =
      std::max<std::int64_t>(block->state.last_canary_token + 1, GetCurrentTimestamp());
  return block->state.last_canary_token;
}

}  // namespace shared
}  // namespace baton
