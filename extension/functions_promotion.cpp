// Asking for a promotion, and the SQL functions for it: they gather facts, here and from the other
// nodes, let the rules judge, and hand a request to the monitor.
#include "pg/postgres.hpp"

#include <fmt/format.h>
#include <functional>

#include "archive_probe.hpp"
#include "conninfo.hpp"
#include "core/error.hpp"
#include "core/promotion.hpp"
#include "finding_row.hpp"
#include "gate.hpp"
#include "hand_over_board.hpp"
#include "observation.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/tuples.hpp"
#include "promotion.hpp"
#include "registry.hpp"
#include "roll_call.hpp"
#include "self_report.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standing.hpp"

namespace baton {
namespace {

constexpr auto kFreshLook = std::chrono::milliseconds(1000);
constexpr auto kTurn = std::chrono::milliseconds(100);
// How long what another standby saw is taken for news of the past.
constexpr auto kHearsayLasts = std::chrono::milliseconds(1500);

// While it lives, the others are told that this server is about to be promoted.  So of two standbys
// that are asked at once, each of which publishes its intent before it looks for the other's, at
// least one sees the other.
class Decision {
 public:
  Decision() {
    if (!shared::BeginDecision(pg::Now() + kIntentLife)) {
      throw core::Error(core::ErrorCode::kBusy, "another session decides on a promotion just now",
                        "", "Ask again when it has.");
    }
  }
  ~Decision() { shared::EndDecision(); }
  Decision(const Decision&) = delete;
  Decision& operator=(const Decision&) = delete;

  // Returns false if the others may have seen no intent for a while.
  bool Extend() { return shared::ExtendDecision(pg::Now() + kIntentLife); }

 private:
  static constexpr auto kIntentLife = std::chrono::seconds(5);
};

bool IsUpstream(const RegisteredNode& node, const core::NodeFacts& own) {
  const Endpoint upstream = EndpointOf(pg::PrimaryConninfo());
  return node.name.view() == own.upstream.view() ||
         (!upstream.host.empty() && EndpointOf(node.conninfo.str()) == upstream);
}

// More about the lasting reasons for which the write gate would stay closed; empty if there are
// none.
std::string LastingReasonText(core::GateReasons reasons) {
  if (core::Has(reasons, core::GateReason::kFencedByHand)) {
    const core::NodeState state = standing::Read();
    return fmt::format("by \"{}\"{}{}", state.fenced_by.view(),
                       state.fence_reason.empty() ? "" : ", ", state.fence_reason.view());
  }
  if (core::Has(reasons, core::GateReason::kStateUnreadable)) {
    return standing::UnreadableBecause().str();
  }
  return "";
}

// Of a standby: what it knows itself, what the other nodes say and what the archive has, asked at
// the same time.  With `force` it also does with what the monitor saw last: it may be waiting for a
// lock that the dead primary held, which only the promotion ends.
core::PromotionFacts GatherPromotionFacts(bool force, const std::function<void()>& meanwhile) {
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
  facts.node = FactsNow(*report);
  facts.node_name = setting::NodeName();
  facts.reign = OwnRow(facts.node).reign;
  facts.own_gate = gate::Read().reasons;
  facts.own_gate_text = LastingReasonText(facts.own_gate);
  facts.registry_readable = report->facts.registry_readable;
  facts.synchronous_standby_names = SyncRepStandbyNames == nullptr ? "" : SyncRepStandbyNames;
  facts.fences_when_isolated = setting::Isolation() == setting::IsolationPolicy::kFence;

  const std::chrono::milliseconds limit = setting::PeerTimeout();
  ArchiveProbe archive(facts.node.position, limit);
  const auto turn = [&] {
    archive.Advance();
    meanwhile();
  };
  const auto nodes = OtherNodes(*shared::Read<Registry>());
  facts.peers = AskWhoTheyAre(nodes, limit, turn);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    facts.peers[i].is_upstream = IsUpstream(nodes[i], facts.node);
  }
  while (!archive.Finish(kTurn)) meanwhile();
  facts.archive = archive.Answer();
  return facts;
}

void PromotionCheck(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  const auto findings = core::CheckPromotion(GatherPromotionFacts(false, [] {}));
  const TimestampTz now = GetCurrentTimestamp();
  for (const core::Finding& finding : findings) AddFinding(finding, now, result);
}

// A primary that lives although it is to be followed by this server closes its gate before this one
// may open: so also a forced promotion makes no second writer where the first can be reached.
std::string LetPrimariesYield(const core::PromotionFacts& facts) {
  std::vector<RegisteredNode> primaries;
  std::vector<RegisteredNode> promoting;
  for (const RegisteredNode& node : OtherNodes(*shared::Read<Registry>())) {
    for (const core::PeerAnswer& peer : facts.peers) {
      if (peer.name != node.name.view() || peer.kind != core::PeerAnswer::Kind::kAnswered) continue;
      if (peer.row.role == core::Role::kPrimary) {
        primaries.push_back(node);
      } else if (peer.row.promoting) {
        promoting.push_back(node);
      }
    }
  }
  const core::TimelineId timeline = facts.node.position.timeline + 1;
  // Nobody can take from it what it has begun.
  const Yielding standbys =
      AskToYield(promoting, facts.node_name, timeline, setting::PeerTimeout());
  if (!standbys.would_not.empty()) {
    throw core::Error(
        core::ErrorCode::kBusy,
        fmt::format("another promotion is under way, and not given up by {}", standbys.would_not),
        "There would be two primaries.", "Ask again when it is, or is stopped.");
  }
  const std::string yielded =
      AskToYield(primaries, facts.node_name, timeline, setting::PeerTimeout()).yielded;
  return yielded.empty() ? "" : "; closed the write gate of: " + yielded;
}

// While another node may still be promoted by this one's grant, nobody can force it either.
void RequireNoGrantOut() {
  if (!hand_over::GrantIsOut()) return;
  throw core::Error(
      core::ErrorCode::kBusy,
      fmt::format("node \"{}\" may still be promoted by a switchover",
                  hand_over::Read().peer.view()),
      "It was granted the role, and has not said yet what became of it.",
      "If it is gone, ask again when its promise is over, a minute after the switchover.");
}

// Returns the request as it was entered: submitted or refused.
Request DecidePromotion(bool force, std::string_view asker, std::chrono::milliseconds timeout) {
  RequireNoGrantOut();
  Decision decision;
  core::PromotionFacts facts = GatherPromotionFacts(force, [&] { decision.Extend(); });
  auto findings = core::CheckPromotion(facts);
  // Right after its death another standby may not have noticed yet; it does within moments.
  const core::Instant patience = pg::Now() + kHearsayLasts;
  while (!force && core::IsOnlyOneAgainst(findings, "primary_seen") && pg::Now() < patience) {
    pg::Call([] {
      CHECK_FOR_INTERRUPTS();
      pg_usleep(std::chrono::microseconds(kTurn).count());
    });
    facts = GatherPromotionFacts(force, [&] { decision.Extend(); });
    findings = core::CheckPromotion(facts);
  }
  const std::string reasons = core::ReasonsAgainst(findings);
  const bool possible = facts.node.role == core::Role::kStandby && !facts.node.promoting;
  Request request;
  if (!reasons.empty() && !(force && possible)) {
    request.id = shared::RecordRefusal("promote", force, asker, reasons);
    request.state = RequestState::kRefused;
    request.reason = reasons;
    return request;
  }
  if (!decision.Extend() && !force) {
    throw core::Error(core::ErrorCode::kBusy, "the checks took too long to rely on them", "",
                      "Ask again.");
  }
  if (!reasons.empty()) {
    request.reason = "forced against: " + reasons + LetPrimariesYield(facts);
  }
  request.id = shared::SubmitPromotion(force, asker, request.reason.view(), timeout);
  return request;
}

Datum Promote(FunctionCallInfo fcinfo) {
  const bool force = PG_GETARG_BOOL(0);
  const bool wait = PG_GETARG_BOOL(1);
  const std::chrono::milliseconds timeout = pg::TimeoutFrom(*PG_GETARG_INTERVAL_P(2));
  const std::string asker = pg::Asker();
  const PromotionOutcome outcome = AskForPromotion(force, asker, wait, timeout);
  pg::RowBuilder row;
  row.Int8(outcome.request.id)
      .Text(RequestStateText(outcome.request))
      .Text(outcome.reason)
      .Timeline(outcome.request.timeline)
      .Lsn(outcome.request.lsn);
  return pg::SingleRow(fcinfo, row);
}

void Requests(FunctionCallInfo fcinfo) {
  pg::ResultSet result(fcinfo);
  for (const Request& request : shared::ReadRequests()) {
    pg::RowBuilder row;
    row.Int8(request.id)
        .Text(request.kind.view())
        .Text(RequestStateText(request))
        .Bool(request.force)
        .Text(request.reason.view())
        .Timeline(request.timeline)
        .Lsn(request.lsn)
        .Text(request.requested_by.view())
        .Time(request.requested_at)
        .Time(request.finished_at);
    if (request.hand_over == 0) {
      row.Null().Null();
    } else {
      row.Text(core::IdText(request.hand_over)).Text(request.steps.view());
    }
    row.Text(request.node.view());
    result.Add(row);
  }
}

}  // namespace

PromotionOutcome AskForPromotion(bool force, std::string_view asker, bool wait,
                                 std::chrono::milliseconds timeout) {
  Request request = DecidePromotion(force, asker, timeout);
  if (wait && !IsFinished(request.state)) {
    request = shared::WaitForRequest(request.id, timeout);
    if (!IsFinished(request.state)) {
      return {request, "not finished within the time allowed; it goes on, see baton.requests"};
    }
  }
  return {request, request.reason.str()};
}

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
