// How a backend passes the write gate: its callbacks at the end of each transaction, before what
// destroys at once, and at the login.
#include "pg/postgres.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include "core/error.hpp"
#include "core/gate_explanation.hpp"
#include "gate.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "settings.hpp"
#include "standing.hpp"

namespace baton::gate {
namespace {

// An interrupt is noticed at once; this is for a wake-up that was missed.
constexpr auto kWaitSlice = std::chrono::milliseconds(100);
constexpr auto kAnswerTurn = std::chrono::milliseconds(5);

// This process's own.
bool committing = false;
bool irrevocable = false;  // what the transaction did cannot be taken back
int exemptions = 0;

// Autovacuum acknowledges nothing to anybody, and would only fill the log at a closed gate; a
// server in single-user mode has no clients.
bool PassesAnyhow() {
  return !IsAttached() || !IsUnderPostmaster || exemptions > 0 || setting::BypassGate() ||
         pg::IsAutovacuumWorker();
}

void SetCommitting(bool value) {
  committing = value;
  MarkCommitting(value);
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
    EndDoubt(words.doubt_begins);
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
    WaitForChange(kWaitSlice);
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
  if (!IsAttached() || statement == nullptr) return;
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

void Withdraw(int, Datum) { MarkOrdinary(0); }

// After a successful authentication.  The session enters itself before it reads the gate, and
// whoever closes the gate does so before it ends the sessions that are entered: none slips through.
void CheckLogin(const Port& port) {
  if (!IsAttached()) return;
  if (IsTurningAway() && !am_walsender) {
    pg::Call([] {
      ereport(FATAL,
              (errcode(ERRCODE_CANNOT_CONNECT_NOW), errmsg("this server is handing over its role"),
               errhint("Name all nodes in the connection string; the next one is tried then.")));
    });
  }
  const char* const user = port.user_name;
  const bool ordinary = pg::Call([user] { return IsOrdinaryUser(user); });
  if (!ordinary) return;
  MarkOrdinary(MyProcPid);
  pg::Call([] { before_shmem_exit(Withdraw, Datum{0}); });
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

Exemption::Exemption() { ++exemptions; }
Exemption::~Exemption() { --exemptions; }

void InstallHooks() {
  RegisterXactCallback(OnTransaction, nullptr);
  RegisterSubXactCallback(OnSubtransaction, nullptr);
  previous_process_utility = ProcessUtility_hook;
  ProcessUtility_hook = OnUtility;
  previous_client_authentication = ClientAuthentication_hook;
  ClientAuthentication_hook = OnLogin;
}

}  // namespace baton::gate
