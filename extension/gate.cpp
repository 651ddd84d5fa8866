#include "gate.hpp"

#include <algorithm>
#include <atomic>
#include <unistd.h>

#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "settings.hpp"
#include "standing.hpp"

namespace baton::gate {
namespace {

constexpr const char* kName = "pg_baton_gate";
// A primary that has just started: how long its commits wait for the first answers of its peers,
// and how long a node that knows of no peers has for finding out that it has some.
constexpr auto kGrace = std::chrono::seconds(3);
constexpr auto kTrustAgainAfter = std::chrono::minutes(10);

// One backend, by its number in the array of processes.  Each field is written by that backend.
struct Passer {
  std::atomic<std::int32_t> ordinary_pid;  // of an ordinary user's session; 0 if it is none
  std::atomic<bool> committing;            // past the first check, not yet at the second
};

// Words of 64 bits, each written by its owner, so that no reader ever waits.
struct Block {
  std::atomic<std::uint32_t> reasons;
  std::atomic<std::int64_t> quarantine_ends;
  std::atomic<std::int64_t> isolation_begins;
  std::atomic<std::int64_t> doubt_begins;
  std::atomic<std::int64_t> doubt_ran_out;  // when it last ended without the observer; 0 if never
  std::atomic<std::int64_t> waits_until;
  std::atomic<std::int64_t> started;
  std::atomic<std::int64_t> counts_from;  // the end of recovery, once somebody has seen it
  std::atomic<bool> is_counting;
  std::atomic<bool> opened_unheard;
  std::atomic<bool> turning_away;
  ConditionVariable changed;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

Block* block = nullptr;
Passer* passers = nullptr;  // PasserCount() of them

// What the postmaster remembers of memory that it is about to make anew after a crash.
struct {
  bool began = false;
  core::GateWords words;
  core::Instant started{};
  core::Instant counts_from{};
  bool is_counting = false;
  bool opened_unheard = false;
} before_crash;

std::size_t PasserCount() { return static_cast<std::size_t>(MaxBackends); }

// Null for a process that is no backend and no worker.
Passer* Own() {
  const int number = pg::OwnProcNumber();
  const bool is_backend = number >= 0 && static_cast<std::size_t>(number) < PasserCount();
  return is_backend ? &passers[number] : nullptr;
}

std::int64_t Count(core::Instant moment) { return moment.count(); }

// Closed, until it is known that it may be open: by what was kept, and for a primary by quarantine.
// A standby writes nothing, and a promotion needs no quarantine: its checks come before it.
void Begin() {
  const core::NodeState state = standing::Read();
  core::GateReasons reasons = 0;
  const auto add = [&](core::GateReason reason, bool holds) {
    if (holds) reasons |= static_cast<core::GateReasons>(reason);
  };
  add(core::GateReason::kFencedByHand, state.fenced);
  add(core::GateReason::kAnotherPrimary, state.superseded);
  add(core::GateReason::kStateUnreadable, standing::WasUnreadable());

  core::GateWords words;
  core::Instant started = pg::Now();
  block->is_counting.store(true);
  if (before_crash.began) {
    // Memory made anew after a crash is no start: what was open stays open.
    words = before_crash.words;
    started = before_crash.started;
    block->opened_unheard.store(before_crash.opened_unheard);
    block->counts_from.store(Count(before_crash.counts_from));
    // And what was closed stays closed, also if it was not on disk yet.
    for (const core::GateReason reason :
         {core::GateReason::kQuarantine, core::GateReason::kFencedByHand,
          core::GateReason::kAnotherPrimary, core::GateReason::kStateUnreadable}) {
      add(reason, core::Has(words.reasons, reason));
    }
    block->is_counting.store(before_crash.is_counting);
  } else if (access("standby.signal", F_OK) != 0 && access("recovery.signal", F_OK) != 0) {
    // Recovery may take long, and nobody can be asked before it ends: the times count from then on.
    words.waits_until = core::kNever;
    add(core::GateReason::kQuarantine, true);
    block->is_counting.store(false);
  }
  block->reasons.store(reasons);
  block->quarantine_ends.store(Count(words.quarantine_ends));
  block->isolation_begins.store(Count(words.isolation_begins));
  block->doubt_begins.store(Count(words.doubt_begins));
  block->waits_until.store(Count(words.waits_until));
  block->started.store(Count(started));
}

// In the postmaster alone: its children forget the exit callbacks that they inherit.
void RememberWords(int, Datum) {
  before_crash.began = true;
  before_crash.words = Read();
  before_crash.started = core::Instant(block->started.load());
  before_crash.counts_from = core::Instant(block->counts_from.load());
  before_crash.is_counting = block->is_counting.load();
  before_crash.opened_unheard = block->opened_unheard.load();
}

}  // namespace

core::GateWords Read() {
  core::GateWords words;
  if (block == nullptr) return words;
  words.reasons = block->reasons.load();
  words.quarantine_ends = core::Instant(block->quarantine_ends.load());
  words.isolation_begins = core::Instant(block->isolation_begins.load());
  words.doubt_begins = core::Instant(block->doubt_begins.load());
  words.waits_until = core::Instant(block->waits_until.load());
  return words;
}

core::Instant StartedAt() { return core::Instant(block->started.load()); }

void Close(core::GateReason reason) {
  block->reasons.fetch_or(static_cast<core::GateReasons>(reason));
}

void OpenQuietly(core::GateReason reason) {
  block->reasons.fetch_and(~static_cast<core::GateReasons>(reason));
}

void WakeWaiters() {
  pg::Call([] { ConditionVariableBroadcast(&block->changed); });
}

void Open(core::GateReason reason) {
  OpenQuietly(reason);
  WakeWaiters();
}

void SetQuarantineEnd(core::Instant moment) { block->quarantine_ends.store(Count(moment)); }
void SetIsolationBegin(core::Instant moment) { block->isolation_begins.store(Count(moment)); }
void SetDoubtBegin(core::Instant moment) {
  // An observer that comes back late again and again is slow, by a name server for example, and has
  // not been stopped; that must not cost a pause each time.
  const core::Instant ran_out(block->doubt_ran_out.load());
  const bool trusted = ran_out == core::Instant{} || pg::Now() - ran_out >= kTrustAgainAfter;
  block->doubt_begins.store(Count(trusted ? moment : core::kNever));
  WakeWaiters();
}
void SetWaitingUntil(core::Instant moment) { block->waits_until.store(Count(moment)); }

void BeginCounting() {
  // Read first: a failed exchange would take the memory away from every other committing backend.
  if (block->is_counting.load()) return;
  bool is_counting = false;
  if (RecoveryInProgress() || !block->is_counting.compare_exchange_strong(is_counting, true))
    return;
  const core::Instant now = pg::Now();
  block->counts_from.store(Count(now));
  if (const auto timeout = setting::QuarantineTimeout()) {
    const core::Instant quarantine = standing::PeersWereKnown()
                                         ? core::Instant(*timeout)
                                         : std::min<core::Instant>(*timeout, kGrace);
    SetQuarantineEnd(now + quarantine);
  }
  if (setting::Isolation() == setting::IsolationPolicy::kFence) {
    SetIsolationBegin(now + setting::IsolationTimeout());
  }
  SetWaitingUntil(now + kGrace);
}

core::Instant CountsFrom() { return core::Instant(block->counts_from.load()); }

bool OpenedUnheard() { return block->opened_unheard.load(); }
void SetOpenedUnheard(bool value) { block->opened_unheard.store(value); }

void SetTurningAway(bool value) { block->turning_away.store(value); }
bool IsTurningAway() { return block->turning_away.load(); }

bool IsAttached() { return block != nullptr; }

void MarkCommitting(bool value) {
  if (Passer* const own = Own()) own->committing.store(value);
}

void MarkOrdinary(std::int32_t pid) {
  if (Passer* const own = Own()) own->ordinary_pid.store(pid);
}

void WaitForChange(std::chrono::milliseconds limit) {
  const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonGate"); });
  pg::Call([event, limit] {
    ConditionVariableTimedSleep(&block->changed, limit.count(), event);
    ConditionVariableCancelSleep();
    CHECK_FOR_INTERRUPTS();
  });
}

void EndDoubt(core::Instant begun) {
  std::int64_t expected = Count(begun);
  block->doubt_begins.compare_exchange_strong(expected, Count(core::kNever));
  block->doubt_ran_out.store(Count(pg::Now()));
}

int CountCommitting() {
  int count = 0;
  for (std::size_t i = 0; i < PasserCount(); ++i) count += passers[i].committing.load() ? 1 : 0;
  return count;
}

int EndOrdinarySessions() {
  int count = 0;
  for (std::size_t i = 0; i < PasserCount(); ++i) {
    const std::int32_t pid = passers[i].ordinary_pid.load();
    if (pid != 0 && kill(pid, SIGTERM) == 0) ++count;
  }
  return count;
}

void RequestMemory() {
  RequestAddinShmemSpace(MAXALIGN(sizeof(Block)) + PasserCount() * sizeof(Passer));
}

void Attach() {
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  bool found = false;
  block = static_cast<Block*>(
      ShmemInitStruct(kName, MAXALIGN(sizeof(Block)) + PasserCount() * sizeof(Passer), &found));
  passers = reinterpret_cast<Passer*>(reinterpret_cast<char*>(block) + MAXALIGN(sizeof(Block)));
  if (!found) {
    new (block) Block{};
    for (std::size_t i = 0; i < PasserCount(); ++i) new (&passers[i]) Passer{};
    ConditionVariableInit(&block->changed);
    Begin();
    on_shmem_exit(RememberWords, Datum{0});
  }
  LWLockRelease(AddinShmemInitLock);
}

}  // namespace baton::gate
