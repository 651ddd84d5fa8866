// The SQL functions that let this standby follow another node, and say what speaks against that.
#include "pg/postgres.hpp"

#include "core/promotion.hpp"
#include "finding_row.hpp"
#include "pg/guard.hpp"
#include "pg/tuples.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "upstream_check.hpp"

namespace baton {
namespace {

// After its time the worker may have to put things back, and to ask two nodes for that.
constexpr auto kPuttingBack = std::chrono::seconds(6);

void FollowCheck(FunctionCallInfo fcinfo) {
  const std::string node = pg::TextFrom(fcinfo, 0);
  pg::ResultSet result(fcinfo);
  const auto findings = core::CheckUpstream(GatherUpstreamFacts(node));
  const TimestampTz now = GetCurrentTimestamp();
  for (const core::Finding& finding : findings) AddFinding(finding, now, result);
}

Request AskToFollow(const std::string& node, bool wait, std::chrono::milliseconds timeout) {
  const core::UpstreamFacts facts = GatherUpstreamFacts(node);
  const std::string reasons = core::ReasonsAgainst(core::CheckUpstream(facts));
  Request request;
  request.reason = reasons;
  if (!reasons.empty()) {
    request.state = RequestState::kRefused;
    request.id = shared::RecordRefusal("follow", false, pg::Asker(), reasons, node);
    shared::Wake(shared::Worker::kMonitor);
    return request;
  }
  request.id = shared::SubmitFollowing(node, pg::Asker(), ChangeTo(facts, timeout));
  if (!wait) return request;
  request = shared::WaitForRequest(request.id, timeout + 2 * setting::PeerTimeout() + kPuttingBack);
  if (!IsFinished(request.state)) {
    request.reason = "not finished within the time allowed; it goes on, see baton.requests";
  }
  return request;
}

Datum Follow(FunctionCallInfo fcinfo) {
  const std::string node = pg::TextFrom(fcinfo, 0);
  const bool wait = PG_GETARG_BOOL(1);
  const std::chrono::milliseconds timeout = pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(2));
  Request request = AskToFollow(node, wait, timeout);
  request.node = node;
  pg::RowBuilder row;
  row.Int8(request.id).Text(RequestStateText(request)).Text(request.reason.view());
  return pg::SingleRow(fcinfo, row);
}

}  // namespace
}  // namespace baton

extern "C" {
PG_FUNCTION_INFO_V1(pg_baton_follow_check);
PG_FUNCTION_INFO_V1(pg_baton_follow);

Datum pg_baton_follow_check(PG_FUNCTION_ARGS) {
  baton::pg::Entry([fcinfo] { baton::FollowCheck(fcinfo); });
  return Datum{0};
}

Datum pg_baton_follow(PG_FUNCTION_ARGS) {
  return baton::pg::Entry([fcinfo] { return baton::Follow(fcinfo); });
}
}
