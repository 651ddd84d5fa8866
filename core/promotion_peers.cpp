#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "core/promotion_rules.hpp"

namespace baton::core::rule {
namespace {

constexpr std::string_view kStopItFirst =
    "Stop it first; force => true only if you are sure that nobody can write there.";

bool Answers(const PeerAnswer& peer) { return peer.kind == PeerAnswer::Kind::kAnswered; }
bool IsStandby(const PeerAnswer& peer) { return Answers(peer) && peer.row.role == Role::kStandby; }

// How far a standby is: a later timeline counts over a later position.
using Reach = std::pair<TimelineId, Lsn>;
Reach ReachOf(const PeerAnswer& peer) {
  return {peer.row.timeline, std::max(peer.row.lsn, peer.row.replayed)};
}

// Whom this standby sees as the primary now; empty if nobody.  WAL that it gets from a standby, or
// from this node, says nothing of the primary.
std::string PrimarySeenBy(const PeerAnswer& standby, const PromotionFacts& facts) {
  const auto is_standby = [&](std::string_view name) {
    return name == facts.node_name ||
           std::any_of(facts.peers.begin(), facts.peers.end(), [name](const PeerAnswer& peer) {
             return peer.name == name && IsStandby(peer);
           });
  };
  const PeerRow& row = standby.row;
  if (row.state.view() == "streaming" && !is_standby(row.upstream.view())) {
    return fmt::format(
        "standby \"{}\" streams from {}", standby.name,
        row.upstream.empty() ? "a server that it does not name" : row.upstream.view());
  }
  if (row.primary_alive && !row.primary.empty() && !is_standby(row.primary.view())) {
    return fmt::format("standby \"{}\" has just heard from {}, the primary on timeline {}",
                       standby.name, row.primary.view(), row.primary_timeline);
  }
  return "";
}

// What this peer is or knows that counts over the WAL here; empty if nothing.
std::string NewerReignOf(const PeerAnswer& peer, const PromotionFacts& facts) {
  const TimelineId own = facts.node.position.timeline;
  const PeerRow& row = peer.row;
  if (row.timeline > own) {
    return fmt::format("node \"{}\" holds timeline {}, and this standby is on {}", peer.name,
                       row.timeline, own);
  }
  if (row.primary_timeline > own) {
    return fmt::format(
        "node \"{}\" knows of \"{}\" as primary on timeline {}, and this standby is on {}",
        peer.name, row.primary.view(), row.primary_timeline, own);
  }
  if (Supersedes(row.reign, {facts.reign.id, own, facts.reign.began})) {
    return fmt::format("node \"{}\" has the WAL of another promotion to timeline {}", peer.name,
                       own);
  }
  return "";
}

}  // namespace

// Is a primary still there?  Its own word counts most, then the WAL that still comes in.
Finding PrimaryAlive(const PromotionFacts& facts) {
  std::string said;
  for (const PeerAnswer& peer : facts.peers) {
    if (peer.kind == PeerAnswer::Kind::kAnswered && peer.row.role == Role::kPrimary) {
      return Judged("primary_alive", Status::kCritical, peer.name,
                    fmt::format("node \"{}\" answers as primary on timeline {}", peer.name,
                                peer.row.timeline),
                    kStopItFirst);
    }
    if (peer.kind == PeerAnswer::Kind::kReached && peer.is_upstream) {
      return Judged(
          "primary_alive", Status::kCritical, peer.name,
          fmt::format("node \"{}\" runs, but could not be asked: {}", peer.name, peer.error),
          "Wait until it is up, or stop it; if only the login fails, mend the password file "
          "of this host.");
    }
    if (peer.kind != PeerAnswer::Kind::kAnswered) {
      said += fmt::format("{}\"{}\": {}", said.empty() ? "" : "; ", peer.name, peer.error);
    }
  }
  const auto upstream = std::find_if(facts.peers.begin(), facts.peers.end(),
                                     [](const PeerAnswer& peer) { return peer.is_upstream; });
  // A standby that it comes from, a demoted primary for example, has its own row below.
  const bool from_standby = upstream != facts.peers.end() && IsStandby(*upstream);
  if (facts.node.link == Link::kStreaming && !facts.node.link_silent && !from_standby) {
    return Judged("primary_alive", Status::kCritical, facts.node.upstream.view(),
                  fmt::format("WAL still streams from {}", facts.node.upstream.view()),
                  kStopItFirst);
  }
  if (!facts.registry_readable) {
    return Judged("primary_alive", Status::kUnknown, "",
                  "the registered nodes are not known, so nobody could be asked",
                  "Make sure yourself that the primary is down.");
  }
  if (upstream == facts.peers.end()) {
    return Judged("primary_alive", Status::kUnknown, "",
                  "the node that this standby follows is not registered, so it could not be asked",
                  "Make sure yourself that the primary is down.");
  }
  if (upstream->kind == PeerAnswer::Kind::kSilent) {
    return Judged("primary_alive", Status::kUnknown, upstream->name,
                  "no primary answers, which may be the network's fault: " + said,
                  "Make sure that the primary is down, not only cut off.");
  }
  const bool somebody_unknown =
      std::any_of(facts.peers.begin(), facts.peers.end(), [](const PeerAnswer& peer) {
        return peer.kind == PeerAnswer::Kind::kSilent || peer.kind == PeerAnswer::Kind::kReached ||
               (peer.kind == PeerAnswer::Kind::kAnswered && peer.row.role == Role::kUnknown);
      });
  if (somebody_unknown) {
    return Judged("primary_alive", Status::kUnknown, "",
                  "no node answers as primary, but not every node could be asked: " + said,
                  "Make sure that none of them is the primary.");
  }
  return Judged(
      "primary_alive", Status::kOk, "no",
      said.empty() ? "no node answers as primary" : "no node answers as primary: " + said);
}

Finding PrimarySeen(const PromotionFacts& facts) {
  int asked = 0;
  int silent = 0;
  for (const PeerAnswer& peer : facts.peers) {
    if (!Answers(peer) && !peer.is_upstream) ++silent;
    if (!IsStandby(peer)) continue;
    ++asked;
    const std::string seen = PrimarySeenBy(peer, facts);
    if (!seen.empty()) {
      return Judged("primary_seen", Status::kCritical, peer.name, seen, kStopItFirst);
    }
  }
  if (asked == 0 && silent > 0) {
    return Judged("primary_seen", Status::kUnknown, "",
                  fmt::format("{} other nodes did not answer; one may see the primary", silent),
                  "Make sure that the primary is down, not only cut off.");
  }
  return Judged("primary_seen", Status::kOk, "no",
                asked == 0 ? "there is no other standby to ask"
                           : fmt::format("none of {} other standbys sees a primary", asked));
}

Finding OtherPromotion(const PromotionFacts& facts) {
  for (const PeerAnswer& peer : facts.peers) {
    if (!Answers(peer) || !peer.row.promoting) continue;
    return Judged("other_promotion", Status::kCritical, peer.name,
                  fmt::format("node \"{}\" is being promoted, or decides on it", peer.name),
                  "Ask again when that is over; if both were asked at once, ask only one again.");
  }
  return Judged("other_promotion", Status::kOk, "no", "no node that answers is being promoted");
}

Finding NewerReign(const PromotionFacts& facts) {
  for (const PeerAnswer& peer : facts.peers) {
    if (!Answers(peer)) continue;
    const std::string newer = NewerReignOf(peer, facts);
    if (newer.empty()) continue;
    return Judged("newer_reign", Status::kCritical, peer.name, newer,
                  "This standby is behind it: it must follow that primary, or rejoin it.");
  }
  return Judged("newer_reign", Status::kOk, "no",
                fmt::format("no node that answers knows a primary beyond timeline {}",
                            facts.node.position.timeline));
}

Finding MostAdvanced(const PromotionFacts& facts) {
  const Position& own = facts.node.position;
  const Lsn here = std::max(own.received, own.replayed);
  const PeerAnswer* ahead = nullptr;
  int asked = 0;
  int silent = 0;
  for (const PeerAnswer& peer : facts.peers) {
    // The dead primary is no standby that could be ahead; a cascade's upstream may be one.
    if (peer.is_upstream && peer.kind != PeerAnswer::Kind::kAnswered) continue;
    if (peer.kind != PeerAnswer::Kind::kAnswered) {
      ++silent;
      continue;
    }
    if (peer.row.role != Role::kStandby) continue;
    ++asked;
    if (ReachOf(peer) <= Reach(own.timeline, here)) continue;
    if (ahead == nullptr || ReachOf(peer) > ReachOf(*ahead)) ahead = &peer;
  }
  if (ahead != nullptr) {
    return Judged("most_advanced", Status::kCritical, ahead->name,
                  fmt::format("standby \"{}\" is further ahead: {} on timeline {}, here {} on {}",
                              ahead->name, ReachOf(*ahead).second.ToString(), ahead->row.timeline,
                              here.ToString(), own.timeline),
                  "Promote that one instead.");
  }
  if (silent > 0) {
    return Judged("most_advanced", Status::kUnknown, here.ToString(),
                  fmt::format("{} other nodes did not answer; one may be further ahead", silent),
                  "Ask them by hand before promoting.");
  }
  return Judged("most_advanced", Status::kOk, here.ToString(),
                asked == 0 ? "there is no other standby"
                           : fmt::format("none of {} other standbys is further ahead", asked));
}

Finding Quorum(const PromotionFacts& facts) {
  if (!facts.fences_when_isolated) {
    return Judged("quorum", Status::kOk, "", "pg_baton.isolation_policy does not ask for one");
  }
  if (!facts.registry_readable) {
    return Judged("quorum", Status::kUnknown, "",
                  "the registered nodes are not known, so nobody could be asked");
  }
  const auto others = static_cast<std::ptrdiff_t>(facts.peers.size());
  const std::ptrdiff_t answering = std::count_if(facts.peers.begin(), facts.peers.end(), &Answers);
  Finding row = Judged("quorum", Status::kOk, fmt::format("{} of {}", answering, others),
                       fmt::format("{} of {} other nodes answer", answering, others));
  row.value_number = static_cast<double>(answering);
  row.unit = "nodes";
  if (2 * answering < others) {
    row.status = Status::kCritical;
    row.message =
        fmt::format("only {} of {} other nodes answer, so the new primary would be isolated",
                    answering, others);
    row.hint =
        "Its write gate would close after pg_baton.isolation_timeout; start more nodes, or "
        "unregister those that are gone for good.";
  }
  return row;
}

}  // namespace baton::core::rule
