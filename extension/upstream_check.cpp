#include "upstream_check.hpp"

#include "pg/postgres.hpp"

#include <cstdlib>
#include <fmt/format.h>

#include "auto_conf.hpp"
#include "conninfo.hpp"
#include "core/node_name.hpp"
#include "hand_over_board.hpp"
#include "observation.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "pg/query.hpp"
#include "pg/server_facts.hpp"
#include "pg/wal_history.hpp"
#include "reading.hpp"
#include "registry.hpp"
#include "roll_call.hpp"
#include "self_report.hpp"
#include "settings.hpp"
#include "standby_login.hpp"

namespace baton {
namespace {

constexpr auto kFreshLook = std::chrono::milliseconds(1000);

// A node name is safe as a literal.
constexpr const char* kRoom =
    "SELECT pg_catalog.current_setting('max_replication_slots'),"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots),"
    " s.slot_type, s.active, pg_catalog.current_setting('max_wal_senders'),"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity"
    "  WHERE backend_type OPERATOR(pg_catalog.=) 'walsender'"
    "   AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()),"
    " (SELECT rolreplication OR rolsuper FROM pg_catalog.pg_roles"
    "  WHERE rolname OPERATOR(pg_catalog.=) CURRENT_USER),"
    " (SELECT pg_catalog.min(pg_catalog.substr(name, 9) COLLATE \"C\")"
    "  FROM pg_catalog.pg_ls_waldir() WHERE name OPERATOR(pg_catalog.~) '^[0-9A-F]{{24}}$')"
    " FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_replication_slots AS s"
    "  ON s.slot_name OPERATOR(pg_catalog.=) '{}'";

constexpr const char* kSync =
    "SELECT pg_catalog.current_setting('synchronous_standby_names'),"
    " pg_catalog.count(*) FILTER (WHERE application_name OPERATOR(pg_catalog.=) '{0}'),"
    " pg_catalog.count(*) FILTER (WHERE application_name OPERATOR(pg_catalog.<>) '{0}')"
    " FROM pg_catalog.pg_stat_replication"
    " WHERE sync_state OPERATOR(pg_catalog.=) ANY (ARRAY['sync', 'quorum'])"
    "  OR sync_state OPERATOR(pg_catalog.=) 'potential'"
    "   AND application_name OPERATOR(pg_catalog.<>) '{0}'";

constexpr const char* kOnCommandLine =
    "SELECT pg_catalog.string_agg(name, ', ') FROM pg_catalog.pg_settings"
    " WHERE name OPERATOR(pg_catalog.=) ANY (ARRAY['primary_conninfo', 'primary_slot_name'])"
    " AND source OPERATOR(pg_catalog.=) ANY (ARRAY['command line', 'override'])";

std::int64_t NumberIn(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

// Where the segment begins whose name ends so: high and low half of its number.
core::Lsn BeginningOfSegment(const std::string& halves) {
  if (halves.size() != 16) return core::Lsn();
  const std::uint64_t high = std::strtoull(halves.substr(0, 8).c_str(), nullptr, 16);
  const std::uint64_t low = std::strtoull(halves.substr(8).c_str(), nullptr, 16);
  return core::Lsn((high << 32) + low * static_cast<std::uint64_t>(wal_segment_size));
}

bool LeadsTo(const RegisteredNode& node, const std::string& conninfo) {
  const Endpoint endpoint = EndpointOf(conninfo);
  return !endpoint.host.empty() && EndpointOf(node.conninfo.str()) == endpoint;
}

std::string WhatElseIsUnderWay() {
  for (const Request& request : shared::ReadRequests()) {
    if (IsFinished(request.state)) continue;
    return fmt::format("request {} is under way: {}", request.id, request.kind.view());
  }
  const core::HandOver hand_over = hand_over::Read();
  if (hand_over.id != 0 && hand_over.outcome == core::HandOverOutcome::kRunning) {
    return "this server takes part in a switchover";
  }
  if (hand_over.id != 0 && hand_over.is_giver && hand_over.settings_changed) {
    return "this server was demoted, and follows the next primary by itself";
  }
  return "";
}

void FillOwn(core::UpstreamFacts& facts) {
  const auto report = shared::Read<Report>();
  facts.own = FactsNow(*report);
  facts.reign = OwnRow(facts.own).reign;
  facts.registry_readable = report->facts.registry_readable;
  facts.busy = WhatElseIsUnderWay();
  facts.follow_primary = setting::FollowPrimary();
  facts.latest_timeline = pg::Setting("recovery_target_timeline").value_or("") == "latest";
  facts.alter_system_allowed = MayAlterSystem();
  facts.restore_command = !pg::RestoreCommand().empty();
  for (const core::StandbyRow& standby : report->standbys) {
    if (standby.connected) facts.standbys.push_back(standby.name.str());
  }
  const pg::AsSuperuser all_to_be_seen;
  pg::Spi spi;
  facts.on_command_line = pg::TextAt(spi.Run(kOnCommandLine).at(0), 0);
  spi.Finish();
}

void FillRoom(const RegisteredNode& node, core::UpstreamFacts& facts) {
  PeerSession session(node.name.str(), node.conninfo.str());
  const std::chrono::milliseconds limit = setting::PeerTimeout();
  if (!AskWithin(session, fmt::format(kRoom, facts.node_name), limit)) {
    facts.error =
        session.error().empty() ? "it does not say what it has room for" : session.error();
    return;
  }
  const PeerSession::Row& row = session.rows().at(0);
  facts.room.emplace();
  facts.room->slots = NumberIn(row.at(0));
  facts.room->slots_used = NumberIn(row.at(1));
  facts.room->slot_type = row.at(2);
  facts.room->slot_active = row.at(3) == "t";
  facts.room->senders = NumberIn(row.at(4));
  facts.room->senders_used = NumberIn(row.at(5));
  facts.room->may_replicate = row.at(6) == "t";
  facts.room->oldest = BeginningOfSegment(row.at(7));
}

void FillOffer(const RegisteredNode& node, core::UpstreamFacts& facts) {
  const std::string way = WayTo(node.conninfo.str(), pg::PrimaryConninfo());
  const core::TimelineId own = facts.own.position.timeline;
  facts.login.emplace();
  facts.offer = AskForOffer(facts.node, way, {own, pg::BeginningOf(own), {}},
                            setting::PeerTimeout(), *facts.login);
  if (!facts.offer || !facts.offer->left) return;
  facts.record_at_fork = pg::HasRecordAt(own, *facts.offer->left, facts.own.position.received);
}

// Only commits of a primary that this standby streams from itself can wait for it.
void FillSync(const Registry& registry, core::UpstreamFacts& facts) {
  for (const core::PeerAnswer& peer : facts.peers) {
    if (peer.kind != core::PeerAnswer::Kind::kAnswered) continue;
    if (peer.row.role != core::Role::kPrimary || peer.name == facts.node) continue;
    const RegisteredNode* const primary = FindNode(registry, peer.name);
    if (primary == nullptr) continue;
    PeerSession session(peer.name, primary->conninfo.str());
    if (!AskWithin(session, fmt::format(kSync, facts.node_name), setting::PeerTimeout())) continue;
    const PeerSession::Row& row = session.rows().at(0);
    facts.sync = core::UpstreamSync{row.at(0), NumberIn(row.at(1)) > 0, NumberIn(row.at(2))};
    return;
  }
}

}  // namespace

core::UpstreamFacts GatherUpstreamFacts(const std::string& node) {
  core::RequireNodeName(node);
  core::UpstreamFacts facts;
  facts.node = node;
  facts.node_name = setting::NodeName();
  if (!RecoveryInProgress()) {
    facts.own.role = core::Role::kPrimary;
    return facts;
  }
  // A node that was registered a moment ago counts too; without the monitor the last known ones do.
  shared::WaitForFreshLook(kFreshLook);
  FillOwn(facts);
  const auto registry = shared::Read<Registry>();
  const RegisteredNode* const target = FindNode(*registry, node);
  facts.registered = target != nullptr;
  if (!facts.registered || node == facts.node_name || facts.node_name.empty()) return facts;
  facts.is_upstream = LeadsTo(*target, pg::PrimaryConninfo());
  const auto cluster = ReadCluster();
  facts.seen.assign(cluster->peers.begin(), cluster->peers.end());
  facts.peers = AskWhoTheyAre(OtherNodes(*registry), setting::PeerTimeout(), [] {});
  for (const core::PeerAnswer& peer : facts.peers) {
    if (peer.name != node || peer.kind != core::PeerAnswer::Kind::kAnswered) continue;
    FillRoom(*target, facts);
    FillOffer(*target, facts);
    if (peer.row.role != core::Role::kPrimary) FillSync(*registry, facts);
  }
  return facts;
}

UpstreamChange ChangeTo(const core::UpstreamFacts& facts, std::chrono::milliseconds allowed) {
  const std::string conninfo = pg::PrimaryConninfo();
  const Endpoint endpoint = EndpointOf(conninfo);
  UpstreamChange change;
  change.allowed = allowed;
  change.end = pg::Now() + allowed;
  change.wanted = core::WantedOf(facts);
  if (!endpoint.host.empty()) change.former = fmt::format("{}:{}", endpoint.host, endpoint.port);
  const auto registry = shared::Read<Registry>();
  for (const RegisteredNode& node : registry->nodes) {
    if (!LeadsTo(node, conninfo)) continue;
    change.former = fmt::format("node \"{}\"", node.name.view());
    change.former_node = node.name;
    break;
  }
  const std::string slot = pg::Setting("primary_slot_name").value_or("");
  const bool keeps_slot = facts.is_upstream && slot == facts.node_name;
  if (!change.former.empty() && !keeps_slot) change.former_slot = slot;
  change.streamed_before =
      !facts.is_upstream && facts.own.link == core::Link::kStreaming && !facts.own.link_silent;
  return change;
}

}  // namespace baton
