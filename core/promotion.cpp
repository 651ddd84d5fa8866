#include "core/promotion.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

constexpr std::string_view kStopItFirst =
    "Stop it first; force => true only if you are sure that nobody can write there.";

// Is a primary still there?  Its own word counts most, then the WAL that still comes in.
Finding CheckPrimaryAlive(const PromotionFacts& facts) {
  std::string said;
  for (const PeerAnswer& peer : facts.peers) {
    if (peer.kind == PeerAnswer::Kind::kAnswered && peer.role == Role::kPrimary) {
      return Judged(
          "primary_alive", Status::kCritical, peer.name,
          fmt::format("node \"{}\" answers as primary on timeline {}", peer.name, peer.timeline),
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
  if (facts.node.link == Link::kStreaming && !facts.node.link_silent) {
    return Judged("primary_alive", Status::kCritical, facts.node.upstream.view(),
                  fmt::format("WAL still streams from {}", facts.node.upstream.view()),
                  kStopItFirst);
  }
  if (!facts.registry_readable) {
    return Judged("primary_alive", Status::kUnknown, "",
                  "the registered nodes are not known, so nobody could be asked",
                  "Make sure yourself that the primary is down.");
  }
  const auto upstream = std::find_if(facts.peers.begin(), facts.peers.end(),
                                     [](const PeerAnswer& peer) { return peer.is_upstream; });
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
               (peer.kind == PeerAnswer::Kind::kAnswered && peer.role == Role::kUnknown);
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

Finding CheckMostAdvanced(const PromotionFacts& facts) {
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
    if (peer.role != Role::kStandby) continue;
    ++asked;
    if (std::tuple(peer.timeline, peer.position) <= std::tuple(own.timeline, here)) continue;
    if (ahead == nullptr ||
        std::tuple(peer.timeline, peer.position) > std::tuple(ahead->timeline, ahead->position)) {
      ahead = &peer;
    }
  }
  if (ahead != nullptr) {
    return Judged("most_advanced", Status::kCritical, ahead->name,
                  fmt::format("standby \"{}\" is further ahead: {} on timeline {}, here {} on {}",
                              ahead->name, ahead->position.ToString(), ahead->timeline,
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

Finding CheckMissingWork(const NodeFacts& node) {
  const Lsn here = std::max(node.position.received, node.position.replayed);
  if (node.position.upstream_end.IsNone() || !node.since_heard) {
    return Judged("missing_work", Status::kUnknown, "",
                  "this standby never heard from its primary, so what is missing cannot be told",
                  "Compare with the primary's last backup or archive before promoting.");
  }
  const std::int64_t bytes = node.position.upstream_end.BytesSince(here);
  Finding row =
      Judged("missing_work", bytes > 0 ? Status::kWarning : Status::kOk, BytesText(bytes), "");
  row.value_number = static_cast<double>(bytes);
  row.unit = "bytes";
  if (bytes > 0) {
    row.message = fmt::format(
        "{} of WAL that the primary was known to have never arrived; it was "
        "last heard {} ago",
        BytesText(bytes), DurationText(*node.since_heard));
  } else {
    row.message = fmt::format(
        "nothing is known to be missing; what the primary committed after it "
        "was last heard, {} ago, is not known",
        DurationText(*node.since_heard));
  }
  row.hint = "With synchronous replication no acknowledged commit can be missing.";
  return row;
}

Finding CheckReplay(const NodeFacts& node) {
  if (!node.standby_settings.too_low.empty()) {
    return Judged("standby_settings", Status::kCritical, "too low",
                  "lower than on the primary: " + node.standby_settings.too_low.str(),
                  "Raise them and restart this standby; PostgreSQL cannot promote it before.");
  }
  if (!node.standby_settings.measured) {
    return Judged("standby_settings", Status::kUnknown, "",
                  "the primary's settings could not be read from the control file");
  }
  return Judged("standby_settings", Status::kOk, "high enough",
                "no setting is lower than the primary's");
}

Finding CheckPaused(const NodeFacts& node) {
  if (node.replay == Replay::kRunning) {
    return Judged("replay_paused", Status::kOk, "running", "replay is running");
  }
  return Judged("replay_paused", Status::kCritical, "paused",
                "replay is paused; somebody wanted to keep this state",
                "SELECT pg_wal_replay_resume() goes on; promoting ends the pause and replays all.");
}

Finding CheckReplayPending(const NodeFacts& node) {
  const std::int64_t bytes = node.position.received.BytesSince(node.position.replayed);
  Finding row = Judged("replay_pending", Status::kOk, BytesText(bytes),
                       bytes == 0 ? "all received WAL is replayed"
                                  : "received WAL is replayed before the promotion ends");
  row.value_number = static_cast<double>(bytes);
  row.unit = "bytes";
  if (bytes > 256 * 1024 * 1024) {
    row.status = Status::kWarning;
    row.hint = "The promotion takes as long as this replay does.";
  }
  return row;
}

Finding CheckArchiving(const NodeFacts& node) {
  if (!node.archiver.enabled) {
    return Judged("archiving", Status::kOk, "off", "archiving is off on this server");
  }
  if (node.archiver.configured) {
    return Judged("archiving", Status::kOk, "configured", "the new primary will archive");
  }
  return Judged("archiving", Status::kWarning, "not configured",
                "archive_mode is on, but this server has no command or library to archive with",
                "Set archive_command or archive_library here, or WAL piles up.");
}

}  // namespace

std::vector<Finding> CheckPromotion(const PromotionFacts& facts) {
  const NodeFacts& node = facts.node;
  if (node.role != Role::kStandby) {
    return {Judged("is_standby", Status::kCritical, RoleText(node.role),
                   "this server is not a standby", "Only a standby can be promoted.")};
  }
  if (node.promoting) {
    return {Judged("is_standby", Status::kCritical, "promoting",
                   "this server is being promoted already")};
  }
  return {Judged("is_standby", Status::kOk, "standby", "this server is a standby"),
          CheckPrimaryAlive(facts),
          CheckMostAdvanced(facts),
          CheckMissingWork(node),
          CheckReplay(node),
          CheckPaused(node),
          CheckReplayPending(node),
          CheckArchiving(node)};
}

std::string ReasonsAgainst(const std::vector<Finding>& findings) {
  std::string reasons;
  for (const Finding& finding : findings) {
    if (finding.status != Status::kCritical) continue;
    if (!reasons.empty()) reasons += "; ";
    reasons += fmt::format("{}: {}", finding.check_name.view(), finding.message.view());
  }
  return reasons;
}

}  // namespace baton::core
