#include "gate.hpp"

#include <array>
#include <atomic>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/gate_explanation.hpp"
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
// An interrupt is noticed at once; this is for a wake-up that was missed.
constexpr auto kWaitSlice = std::chrono::milliseconds(100);
constexpr auto kTrustAgainAfter = std::chrono::minutes(10);
constexpr auto kAnswerTurn = std::chrono::milliseconds(5);

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

// This process's own.
bool committing = false;
bool irrevocable = false;  // what the transaction did cannot be taken back
int exemptions = 0;

std::size_t PasserCount() { return static_cast<std::size_t>(MaxBackends); }

// Null for a process that is no backend and no worker.
Passer* Own() {
  const int number = pg::OwnProcNumber();
  const bool is_backend = number >= 0 && static_cast<std::size_t>(number) < PasserCount();
  return is_backend ? &passers[number] : nullptr;
}

std::int64_t Count(core::Instant moment) { return moment.count(); }

// Autovacuum acknowledges nothing to anybody, and would only fill the log at a closed gate; a
// server in single-user mode has no clients.
bool PassesAnyhow() {
  return block == nullptr || !IsUnderPostmaster || exemptions > 0 || setting::BypassGate() ||
         pg::IsAutovacuumWorker();
}

void SetCommitting(bool value) {
  committing = value;
  if (Passer* const own = Own()) own->committing.store(value);
}

// What is kept is UTF-8, and a database may have another encoding.
std::string InThisEncoding(std::string text) {
  if (GetDatabaseEncoding() == PG_UTF8) return text;
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) & 0x80) != 0) c = '?';
  }
  return text;
}

[[noreturn]] void Refuse(const core::GateWords& words) {
  const core::GateExplanation why = core::ExplainGate(
      core::ReasonsAt(words, pg::Now()), standing::Read(), standing::UnreadableBecause().view());
  throw core::Error(core::ErrorCode::kReadOnly,
                    fmt::format("the write gate of this server is closed: {}", why.names),
                    InThisEncoding(why.detail), why.hint);
}

// A backend may outlive its postmaster by a moment, or for as long as it was stopped, while another
// server is promoted: nobody closes its gate then, so it looks itself.  It costs the reading of a
// flag, which the kernel's signal on a parent's death has set (src/backend/storage/ipc/pmsignal.c).
void RequirePostmaster() {
  if (PostmasterIsAlive()) return;
  throw core::Error(core::ErrorCode::kReadOnly, "the server of this session has been killed",
                    "Its postmaster is gone, and another server may be the primary.");
}

// How long one commit has been in doubt.  The first that was for too long ends it for all, until
// the observer is back.
class Doubt {
 public:
  bool Lasts(const core::GateWords& words) {
    const core::Instant now = pg::Now();
    if (ends_ == core::Instant{}) ends_ = now + core::kLongestDoubt;
    if (now < ends_) return true;
    std::int64_t begun = Count(words.doubt_begins);
    block->doubt_begins.compare_exchange_strong(begun, Count(core::kNever));
    block->doubt_ran_out.store(Count(now));
    return false;
  }

 private:
  core::Instant ends_{};
};

// The flag is raised before the words are read, and whoever closes the gate writes them before it
// counts the flags: so each commit is either refused, or counted until its end.
void PassBeforeCommit() {
  if (PassesAnyhow() || irrevocable) return;
  RequirePostmaster();
  BeginCounting();
  Doubt doubt;
  for (;;) {
    SetCommitting(true);
    const core::GateWords words = Read();
    switch (core::JudgePassage(words, core::GateCheck::kBeforeCommit, pg::Now())) {
      case core::Passage::kPass:
        return;
      case core::Passage::kRefuse:
        SetCommitting(false);
        Refuse(words);
      case core::Passage::kDoubt:
        if (!doubt.Lasts(words)) return;
        break;
      case core::Passage::kWait:
        break;
    }
    SetCommitting(false);
    const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonGate"); });
    pg::Call([event] {
      ConditionVariableTimedSleep(&block->changed, kWaitSlice.count(), event);
      ConditionVariableCancelSleep();
      CHECK_FOR_INTERRUPTS();
    });
  }
}

// The commit stands, and nobody may be told: an error would be a PANIC here, so the connection is
// cut as a wait for synchronous replication does it (SyncRepWaitForLSN in
// src/backend/replication/syncrep.c).  What a pipeline has left in the buffer must not go out
// either, hence the shutdown.
void CutConnection() {
  whereToSendOutput = DestNone;
  if (MyProcPort != nullptr) shutdown(MyProcPort->sock, SHUT_RDWR);
  ProcDiePending = true;
  InterruptPending = true;
  ereport(LOG, (errmsg("a transaction was committed here and not acknowledged"),
                errdetail("The write gate closed while it was being committed.")));
}

// Nothing may interrupt here, so it sleeps in short turns.
core::Passage PassageBeforeAnswer() {
  Doubt doubt;
  for (;;) {
    const core::GateWords words = Read();
    const core::Passage passage =
        core::JudgePassage(words, core::GateCheck::kBeforeAnswer, pg::Now());
    if (passage != core::Passage::kDoubt) return passage;
    if (!doubt.Lasts(words)) return core::Passage::kPass;
    pg_usleep(std::chrono::microseconds(kAnswerTurn).count());
  }
}

void PassBeforeAnswer() {
  if (!committing) return;
  const core::Passage passage = PassageBeforeAnswer();
  if (passage != core::Passage::kPass || !PostmasterIsAlive()) CutConnection();
  irrevocable = false;
  SetCommitting(false);
}

bool HasOption(const List* options, const char* name) {
  const ListCell* cell = nullptr;
  foreach (cell, options) {
    if (std::string_view(lfirst_node(DefElem, cell)->defname) == name) return true;
  }
  return false;
}

bool TurnsOn(const List* options, const char* name) {
  const ListCell* cell = nullptr;
  foreach (cell, options) {
    DefElem* const option = lfirst_node(DefElem, cell);
    if (std::string_view(option->defname) != name) continue;
    return pg::Call([option] { return defGetBoolean(option); });
  }
  return false;
}

void RefuseTwoPhase(const List* options) {
  if (!TurnsOn(options, "two_phase")) return;
  throw core::Error(
      core::ErrorCode::kUsage, "a subscription with two_phase cannot be used with pg_baton",
      "Its worker commits prepared transactions past the write gate.", "Leave two_phase off.");
}

// What destroys before it commits is asked for its passage first, and has it then.
void CheckUtility(const Node* statement) {
  if (block == nullptr || statement == nullptr) return;
  switch (nodeTag(statement)) {
    case T_CreatedbStmt:
    case T_DropdbStmt:
    case T_CreateTableSpaceStmt:
    case T_DropTableSpaceStmt:
      PassBeforeCommit();
      irrevocable = committing;
      return;
    case T_AlterDatabaseStmt:
      if (!HasOption(reinterpret_cast<const AlterDatabaseStmt*>(statement)->options, "tablespace"))
        return;
      PassBeforeCommit();
      return;
    case T_TransactionStmt: {
      const auto kind = reinterpret_cast<const TransactionStmt*>(statement)->kind;
      if (kind == TRANS_STMT_COMMIT_PREPARED || kind == TRANS_STMT_ROLLBACK_PREPARED) {
        PassBeforeCommit();
      }
      return;
    }
    // They make and drop slots on the publisher at once.
    case T_DropSubscriptionStmt:
      return PassBeforeCommit();
    case T_CreateSubscriptionStmt:
      PassBeforeCommit();
      return RefuseTwoPhase(reinterpret_cast<const CreateSubscriptionStmt*>(statement)->options);
    case T_AlterSubscriptionStmt:
      PassBeforeCommit();
      return RefuseTwoPhase(reinterpret_cast<const AlterSubscriptionStmt*>(statement)->options);
    default:
      return;
  }
}

bool IsOrdinaryUser(const char* user) {
  const Oid role = get_role_oid(user, true);
  if (!OidIsValid(role) || superuser_arg(role)) return false;
  if (has_rolreplication(role) || is_member_of_role(role, ROLE_PG_MONITOR)) return false;
  const Oid operators = get_role_oid("baton_operator", true);
  const bool ordinary = !OidIsValid(operators) || !is_member_of_role(role, operators);
  // Memberships of the last role that was asked about are remembered (src/backend/utils/adt/acl.c),
  // and those of a database's owner are not known before the session is in its database.
  is_member_of_role(ROLE_PG_MONITOR, ROLE_PG_READ_ALL_STATS);
  return ordinary;
}

bool TurnsAway(core::GateReasons reasons) {
  return core::Has(reasons, core::GateReason::kAnotherPrimary) ||
         core::Has(reasons, core::GateReason::kNoLease);
}

void WithdrawPasser(int, Datum) {
  if (Passer* const own = Own()) own->ordinary_pid.store(0);
}

// After a successful authentication.  The session enters itself before it reads the gate, and
// whoever closes the gate does so before it ends the sessions that are entered: none slips through.
void CheckLogin(const Port& port) {
  Passer* const own = Own();
  if (block == nullptr || own == nullptr) return;
  const char* const user = port.user_name;
  const bool ordinary = pg::Call([user] { return IsOrdinaryUser(user); });
  if (!ordinary) return;
  own->ordinary_pid.store(MyProcPid);
  pg::Call([] { before_shmem_exit(WithdrawPasser, Datum{0}); });
  if (!TurnsAway(core::ReasonsAt(Read(), pg::Now()))) return;
  const core::NodeState state = standing::Read();
  pg::Call([&] {
    ereport(FATAL,
            (errcode(ERRCODE_CANNOT_CONNECT_NOW), errmsg("this server is not the primary any more"),
             state.successor.empty()
                 ? 0
                 : errdetail("Node \"%s\" is the primary on timeline %u.", state.successor.c_str(),
                             state.successor_reign.timeline),
             errhint("Name all nodes in the connection string; the next one is tried then.")));
  });
}

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

ProcessUtility_hook_type previous_process_utility = nullptr;
ClientAuthentication_hook_type previous_client_authentication = nullptr;

extern "C" void OnTransaction(XactEvent event, void*) {
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
      // Without an id nothing was written.
      if (!TransactionIdIsValid(GetTopTransactionIdIfAny())) return;
      return pg::Entry([] { PassBeforeCommit(); });
    case XACT_EVENT_PRE_PREPARE:
      return pg::Entry([] { PassBeforeCommit(); });
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PREPARE:
      return PassBeforeAnswer();
    case XACT_EVENT_ABORT:
      irrevocable = false;
      if (committing) SetCommitting(false);
      return;
    default:
      return;
  }
}

// What an error that was caught has undone may have passed the first check by itself.
extern "C" void OnSubtransaction(SubXactEvent event, SubTransactionId, SubTransactionId, void*) {
  if (event != SUBXACT_EVENT_ABORT_SUB) return;
  irrevocable = false;
  if (committing) SetCommitting(false);
}

extern "C" void OnUtility(PlannedStmt* statement, const char* text, bool read_only_tree,
                          ProcessUtilityContext context, ParamListInfo parameters,
                          QueryEnvironment* environment, DestReceiver* destination,
                          QueryCompletion* completion) {
  const Node* const node = statement->utilityStmt;
  pg::Entry([node] { CheckUtility(node); });
  const auto next =
      previous_process_utility != nullptr ? previous_process_utility : standard_ProcessUtility;
  next(statement, text, read_only_tree, context, parameters, environment, destination, completion);
}

extern "C" void OnLogin(Port* port, int status) {
  if (previous_client_authentication != nullptr) previous_client_authentication(port, status);
  if (status != STATUS_OK) return;
  pg::Entry([port] { CheckLogin(*port); });
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

Exemption::Exemption() { ++exemptions; }
Exemption::~Exemption() { --exemptions; }

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

void InstallHooks() {
  RegisterXactCallback(OnTransaction, nullptr);
  RegisterSubXactCallback(OnSubtransaction, nullptr);
  previous_process_utility = ProcessUtility_hook;
  ProcessUtility_hook = OnUtility;
  previous_client_authentication = ClientAuthentication_hook;
  ClientAuthentication_hook = OnLogin;
}

}  // namespace baton::gate
