// The SQL functions for promotion: they gather facts, here and from the other nodes, let the rules
// judge, and hand a request to the monitor.
#include "pg/postgres.hpp"

#include <algorithm>

#include "conninfo.hpp"
#include "core/error.hpp"
#include "core/promotion.hpp"
#include "finding_row.hpp"
#include "observation.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/tuples.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kFreshLook = std::chrono::milliseconds(1000);

// With `force` it also does with what the monitor saw last: it may be waiting for a lock that the
// dead primary held, which only the promotion ends.
core::PromotionFacts GatherPromotionFacts(bool force = false) {
  core::PromotionFacts facts;
  if (!RecoveryInProgress()) {
    facts.node.role = core::Role::kPrimary;
    return facts;
  }
  if (!shared::WaitForFreshLook(kFreshLook) && !force) {
    throw core::Error(core::ErrorCode::kWrongState, "the monitor of pg_baton does not answer",
                      "It gathers what this decision needs.",
                      "See the server log; is the database in pg_baton.database there?");
  }
  const auto report = shared::Read<Report>();
  const auto registry = shared::Read<Registry>();
  facts.node = FactsNow(*report);
  facts.registry_readable = report->facts.registry_readable;
  const Endpoint upstream = EndpointOf(pg::PrimaryConninfo());
  const std::string own_name = setting::NodeName();
  std::vector<PeerTarget> targets;
  for (const RegisteredNode& node : registry->nodes) {
    if (node.name.view() == own_name) continue;
    const bool is_upstream =
        node.name.view() == facts.node.upstream.view() ||
        (!upstream.host.empty() && EndpointOf(node.conninfo.str()) == upstream);
    targets.push_back({node.name.str(), node.conninfo.str(), is_upstream});
  }
  facts.peers = AskWhoTheyAre(targets, setting::PeerTimeout());
  return facts;
}

void PromotionCheck(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto findings = core::CheckPromotion(GatherPromotionFacts());
  const TimestampTz now = GetCurrentTimestamp();
  for (const core::Finding& finding : findings) AddFinding(finding, now, result);
}

Datum RequestRow(FunctionCallInfo fcinfo, const Request& request, std::string_view reason) {
  pg::RowBuilder row;
  row.Int8(request.id)
      .Text(RequestStateText(request.state))
      .Text(reason)
      .Timeline(request.timeline)
      .Lsn(request.lsn);
  return pg::SingleRow(fcinfo, row);
}

Datum Promote(FunctionCallInfo fcinfo) {
  const bool force = PG_GETARG_BOOL(0);
  const bool wait = PG_GETARG_BOOL(1);
  const std::chrono::milliseconds timeout = pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(2));
  const char* const asker = pg::Call([] { return GetUserNameFromId(GetUserId(), false); });

  const core::PromotionFacts facts = GatherPromotionFacts(force);
  const std::string reasons = core::ReasonsAgainst(core::CheckPromotion(facts));
  const bool possible = facts.node.role == core::Role::kStandby && !facts.node.promoting;
  if (!reasons.empty() && !(force && possible)) {
    Request refused;
    refused.id = shared::RecordRefusal(force, asker, reasons);
    refused.state = RequestState::kRefused;
    return RequestRow(fcinfo, refused, reasons);
  }
  const std::int64_t id = shared::SubmitPromotion(force, asker, timeout);
  Request request;
  request.id = id;
  if (!wait) return RequestRow(fcinfo, request, "");
  request = shared::WaitForRequest(id, timeout);
  if (IsFinished(request.state)) return RequestRow(fcinfo, request, request.reason.view());
  return RequestRow(fcinfo, request,
                    "not finished within the time allowed; it goes on, see baton.requests");
}

void Requests(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  for (const Request& request : shared::ReadRequests()) {
    pg::RowBuilder row;
    row.Int8(request.id)
        .Text(request.kind.view())
        .Text(RequestStateText(request.state))
        .Bool(request.force)
        .Text(request.reason.view())
        .Timeline(request.timeline)
        .Lsn(request.lsn)
        .Text(request.requested_by.view())
        .Time(request.requested_at)
        .Time(request.finished_at);
    result.Add(row);
  }
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_promotion_check);
PG_FUNCTION_INFO_V1(pg_baton_promote);
PG_FUNCTION_INFO_V1(pg_baton_requests);

Datum pg_baton_promotion_check(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::PromotionCheck(fcinfo); });
  return Datum{0};
}

Datum pg_baton_promote(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Promote(fcinfo); });
}

Datum pg_baton_requests(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::Requests(fcinfo); });
  return Datum{0};
}
}
