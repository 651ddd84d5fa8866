#include "gatekeeper.hpp"

#include <fmt/format.h>

#include "core/gate_explanation.hpp"
#include "gate.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "registry.hpp"
#include "reign_state.hpp"
#include "roll_call.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standing.hpp"

namespace baton {
namespace {

// For a busy machine.
constexpr auto kSlack = std::chrono::seconds(1);

core::Surroundings Around(const ClusterReport& cluster) {
  const pg::LiveFacts live = pg::ReadLive();
  const auto registry = shared::Read<Registry>();
  core::Surroundings around;
  around.role = live.role;
  around.streaming = live.role == core::Role::kStandby && pg::ReadReceiver().streaming;
  around.timeline = live.position.timeline;
  around.state = standing::Read();
  // Before the monitor knows whose reign it is, the one that was kept counts, unless it is over.
  around.reign = reign::Own();
  if (around.reign.id == 0 && around.state.reign.timeline == around.timeline) {
    around.reign = around.state.reign;
  }
  // A registry that cannot be read says nothing where peers were known before.
  around.registry_known = registry->looked && (registry->readable || !standing::PeersWereKnown());
  for (const RegisteredNode& node : OtherNodes(*registry)) {
    core::PeerRow row;
    row.name = node.name;
    for (const core::PeerRow& peer : cluster.peers) {
      if (peer.name.view() == node.name.view()) row = peer;
    }
    around.peers.push_back(row);
  }
  const core::GateWords words = gate::Read();
  around.reasons = words.reasons;
  around.quarantine_ends = words.quarantine_ends;
  around.started = gate::StartedAt();
  around.counts_from = gate::CountsFrom();
  around.now = pg::Now();
  around.quarantine_timeout = setting::QuarantineTimeout();
  around.fence_when_isolated = setting::Isolation() == setting::IsolationPolicy::kFence;
  around.isolation_timeout = setting::IsolationTimeout();
  around.round = setting::ObserveInterval() + setting::PeerTimeout() + kSlack;
  return around;
}

void CloseForSuccessor(const core::GateJudgement& judgement) {
  const core::NodeState state = standing::Read();
  const bool known = state.superseded && state.successor.view() == judgement.successor.view() &&
                     state.successor_reign.timeline == judgement.successor_reign.timeline &&
                     state.successor_reign.id == judgement.successor_reign.id;
  gate::Close(core::GateReason::kAnotherPrimary);
  gate::Open(core::GateReason::kQuarantine);
  if (!known) {
    standing::Supersede(judgement.successor.view(), judgement.successor_reign);
    const char* const why = judgement.why.c_str();
    pg::Call([why] {
      ereport(LOG,
              (errmsg("the write gate closes: another primary was found"), errdetail("%s.", why),
               errhint("\"pg_baton rejoin\" brings this server back as a standby.")));
    });
  }
}

void EndQuarantine(core::GateJudgement::Quarantine how) {
  using Quarantine = core::GateJudgement::Quarantine;
  const bool timed_out = how == Quarantine::kTimedOut;
  gate::SetOpenedUnheard(timed_out);
  gate::Open(core::GateReason::kQuarantine);
  const char* const detail = timed_out ? "No peer has answered in time."
                             : how == Quarantine::kNoPeers
                                 ? "No other node is registered."
                                 : "The peers have answered, and none is a "
                                   "newer primary.";
  pg::Call([detail] { ereport(LOG, (errmsg("quarantine is over"), errdetail("%s", detail))); });
}

}  // namespace

core::GateJudgement JudgeGateAsking() {
  const auto nodes = OtherNodes(*shared::Read<Registry>());
  auto cluster = std::make_unique<ClusterReport>();
  for (core::PeerAnswer& answer : AskWhoTheyAre(nodes, setting::PeerTimeout(), [] {})) {
    if (answer.kind != core::PeerAnswer::Kind::kAnswered) continue;
    answer.row.name = answer.name;
    answer.row.asked_at = pg::Now();
    answer.row.seen_at = GetCurrentTimestamp();
    cluster->peers.Add(answer.row);
  }
  return core::JudgeGate(Around(*cluster));
}

core::GateFacts GateFactsNow() {
  const core::GateWords words = gate::Read();
  const core::Instant now = pg::Now();
  const core::GateExplanation why = core::ExplainGate(core::ReasonsAt(words, now), standing::Read(),
                                                      standing::UnreadableBecause().view());
  core::GateFacts facts;
  facts.measured = true;
  facts.text = core::GateText(words, now);
  facts.reasons = why.names;
  facts.detail = why.detail;
  facts.hint = why.hint;
  facts.unheard = gate::OpenedUnheard();
  return facts;
}

void KeepGate() {
  gate::BeginCounting();
  using Quarantine = core::GateJudgement::Quarantine;
  const core::GateJudgement judgement = core::JudgeGate(Around(*shared::Read<ClusterReport>()));
  // What closes comes before what opens.
  if (judgement.superseded) CloseForSuccessor(judgement);
  if (core::Has(gate::Read().reasons, core::GateReason::kAnotherPrimary) && !RecoveryInProgress()) {
    gate::EndOrdinarySessions();
  }
  gate::SetIsolationBegin(judgement.isolation_begins);
  gate::SetDoubtBegin(judgement.doubt_begins);
  if (judgement.follows_again) {
    standing::EndSuperseded();
    standing::OpenWhatIsOver();
    pg::Call([] { ereport(LOG, (errmsg("this server follows the primary again"))); });
  }
  switch (judgement.quarantine) {
    case Quarantine::kNone:
      break;
    case Quarantine::kGoesOn:
      gate::SetQuarantineEnd(judgement.quarantine_ends);
      break;
    default:
      EndQuarantine(judgement.quarantine);
  }
  if (gate::OpenedUnheard() && judgement.heard) gate::SetOpenedUnheard(false);
}

}  // namespace baton
