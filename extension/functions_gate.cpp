// The SQL functions that close and open the write gate by hand.
#include "pg/postgres.hpp"

#include <algorithm>
#include <optional>

#include "core/error.hpp"
#include "core/node_name.hpp"
#include "gate.hpp"
#include "gate_row.hpp"
#include "gatekeeper.hpp"
#include "hand_over_board.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"
#include "shared_state.hpp"
#include "standing.hpp"

namespace baton {
namespace {

// How long a fence waits for commits that had passed the gate before, and for the disk.
constexpr auto kDrain = std::chrono::seconds(1);
constexpr auto kDrainTurn = std::chrono::milliseconds(5);
constexpr auto kDurable = std::chrono::seconds(5);

void WarnUnlessKept(standing::Change change, const char* what) {
  if (standing::WaitUntilKept(change, kDurable)) return;
  pg::Call([what] {
    ereport(WARNING, (errmsg("%s is in force, but not on disk yet", what),
                      errdetail("A crash of the server would undo it."),
                      errhint("See check \"storage\" in baton.health.")));
  });
}

int DrainCommitting() {
  const core::Instant end = pg::Now() + kDrain;
  int count = gate::CountCommitting();
  while (count > 0 && pg::Now() < end) {
    pg::Call([] {
      CHECK_FOR_INTERRUPTS();
      pg_usleep(std::chrono::microseconds(kDrainTurn).count());
    });
    count = gate::CountCommitting();
  }
  return count;
}

Datum Fence(FunctionCallInfo fcinfo) {
  const std::string reason = pg::TextFrom(fcinfo, 0);
  const std::string asker = pg::Asker();
  const standing::Change change = standing::Fence(reason, asker);
  pg::Call([&] {
    ereport(LOG, (errmsg("the write gate was closed by hand"),
                  errdetail("By \"%s\": %s", asker.c_str(), reason.c_str())));
  });
  const int committing = DrainCommitting();
  WarnUnlessKept(change, "the fence");
  pg::RowBuilder row;
  AddGate(row);
  row.Int4(committing);
  return pg::SingleRow(fcinfo, row);
}

// A standby has something to yield while a hand-over may make it the primary: the taker its
// promise, and the giver what it has not granted yet.
// None: it has begun, and cannot.
std::optional<bool> YieldHandOver(const std::string& successor, core::TimelineId timeline) {
  const core::HandOver record = hand_over::Read();
  if (record.id == 0 || record.outcome != core::HandOverOutcome::kRunning) return false;
  if (record.is_giver) {
    // What is out cannot be called back.  It goes out after a look at whether this node is
    // superseded, and so that is entered before the second question.
    if (hand_over::GrantIsOut()) return std::nullopt;
    const auto change = standing::Supersede(successor, {0, timeline, {}});
    if (hand_over::GrantIsOut()) return std::nullopt;
    return standing::WaitUntilKept(change, kDurable);
  }
  hand_over::Letter letter;
  letter.id = record.id;
  letter.message = core::HandOverMessage::kRevoke;
  letter.giver = record.peer;
  if (hand_over::Deliver(letter, kDurable).taker == core::TakerState::kRefused) return true;
  return std::nullopt;
}

// Another node is about to take the baton.  What it says is believed, as a fence is that its role
// may close as well; a node that is no primary of an earlier timeline has nothing to yield.
Datum Yield(FunctionCallInfo fcinfo) {
  const Datum argument = PG_GETARG_DATUM(0);
  const std::string successor = pg::Call([argument] { return TextDatumGetCString(argument); });
  const auto timeline = static_cast<core::TimelineId>(std::max(PG_GETARG_INT32(1), 0));
  if (!successor.empty()) core::RequireNodeName(successor);
  pg::RowBuilder row;
  if (RecoveryInProgress()) {
    row.Bool(YieldHandOver(successor, timeline)).Int4(0);
    return pg::SingleRow(fcinfo, row);
  }
  if (timeline <= pg::Call([] { return GetWALInsertionTimeLine(); })) {
    row.Bool(false).Int4(0);
    return pg::SingleRow(fcinfo, row);
  }
  standing::Supersede(successor, {0, timeline, {}});
  pg::Call([&] {
    ereport(LOG, (errmsg("the write gate closes: node \"%s\" takes over with timeline %u",
                         successor.c_str(), timeline)));
  });
  row.Bool(true).Int4(DrainCommitting());
  gate::EndOrdinarySessions();
  return pg::SingleRow(fcinfo, row);
}

// Opening beside a primary that answers would only last until the observer's next look, and until
// then there would be two.  So they are asked now.
void RefuseBesideLivingSuccessor() {
  const core::GateJudgement judgement = JudgeGateAsking();
  if (!judgement.superseded) return;
  throw core::Error(core::ErrorCode::kRefused,
                    "the write gate cannot be opened beside another primary", judgement.why + ".",
                    "Stop or fence that one first, or bring this one back as its standby by "
                    "\"pg_baton rejoin\".");
}

Datum Unfence(FunctionCallInfo fcinfo) {
  const bool force = PG_GETARG_BOOL(0);
  if (force) RefuseBesideLivingSuccessor();
  // On disk before it opens: after a crash it must not be closed again unawares.
  standing::Change change = standing::Unfence();
  if (force) change = standing::DecideAgainstRival();
  WarnUnlessKept(change, "the opening");
  standing::OpenWhatIsOver();
  if (force) gate::Open(core::GateReason::kQuarantine);
  const std::string asker = pg::Asker();
  pg::Call([&] {
    ereport(LOG, (errmsg("the write gate was opened by hand%s", force ? ", with force" : ""),
                  errdetail("By \"%s\".", asker.c_str())));
  });
  pg::RowBuilder row;
  AddGate(row);
  return pg::SingleRow(fcinfo, row);
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_fence);
PG_FUNCTION_INFO_V1(pg_baton_unfence);
PG_FUNCTION_INFO_V1(pg_baton_yield);

Datum pg_baton_fence(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Fence(fcinfo); });
}

Datum pg_baton_unfence(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Unfence(fcinfo); });
}

Datum pg_baton_yield(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Yield(fcinfo); });
}
}
