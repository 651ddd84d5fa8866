#include "core/upstream_check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/follow.hpp"
#include "core/known_primary.hpp"
#include "core/quantity.hpp"
#include "core/sync_names.hpp"
#include "core/upstream_rules.hpp"

namespace baton::core {
namespace rule {
namespace {

const PeerAnswer* AnswerFrom(const UpstreamFacts& facts, std::string_view name) {
  const auto found = std::find_if(facts.peers.begin(), facts.peers.end(),
                                  [&](const PeerAnswer& peer) { return peer.name == name; });
  return found == facts.peers.end() ? nullptr : &*found;
}

// That, or else what was seen of it before; null if nothing ever was.
const PeerRow* LastKnown(const UpstreamFacts& facts, std::string_view name) {
  if (const PeerRow* const row = Answered(facts, name)) return row;
  const PeerRow* const seen = RowOf(facts.seen, name);
  return seen != nullptr && seen->role != Role::kUnknown ? seen : nullptr;
}

// The way that WAL takes to the node, upwards.
struct WayUp {
  bool comes_here = false;
  std::string through;      // the last node before this one
  std::string unknown;      // here nobody knows how it goes on; empty if that is known
  bool goes_round = false;  // among others
};
WayUp FollowUp(const UpstreamFacts& facts) {
  std::string name = facts.node;
  for (std::size_t hops = 0; hops <= facts.peers.size(); ++hops) {
    const bool streams_from_here =
        std::find(facts.standbys.begin(), facts.standbys.end(), name) != facts.standbys.end();
    if (streams_from_here) return {true, name, ""};
    const PeerRow* const row = LastKnown(facts, name);
    if (row == nullptr) return {false, "", name};
    if (row->role == Role::kPrimary || row->upstream.empty()) return {};
    if (row->upstream.view() == facts.node_name) return {true, name, ""};
    name = row->upstream.str();
  }
  return {false, "", "", true};
}

}  // namespace

const PeerRow* Answered(const UpstreamFacts& facts, std::string_view name) {
  const PeerAnswer* const answer = AnswerFrom(facts, name);
  return answer != nullptr && answer->kind == PeerAnswer::Kind::kAnswered ? &answer->row : nullptr;
}

Finding NotAsked(std::string_view check, const UpstreamFacts& facts) {
  return Judged(check, Status::kUnknown, "",
                fmt::format("node \"{}\" could not be asked", facts.node));
}

Finding IsStandby(const UpstreamFacts& facts) {
  if (facts.own.role != Role::kStandby) {
    return Judged("is_standby", Status::kCritical, RoleText(facts.own.role),
                  "this server is a primary, and follows nobody",
                  "Ask the standby that is to follow; a primary hands its role over by "
                  "baton.switchover().");
  }
  if (facts.own.promoting) {
    return Judged("is_standby", Status::kCritical, "standby", "this standby is being promoted",
                  "See baton.requests.");
  }
  return Judged("is_standby", Status::kOk, "standby", "this server is a standby");
}

Finding NodeKnown(const UpstreamFacts& facts) {
  const std::string& node = facts.node;
  if (facts.node_name.empty()) {
    return Judged("node_known", Status::kCritical, node,
                  "this server has no name, so no replication slot can be made for it",
                  "Set pg_baton.node_name.");
  }
  if (node == facts.node_name) {
    return Judged("node_known", Status::kCritical, node,
                  fmt::format("node \"{}\" is this node itself", node),
                  "Name the node that this one is to follow.");
  }
  if (!facts.registry_readable) {
    return Judged("node_known", Status::kCritical, node,
                  "the registered nodes are not known, so nobody could be asked",
                  "Create the extension in the database of pg_baton.database.");
  }
  if (!facts.registered) {
    return Judged("node_known", Status::kCritical, node,
                  fmt::format("node \"{}\" is not registered", node),
                  "See baton.node; SELECT baton.register_node() enters a node, on the primary.");
  }
  return Judged("node_known", Status::kOk, node, fmt::format("node \"{}\" is registered", node));
}

Finding NodeAnswers(const UpstreamFacts& facts) {
  const bool answered = Answered(facts, facts.node) != nullptr;
  if (answered && facts.error.empty()) {
    return Judged("node_answers", Status::kOk, facts.node,
                  fmt::format("node \"{}\" answers", facts.node));
  }
  const PeerAnswer* const answer = AnswerFrom(facts, facts.node);
  const bool reached =
      answered || (answer != nullptr && answer->kind == PeerAnswer::Kind::kReached);
  const std::string error = answered            ? facts.error
                            : answer == nullptr ? "it was not asked"
                                                : answer->error;
  return Judged(
      "node_answers", Status::kCritical, facts.node,
      fmt::format("node \"{}\" {}: {}", facts.node, reached ? "cannot be asked" : "does not answer",
                  error),
      "Make sure that it runs, that its entry in baton.node is right, and that this server can "
      "connect to it as baton_node.");
}

Finding NoCircle(const UpstreamFacts& facts) {
  const WayUp way = FollowUp(facts);
  if (way.comes_here) {
    return Judged("no_circle", Status::kCritical, way.through,
                  way.through == facts.node
                      ? fmt::format("node \"{}\" follows this node itself", facts.node)
                      : fmt::format("node \"{}\" gets its WAL from this node, by way of \"{}\"",
                                    facts.node, way.through),
                  fmt::format("Let \"{}\" follow another node first.", way.through));
  }
  if (way.goes_round) {
    return Judged(
        "no_circle", Status::kCritical, facts.node,
        fmt::format("node \"{}\" gets its WAL in a circle of standbys, so from nobody", facts.node),
        "Let one of them follow the primary first.");
  }
  // Who closed the circle would stream from here.
  if (!way.unknown.empty() && !facts.standbys.empty() && way.unknown != facts.node) {
    return Judged(
        "no_circle", Status::kCritical, way.unknown,
        fmt::format("it is not known whether node \"{}\" gets its WAL from this one: the way goes "
                    "by \"{}\", of which nothing is known",
                    facts.node, way.unknown),
        fmt::format("Bring \"{}\" back, or register it, or let the standbys of this node follow "
                    "others first.",
                    way.unknown));
  }
  return Judged("no_circle", Status::kOk, "",
                fmt::format("node \"{}\" does not get its WAL from this one", facts.node));
}

// The same judgement as the monitor's at each look afterwards.
Finding StaysThere(const UpstreamFacts& facts) {
  const PeerRow* const row = Answered(facts, facts.node);
  if (row == nullptr) return NotAsked("stays_there", facts);
  FollowFacts later;
  later.allowed = facts.follow_primary;
  later.latest_timeline = facts.latest_timeline;
  later.upstream = facts.node;
  later.upstream_was_primary = row->role == Role::kPrimary;
  later.timeline = facts.own.position.timeline;
  later.replayed = facts.own.position.replayed;
  later.received = facts.own.position.received;
  later.record_at_fork = facts.record_at_fork;
  later.known_for = kUpstreamMayTake;
  for (const PeerAnswer& peer : facts.peers) {
    if (peer.kind == PeerAnswer::Kind::kAnswered) later.rows.push_back(peer.row);
  }
  const FollowVerdict verdict = JudgeFollowing(later);
  if (verdict.kind != FollowVerdict::Kind::kFollow || verdict.node == facts.node) {
    return Judged("stays_there", Status::kOk, "", "this standby would not leave it by itself");
  }
  return Judged(
      "stays_there", Status::kCritical, verdict.node,
      fmt::format("this standby would leave node \"{}\" for \"{}\" by itself: {}", facts.node,
                  verdict.node, verdict.reason),
      fmt::format("Follow \"{}\", or let node \"{}\" follow it first.", verdict.node, facts.node));
}

Finding ReplayRuns(const UpstreamFacts& facts) {
  if (facts.own.replay == Replay::kRunning) {
    return Judged("replay_paused", Status::kOk, "no", "replay is not paused");
  }
  return Judged("replay_paused", Status::kCritical, "yes",
                "replay is paused, and the server changes its upstream only while it replays",
                "SELECT pg_wal_replay_resume().");
}

Finding MayChange(const UpstreamFacts& facts) {
  if (!facts.alter_system_allowed) {
    return Judged("alter_system", Status::kCritical, "off", "allow_alter_system is off",
                  "Change primary_conninfo and primary_slot_name by hand.");
  }
  if (!facts.on_command_line.empty()) {
    return Judged("alter_system", Status::kCritical, facts.on_command_line,
                  fmt::format("set on the server's command line: {}", facts.on_command_line),
                  "Take it from there, and restart this standby.");
  }
  return Judged("alter_system", Status::kOk, "on", "the settings can be changed");
}

Finding NothingElse(const UpstreamFacts& facts) {
  if (facts.busy.empty()) {
    return Judged("request", Status::kOk, "", "no other request is under way");
  }
  return Judged("request", Status::kCritical, facts.busy, facts.busy,
                "Wait until it is finished; see baton.requests.");
}

Finding CommitsGoOn(const UpstreamFacts& facts) {
  const PeerRow* const row = Answered(facts, facts.node);
  if (row == nullptr) return NotAsked("sync_standbys", facts);
  if (row->role == Role::kPrimary) {
    return Judged("sync_standbys", Status::kOk, "", "the primary can wait for this standby");
  }
  if (!facts.sync) {
    return Judged("sync_standbys", Status::kUnknown, "",
                  "the primary could not be asked whether commits wait for this standby");
  }
  const auto names = ParseSyncNames(facts.sync->names);
  if (!names) {
    return Judged("sync_standbys", Status::kUnknown, facts.sync->names,
                  "synchronous_standby_names of the primary could not be understood");
  }
  if (names->names.empty() || !facts.sync->waits_for_us) {
    return Judged("sync_standbys", Status::kOk, facts.sync->names,
                  "no commit waits for this standby");
  }
  if (facts.sync->others >= static_cast<std::int64_t>(names->needed)) {
    return Judged("sync_standbys", Status::kOk, facts.sync->names,
                  "commits that wait for this standby can wait for others");
  }
  return Judged("sync_standbys", Status::kCritical, facts.sync->names,
                fmt::format("commits on the primary wait for this standby, and would wait for "
                            "ever: synchronous_standby_names is \"{}\"",
                            facts.sync->names),
                "Only a direct standby of the primary counts; change the setting there first.");
}

}  // namespace rule

Lsn WantedOf(const UpstreamFacts& facts) {
  const Lsn received = std::max(facts.own.position.received, facts.own.position.replayed);
  const bool is_newer = facts.offer && facts.offer->timeline > facts.own.position.timeline;
  if (!is_newer || !facts.offer->left) return received;
  return std::min(received, *facts.offer->left);
}

std::vector<Finding> CheckUpstream(const UpstreamFacts& facts) {
  for (const Finding& first : {rule::IsStandby(facts), rule::NodeKnown(facts)}) {
    if (first.status == Status::kCritical) return {first};
  }
  return {rule::IsStandby(facts),    rule::NodeKnown(facts),  rule::NothingElse(facts),
          rule::ReplayRuns(facts),   rule::MayChange(facts),  rule::NodeAnswers(facts),
          rule::NoCircle(facts),     rule::NodeLetsIn(facts), rule::NodeTimeline(facts),
          rule::NodePosition(facts), rule::NodeWal(facts),    rule::NodeSlots(facts),
          rule::NodeSenders(facts),  rule::StaysThere(facts), rule::CommitsGoOn(facts)};
}

}  // namespace baton::core
