// The SQL functions that ask for a switchover or a demotion, and the one by which the primary
// speaks to the target.
#include "pg/postgres.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/node_name.hpp"
#include "core/promotion.hpp"
#include "hand_over_board.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"
#include "preflight.hpp"
#include "registry.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kAskAgainAfter = std::chrono::milliseconds(50);
// An order that the worker has not taken by then is not carried out.
constexpr auto kOrderLife = std::chrono::seconds(5);

// What the caller gets to see.
struct Outcome {
  std::int64_t request_id = 0;
  std::string outcome;
  std::string reason;
  core::TimelineId timeline = 0;
  core::Lsn lsn;
  std::string hand_over;
};

Datum RowOf(FunctionCallInfo fcinfo, const Outcome& outcome) {
  pg::RowBuilder row;
  row.Int8(outcome.request_id)
      .Text(outcome.outcome)
      .Text(outcome.reason)
      .Timeline(outcome.timeline)
      .Lsn(outcome.lsn)
      .Text(outcome.hand_over);
  return pg::SingleRow(fcinfo, row);
}

Outcome OutcomeOf(const Request& request) {
  return {request.id,  RequestStateText(request),      request.reason.str(), request.timeline,
          request.lsn, core::IdText(request.hand_over)};
}

// On the primary.
Outcome Begin(const hand_over::Order& order, const std::vector<core::Finding>& findings, bool wait,
              std::chrono::milliseconds timeout) {
  Outcome outcome;
  outcome.reason = core::ReasonsAgainst(findings);
  const char* const kind = order.is_demotion ? "demote" : "switchover";
  if (!outcome.reason.empty()) {
    outcome.request_id =
        shared::RecordRefusal(kind, false, order.requested_by.view(), outcome.reason);
    outcome.outcome = "refused";
    return outcome;
  }
  const std::uint64_t id = hand_over::Give(order);
  outcome.hand_over = core::IdText(id);
  outcome.outcome = "requested";
  if (!wait) return outcome;
  hand_over::WaitUntilOver(id, timeout);
  if (const auto request = shared::FindHandOver(id)) return OutcomeOf(*request);
  return outcome;
}

const RegisteredNode& NodeNamed(const Registry& registry, std::string_view name) {
  if (const RegisteredNode* const node = FindNode(registry, name)) return *node;
  throw core::Error(core::ErrorCode::kNotFound, fmt::format("node \"{}\" does not exist", name), "",
                    "See baton.node.");
}

std::string NameOfPrimary() {
  const auto cluster = shared::Read<ClusterReport>();
  for (const core::PeerRow& row : cluster->peers) {
    if (row.reachable && row.role == core::Role::kPrimary) return row.name.str();
  }
  throw core::Error(core::ErrorCode::kWrongState, "no primary is known to this server",
                    "A switchover needs one that hands over.",
                    "See baton.cluster; without a primary, SELECT baton.promote().");
}

// Follows a hand-over by what the target has on record of it.
Outcome FollowAtTarget(const RegisteredNode& target, Outcome outcome, core::Instant end) {
  const std::string question = fmt::format(
      "SELECT outcome, reason, timeline, lsn FROM baton.requests WHERE hand_over = '{}' UNION ALL "
      "SELECT 'requested', NULL, NULL, NULL LIMIT 1",
      outcome.hand_over);
  std::unique_ptr<PeerSession> session;
  while (pg::Now() < end) {
    try {
      if (session == nullptr) {
        session = std::make_unique<PeerSession>(target.name.str(), target.conninfo.str());
      }
      const PeerSession::Row row = AskAndWait(*session, question, setting::PeerTimeout()).at(0);
      outcome.outcome = row.at(0);
      outcome.reason = row.at(1);
      outcome.timeline =
          static_cast<core::TimelineId>(std::strtoul(row.at(2).c_str(), nullptr, 10));
      outcome.lsn = core::Lsn::Parse(row.at(3)).value_or(core::Lsn());
      if (outcome.outcome != "requested" && outcome.outcome != "running") return outcome;
    } catch (const core::Error&) {
      session.reset();
    }
    pg::Call([] {
      CHECK_FOR_INTERRUPTS();
      pg_usleep(std::chrono::microseconds(kAskAgainAfter).count());
    });
  }
  outcome.reason = "not finished within the time allowed; it goes on, see baton.requests";
  return outcome;
}

// On any other node: the primary is asked to begin.
Outcome AskPrimary(const std::string& target_name, bool wait, std::chrono::milliseconds timeout) {
  const core::Instant end = pg::Now() + timeout;
  const auto registry = shared::Read<Registry>();
  const RegisteredNode& target = NodeNamed(*registry, target_name);
  const RegisteredNode& primary = NodeNamed(*registry, NameOfPrimary());
  PeerSession session(primary.name.str(), primary.conninfo.str());
  const std::string question = fmt::format(
      "SELECT request_id, outcome, reason, hand_over FROM baton.switchover('{}', false)",
      target_name);
  const PeerSession::Row row = AskAndWait(session, question, timeout).at(0);
  Outcome outcome;
  outcome.request_id = std::strtoll(row.at(0).c_str(), nullptr, 10);
  outcome.outcome = row.at(1);
  outcome.reason = row.at(2);
  outcome.hand_over = row.at(3);
  if (!wait || outcome.outcome != "requested") return outcome;
  return FollowAtTarget(target, outcome, end);
}

Datum Switchover(FunctionCallInfo fcinfo) {
  const std::string target = pg::TextFrom(fcinfo, 0);
  const bool wait = PG_GETARG_BOOL(1);
  const std::chrono::milliseconds timeout = pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(2));
  if (!core::IsNodeName(target)) {
    throw core::Error(core::ErrorCode::kInvalidName, "invalid node name",
                      fmt::format("\"{}\" cannot be the name of a node.", target),
                      "See baton.node.");
  }
  if (RecoveryInProgress()) return RowOf(fcinfo, AskPrimary(target, wait, timeout));
  const auto findings = CheckSwitchoverNow(target);
  const hand_over::Order order{0, false, target, pg::Asker(), pg::Now() + kOrderLife};
  return RowOf(fcinfo, Begin(order, findings, wait, timeout));
}

Datum Demote(FunctionCallInfo fcinfo) {
  const bool wait = PG_GETARG_BOOL(0);
  const std::chrono::milliseconds timeout = pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(1));
  const hand_over::Order order{0, true, "", pg::Asker(), pg::Now() + kOrderLife};
  return RowOf(fcinfo, Begin(order, CheckDemotionNow(), wait, timeout));
}

Datum HandOver(FunctionCallInfo fcinfo) {
  hand_over::Letter letter;
  const auto id = core::IdOf(pg::TextFrom(fcinfo, 0));
  const auto message = core::HandOverMessageOf(pg::TextFrom(fcinfo, 1));
  const std::string giver = pg::TextFrom(fcinfo, 2);
  if (!id || !message || !core::IsNodeName(giver)) {
    throw core::Error(core::ErrorCode::kUsage, "invalid message of a hand-over", "",
                      "Only the primary sends them; ask for a switchover by baton.switchover().");
  }
  letter.id = *id;
  letter.message = *message;
  letter.giver = giver;
  if (!PG_ARGISNULL(3)) letter.end = core::Lsn(PG_GETARG_LSN(3));
  letter.sync_names = pg::TextFrom(fcinfo, 4);
  letter.life = std::chrono::milliseconds(PG_ARGISNULL(5) ? 0 : std::max(PG_GETARG_INT32(5), 0));
  const core::HandOver answer = hand_over::Deliver(letter, setting::PeerTimeout());
  pg::RowBuilder row;
  row.Text(core::TakerStateName(answer.taker))
      .Text(answer.reason.view())
      .Timeline(answer.timeline)
      .Lsn(answer.began);
  return pg::SingleRow(fcinfo, row);
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_switchover);
PG_FUNCTION_INFO_V1(pg_baton_demote);
PG_FUNCTION_INFO_V1(pg_baton_hand_over);

Datum pg_baton_switchover(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Switchover(fcinfo); });
}

Datum pg_baton_demote(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Demote(fcinfo); });
}

Datum pg_baton_hand_over(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::HandOver(fcinfo); });
}
}
