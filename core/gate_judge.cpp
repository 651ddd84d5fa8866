#include "core/gate_judge.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace baton::core {
namespace {

bool HasAnswered(const PeerRow& peer, Instant since) {
  return peer.seen_at != 0 && peer.asked_at >= since && peer.role != Role::kUnknown;
}

// A primary that knows of another one has closed its own gate for it.  Where each knows of the
// other, a person decides which of them goes on, and the other one must not close that again.
bool HasYielded(const PeerRow& primary) {
  return !primary.primary.empty() && primary.primary.view() != primary.name.view();
}

// A primary that counts over this one, or somebody who knows one: a standby of a newer timeline
// does, although its primary may be down.
void LookForSuccessor(const Surroundings& around, GateJudgement& judgement) {
  const Reign own{around.reign.id, around.timeline, {}};
  for (const PeerRow& peer : around.peers) {
    if (!peer.reachable || !HasAnswered(peer, around.started)) continue;
    if (peer.role == Role::kPrimary && Supersedes(peer.reign, own) &&
        !(around.state.decided && HasYielded(peer))) {
      judgement.superseded = true;
      judgement.successor = peer.name;
      judgement.successor_reign = peer.reign;
      judgement.why = fmt::format(
          "node {} is {} on timeline {}", peer.name.view(),
          peer.reign.timeline == own.timeline ? "a primary of another reign" : "the primary",
          peer.reign.timeline);
      return;
    }
    const TimelineId known = std::max(peer.timeline, peer.primary_timeline);
    if (known <= own.timeline) continue;
    judgement.superseded = true;
    // What it calls the primary may be that of an earlier timeline.
    if (peer.primary_timeline == known) judgement.successor = peer.primary;
    judgement.successor_reign = {0, known, {}};
    judgement.why =
        fmt::format("node {} knows of a primary on timeline {}", peer.name.view(), known);
    return;
  }
}

bool EnoughHaveAnswered(const Surroundings& around) {
  const auto answered = static_cast<std::size_t>(
      std::count_if(around.peers.begin(), around.peers.end(),
                    [&](const PeerRow& peer) { return HasAnswered(peer, around.started); }));
  return around.registry_known && answered >= Quorum(around.peers.size());
}

GateJudgement::Quarantine JudgeQuarantine(const Surroundings& around, GateJudgement& judgement) {
  using Quarantine = GateJudgement::Quarantine;
  if (!Has(around.reasons, GateReason::kQuarantine)) return Quarantine::kNone;
  if (around.registry_known && around.peers.empty()) return Quarantine::kNoPeers;
  if (around.role != Role::kPrimary) return Quarantine::kNoPeers;
  if (judgement.heard && !judgement.superseded) return Quarantine::kAnswered;
  judgement.quarantine_ends = around.quarantine_ends;
  if (around.registry_known) {
    judgement.quarantine_ends =
        around.quarantine_timeout ? around.counts_from + *around.quarantine_timeout : kNever;
  }
  if (around.now >= judgement.quarantine_ends) return Quarantine::kTimedOut;
  return Quarantine::kGoesOn;
}

// A quorum was heard from at the moment to which its most silent member's last answer goes back;
// what was answered counts from when it was asked.
Instant IsolationBegins(const Surroundings& around) {
  if (!around.fence_when_isolated || !around.registry_known || around.peers.empty()) return kNever;
  std::vector<Instant> heard;
  for (const PeerRow& peer : around.peers) {
    heard.push_back(HasAnswered(peer, around.started) ? peer.asked_at : around.started);
  }
  std::sort(heard.begin(), heard.end(), std::greater<>());
  return heard[Quorum(heard.size()) - 1] + around.isolation_timeout;
}

// Every node was asked not long ago, and has answered or not; what it said is known then.
Instant DoubtBegins(const Surroundings& around) {
  Instant oldest = kNever;
  for (const PeerRow& peer : around.peers) {
    // One that was registered just now is asked at once.
    if (peer.concluded_at != Instant{}) oldest = std::min(oldest, peer.concluded_at);
  }
  return oldest == kNever ? kNever : oldest + around.round;
}

}  // namespace

GateJudgement JudgeGate(const Surroundings& around) {
  GateJudgement judgement;
  if (around.role == Role::kPrimary) {
    LookForSuccessor(around, judgement);
  } else if (around.role == Role::kStandby) {
    judgement.follows_again = around.state.superseded && around.streaming &&
                              around.timeline >= around.state.successor_reign.timeline;
  }
  judgement.heard = EnoughHaveAnswered(around);
  judgement.quarantine = JudgeQuarantine(around, judgement);
  judgement.isolation_begins = IsolationBegins(around);
  judgement.doubt_begins = DoubtBegins(around);
  return judgement;
}

}  // namespace baton::core
