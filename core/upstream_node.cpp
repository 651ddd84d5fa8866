// Rules about the node that is to be followed: whether it can send what this standby needs.
#include <algorithm>
#include <fmt/format.h>

#include "core/upstream_rules.hpp"

namespace baton::core::rule {
namespace {

constexpr const char* kBringBack =
    "It has to be brought back while it is stopped: by pg_baton rejoin, or where that refuses by "
    "pg_baton clone.";

}  // namespace

Finding NodeLetsIn(const UpstreamFacts& facts) {
  if (!facts.login) return NotAsked("node_standby_login", facts);
  if (facts.login->empty()) {
    return Judged("node_standby_login", Status::kOk, "yes",
                  fmt::format("node \"{}\" lets this server in as a standby", facts.node));
  }
  return Judged("node_standby_login", Status::kCritical, "no",
                fmt::format("node \"{}\" does not let this server in as a standby: {}", facts.node,
                            *facts.login),
                "It would stream from there by its primary_conninfo, or else as baton_node; mend "
                "pg_hba.conf there, or the login.");
}

Finding NodeTimeline(const UpstreamFacts& facts) {
  const PeerRow* const row = Answered(facts, facts.node);
  if (!facts.offer || row == nullptr) return NotAsked("node_timeline", facts);
  const TimelineId own = facts.own.position.timeline;
  const UpstreamOffer& offer = *facts.offer;
  const std::string value = std::to_string(offer.timeline);
  if (offer.timeline < own) {
    return Judged("node_timeline", Status::kCritical, value,
                  fmt::format("node \"{}\" is on timeline {}, and this standby on {} already",
                              facts.node, offer.timeline, own),
                  "Wait until it follows the present primary; a former primary is brought back by "
                  "pg_baton rejoin.");
  }
  if (offer.timeline == own) {
    const bool other_reign = row->reign.timeline == own && facts.reign.timeline == own &&
                             Supersedes(row->reign, facts.reign);
    if (other_reign) {
      return Judged("node_timeline", Status::kCritical, value,
                    fmt::format("timeline {} of node \"{}\" is of another promotion than this "
                                "standby's",
                                own, facts.node),
                    kBringBack);
    }
    return Judged("node_timeline", Status::kOk, value, fmt::format("both are on timeline {}", own));
  }
  if (!facts.latest_timeline) {
    return Judged("node_timeline", Status::kCritical, value,
                  fmt::format("node \"{}\" is on timeline {}, and recovery_target_timeline of this "
                              "standby is not latest",
                              facts.node, offer.timeline),
                  "Set it to latest and restart this standby.");
  }
  if (!offer.history_error.empty()) {
    return Judged("node_timeline", Status::kCritical, value,
                  fmt::format("the history of timeline {} of node \"{}\" could not be read: {}",
                              offer.timeline, facts.node, offer.history_error),
                  "Ask again; see the server log there.");
  }
  if (!offer.left) {
    return Judged("node_timeline", Status::kCritical, value,
                  fmt::format("timeline {} of node \"{}\" did not come from timeline {} of this "
                              "standby",
                              offer.timeline, facts.node, own),
                  kBringBack);
  }
  const Position& position = facts.own.position;
  // The end of what was received may lie within a record that nobody has whole.
  if (position.replayed > *offer.left ||
      (position.received > *offer.left && facts.record_at_fork)) {
    return Judged(
        "node_timeline", Status::kCritical, value,
        fmt::format("node \"{}\" left our history at {}, and this standby has WAL up to {}",
                    facts.node, offer.left->ToString(),
                    std::max(position.replayed, position.received).ToString()),
        kBringBack);
  }
  return Judged("node_timeline", Status::kOk, value,
                fmt::format("timeline {} left ours at {}, which is still to come here",
                            offer.timeline, offer.left->ToString()));
}

Finding NodePosition(const UpstreamFacts& facts) {
  const PeerRow* const row = Answered(facts, facts.node);
  if (!facts.offer || row == nullptr) return NotAsked("node_position", facts);
  const Lsn wanted = WantedOf(facts);
  const std::string value = facts.offer->end.ToString();
  if (facts.offer->end >= wanted) {
    return Judged("node_position", Status::kOk, value,
                  fmt::format("node \"{}\" has all WAL that this standby has", facts.node));
  }
  const std::string message = fmt::format("node \"{}\" has WAL up to {}, and this standby up to {}",
                                          facts.node, value, wanted.ToString());
  // One that is fed by an archive may come to have it as well.
  const bool may_get_it = row->role == Role::kStandby && row->state.view() != "not receiving";
  if (!may_get_it) {
    return Judged("node_position", Status::kCritical, value, message,
                  row->role == Role::kPrimary
                      ? kBringBack
                      : "It receives nothing, so it cannot catch up; let it follow another node "
                        "first.");
  }
  return Judged("node_position", Status::kWarning, value, message,
                "It is waited for until it has that, within the timeout.");
}

Finding NodeWal(const UpstreamFacts& facts) {
  if (!facts.room || facts.room->oldest.IsNone()) return NotAsked("node_wal", facts);
  const Lsn replayed = facts.own.position.replayed;
  const std::string value = facts.room->oldest.ToString();
  if (facts.room->oldest <= replayed) {
    return Judged("node_wal", Status::kOk, value,
                  fmt::format("node \"{}\" has WAL from {} on", facts.node, value));
  }
  const std::string message =
      fmt::format("node \"{}\" has WAL from {} on, and this standby needs it from {} on",
                  facts.node, value, replayed.ToString());
  if (facts.restore_command) {
    return Judged("node_wal", Status::kWarning, value, message,
                  "What is between has to come from the archive, by restore_command.");
  }
  return Judged("node_wal", Status::kCritical, value, message,
                "Let it catch up where it is; or set restore_command, if there is an archive.");
}

Finding NodeSlots(const UpstreamFacts& facts) {
  if (!facts.room) return NotAsked("node_slots", facts);
  const UpstreamRoom& room = *facts.room;
  const std::string value = fmt::format("{} of {}", room.slots_used, room.slots);
  if (!room.may_replicate) {
    return Judged(
        "node_slots", Status::kCritical, value,
        fmt::format("role baton_node may make no replication slot on node \"{}\"", facts.node),
        "It needs REPLICATION; pg_baton setup-primary on the primary gives it.");
  }
  if (!room.slot_type.empty() && room.slot_type != "physical") {
    return Judged("node_slots", Status::kCritical, value,
                  fmt::format("node \"{}\" has a {} replication slot with this node's name",
                              facts.node, room.slot_type),
                  "Drop it there, or give it another name.");
  }
  if (room.slot_active && !facts.is_upstream) {
    return Judged("node_slots", Status::kCritical, value,
                  fmt::format("the replication slot \"{}\" of node \"{}\" is in use",
                              facts.node_name, facts.node),
                  "Another server with this node's name streams from there; look at baton.standbys "
                  "of that node.");
  }
  if (!room.slot_type.empty()) {
    return Judged(
        "node_slots", Status::kOk, value,
        fmt::format("node \"{}\" has a replication slot for this node already", facts.node));
  }
  if (room.slots_used < room.slots) {
    return Judged(
        "node_slots", Status::kOk, value,
        fmt::format("node \"{}\" has room for a replication slot of this node", facts.node));
  }
  return Judged(
      "node_slots", Status::kCritical, value,
      fmt::format("all {} replication slots of node \"{}\" are in use", room.slots, facts.node),
      "Drop one there, or raise max_replication_slots and restart it.");
}

Finding NodeSenders(const UpstreamFacts& facts) {
  if (!facts.room) return NotAsked("node_wal_senders", facts);
  const UpstreamRoom& room = *facts.room;
  const std::string value = fmt::format("{} of {}", room.senders_used, room.senders);
  if (room.senders_used < room.senders || facts.is_upstream) {
    return Judged("node_wal_senders", Status::kOk, value,
                  fmt::format("{} of {} WAL senders of node \"{}\" are in use", room.senders_used,
                              room.senders, facts.node));
  }
  return Judged(
      "node_wal_senders", Status::kCritical, value,
      fmt::format("all {} WAL senders of node \"{}\" are in use", room.senders, facts.node),
      "Raise max_wal_senders and restart it, or let another standby leave it.");
}

}  // namespace baton::core::rule
