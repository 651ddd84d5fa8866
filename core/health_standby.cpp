// What a standby is asked: does WAL come in, is it replayed, and could it take over.
#include <fmt/format.h>

#include "core/health_rules.hpp"
#include "core/quantity.hpp"

namespace baton::core::rule {
namespace {

constexpr std::string_view kNeverHeard = "this standby has never heard from its upstream";

Finding StreamingInWords(const NodeFacts& facts) {
  const std::string heard =
      facts.since_heard ? fmt::format("last message {} ago", DurationText(*facts.since_heard))
                        : "never heard from its upstream";
  const std::string from = facts.upstream.empty() ? "" : " from " + facts.upstream.str();
  switch (facts.link) {
    case Link::kStreaming:
      if (facts.link_silent) {
        return Judged(Check::kStreaming, Status::kCritical, "silent",
                      fmt::format("streaming{}, but the link is silent: {}", from, heard),
                      "Look at the network between the two hosts; the connection may be cut "
                      "without either side having noticed.");
      }
      return Judged(Check::kStreaming, Status::kOk, "streaming",
                    fmt::format("streaming{}, {}", from, heard));
    case Link::kFromArchive:
      return Judged(Check::kStreaming, Status::kWarning, "from archive",
                    "WAL comes from the archive, not from the upstream" +
                        (facts.since_heard ? fmt::format("; the last came {} ago",
                                                         DurationText(*facts.since_heard))
                                           : std::string()),
                    "Check primary_conninfo and the server log if streaming is expected.");
    case Link::kNotReceiving:
      return Judged(Check::kStreaming, Status::kCritical, "not receiving",
                    fmt::format("no WAL comes in{}; {}", from, heard),
                    "See the server log for why the connection to the upstream fails; if "
                    "the primary is gone, see baton.promotion_check.");
    case Link::kNone:
      break;
  }
  return Judged(Check::kStreaming, Status::kUnknown, "",
                "the state of the WAL receiver is not known yet");
}

}  // namespace

void Streaming(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  Finding finding = StreamingInWords(facts);
  if (facts.since_heard) {
    finding.value_number = Seconds(*facts.since_heard);
    finding.unit = UnitText(InfoOf(Check::kStreaming).unit);
  }
  out.push_back(finding);
}

void ReceiveLagBytes(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (facts.role != Role::kStandby) return;
  const Position& position = facts.position;
  if (position.upstream_end.IsNone()) {
    out.push_back(Judged(Check::kReceiveLagBytes, Status::kUnknown, "", kNeverHeard));
    return;
  }
  const std::int64_t bytes = position.upstream_end.BytesSince(position.received);
  Finding finding = Measured(Check::kReceiveLagBytes, static_cast<double>(bytes),
                             policy.Of(Check::kReceiveLagBytes));
  finding.message = fmt::format("received {} of {} that the upstream had when last heard",
                                position.received.ToString(), position.upstream_end.ToString());
  if (finding.status != Status::kOk) {
    finding.hint = "Look at check streaming, and at the network between the two hosts.";
  }
  out.push_back(finding);
}

void ReplayLag(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (facts.role != Role::kStandby) return;
  if (!facts.replay_lag) {
    out.push_back(Judged(Check::kReplayLag, Status::kUnknown, "", kNeverHeard));
    return;
  }
  Finding finding =
      Measured(Check::kReplayLag, Seconds(*facts.replay_lag), policy.Of(Check::kReplayLag));
  finding.message =
      *facts.replay_lag == std::chrono::microseconds::zero()
          ? "everything that the upstream had is replayed"
          : fmt::format("the oldest commit not replayed may be {} old", finding.value.view());
  if (finding.status != Status::kOk) {
    finding.hint = facts.link == Link::kStreaming && !facts.link_silent
                       ? "Replay is behind: look for long queries, a pause, or a slow disk."
                       : "The link is down, so nothing newer can be known; see check streaming.";
  }
  out.push_back(finding);
}

void ReplayLagBytes(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (facts.role != Role::kStandby) return;
  if (facts.position.upstream_end.IsNone()) {
    out.push_back(Judged(Check::kReplayLagBytes, Status::kUnknown, "", kNeverHeard));
    return;
  }
  const std::int64_t bytes = facts.position.upstream_end.BytesSince(facts.position.replayed);
  Finding finding = Measured(Check::kReplayLagBytes, static_cast<double>(bytes),
                             policy.Of(Check::kReplayLagBytes));
  finding.message =
      fmt::format("replayed {} of {} that the upstream had when last heard",
                  facts.position.replayed.ToString(), facts.position.upstream_end.ToString());
  if (finding.status != Status::kOk) {
    finding.hint = "Look at check streaming, and for long queries that hold up replay.";
  }
  out.push_back(finding);
}

void ReplayPaused(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  if (facts.replay == Replay::kRunning) {
    out.push_back(Judged(Check::kReplayPaused, Status::kOk, "running", "replay is running"));
    return;
  }
  const bool paused = facts.replay == Replay::kPaused;
  out.push_back(Judged(Check::kReplayPaused, Status::kWarning,
                       paused ? "paused" : "pause requested",
                       paused ? "replay is paused" : "a pause of replay was requested",
                       facts.standby_settings.too_low.empty()
                           ? "SELECT pg_wal_replay_resume() goes on."
                           : "Replay paused because settings are lower than the primary's; see "
                             "check standby_settings."));
}

void LowerSettings(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  if (!facts.standby_settings.measured) {
    out.push_back(Judged(Check::kStandbySettings, Status::kUnknown, "",
                         "the primary's settings could not be read from the control file"));
  } else if (facts.standby_settings.too_low.empty()) {
    out.push_back(Judged(Check::kStandbySettings, Status::kOk, "high enough",
                         "no setting is lower than the primary's"));
  } else {
    out.push_back(Judged(Check::kStandbySettings, Status::kCritical, "too low",
                         "lower than on the primary: " + facts.standby_settings.too_low.str(),
                         "Raise them here and restart this standby; until then replay pauses and "
                         "promotion is not possible."));
  }
}

void RecoveryConflicts(const NodeFacts& facts, const HealthPolicy& policy, Findings& out) {
  if (facts.role != Role::kStandby) return;
  if (!facts.recent_conflicts) {
    out.push_back(Judged(Check::kRecoveryConflicts, Status::kUnknown, "",
                         "the statistics of conflicts have not been read yet"));
    return;
  }
  Finding finding =
      Measured(Check::kRecoveryConflicts, static_cast<double>(*facts.recent_conflicts),
               policy.Of(Check::kRecoveryConflicts));
  finding.message = fmt::format("{} cancelled by replay within {} minutes",
                                *facts.recent_conflicts == 1
                                    ? "1 query was"
                                    : fmt::format("{} queries were", *facts.recent_conflicts),
                                kConflictWindow.count());
  if (finding.status != Status::kOk) {
    finding.hint =
        "See pg_stat_database_conflicts; hot_standby_feedback or a longer "
        "max_standby_streaming_delay lets queries finish, at a price.";
  }
  out.push_back(finding);
}

void Timeline(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  const TimelineId own = facts.position.timeline;
  const TimelineId theirs = facts.peers.measured ? facts.peers.upstream_timeline : 0;
  if (!facts.cannot_follow.empty()) {
    out.push_back(Judged(Check::kTimeline, Status::kCritical, std::to_string(own),
                         facts.cannot_follow.view(), facts.cannot_follow_hint.view()));
  } else if (theirs == 0) {
    out.push_back(
        Judged(Check::kTimeline, Status::kUnknown, std::to_string(own),
               fmt::format("replay is on timeline {}; that of the upstream is not known", own)));
  } else if (theirs == own) {
    out.push_back(Judged(Check::kTimeline, Status::kOk, std::to_string(own),
                         fmt::format("on timeline {}, as its upstream", own)));
  } else {
    out.push_back(Judged(Check::kTimeline, Status::kCritical, std::to_string(own),
                         fmt::format("on timeline {}, but its upstream is on {}", own, theirs),
                         "If it does not follow by itself, it has WAL that the upstream has not: "
                         "run pg_baton rejoin, or clone it again."));
  }
}

void Upstream(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  const std::string name = facts.upstream.empty() ? "the upstream" : facts.upstream.str();
  if (!facts.peers.measured) {
    out.push_back(Judged(Check::kUpstream, Status::kUnknown, facts.upstream.view(),
                         "the other nodes have not been asked lately"));
  } else if (!facts.peers.upstream_registered) {
    out.push_back(Judged(Check::kUpstream, Status::kUnknown, facts.upstream.view(),
                         fmt::format("{} is no registered node, so it was not asked", name),
                         "SELECT baton.register_node(...) on the primary enters it."));
  } else if (facts.peers.upstream_reachable) {
    out.push_back(Judged(Check::kUpstream, Status::kOk, facts.upstream.view(),
                         fmt::format("{} answers", name)));
  } else if (facts.peers.upstream_error.empty()) {
    out.push_back(Judged(Check::kUpstream, Status::kUnknown, facts.upstream.view(),
                         fmt::format("{} has not been asked yet", name)));
  } else {
    out.push_back(
        Judged(Check::kUpstream, Status::kCritical, facts.upstream.view(),
               fmt::format("{} does not answer: {}", name, facts.peers.upstream_error.view()),
               "If the primary is gone, see baton.promotion_check."));
  }
}

void HotStandbyFeedback(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  if (facts.role != Role::kStandby) return;
  const bool on = facts.hot_standby_feedback;
  out.push_back(Judged(Check::kHotStandbyFeedback, Status::kOk, on ? "on" : "off",
                       on ? "queries here keep the primary from removing rows they may need"
                          : "queries here may be cancelled when the primary has removed rows"));
}

}  // namespace baton::core::rule
