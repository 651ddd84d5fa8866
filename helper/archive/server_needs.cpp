#include "helper/archive/server_needs.hpp"

#include <fmt/format.h>

#include "helper/server/views.hpp"

namespace baton::helper {
namespace {

void AskNodes(Connection& server, ServerNeeds& answer) {
  std::vector<core::SeenNode> nodes;
  for (const ClusterRow& row : ReadCluster(server)) {
    nodes.push_back({row.name, row.role, row.reachable, row.timeline, row.lsn, row.replayed});
  }
  answer.problems = core::AddNeedsOfNodes(nodes, answer.needs);
}

void AskSlots(Connection& server, ServerNeeds& answer) {
  const Result slots = server.Query(
      "SELECT slot_name, restart_lsn FROM pg_replication_slots WHERE restart_lsn IS NOT NULL "
      "ORDER BY slot_name");
  for (int row = 0; row < slots.rows(); ++row) {
    const auto from = core::Lsn::Parse(slots.Text(row, 1));
    if (from) answer.needs.push_back({fmt::format("slot \"{}\"", slots.Text(row, 0)), *from, 0});
  }
}

void AskConnected(Connection& server, ServerNeeds& answer) {
  const Result connected = server.Query(
      "SELECT application_name, COALESCE(replay_lsn, flush_lsn, write_lsn, sent_lsn), state "
      "FROM pg_stat_replication ORDER BY application_name");
  for (int row = 0; row < connected.rows(); ++row) {
    const auto from = core::Lsn::Parse(connected.Text(row, 1));
    if (from) {
      answer.needs.push_back(
          {fmt::format("connected standby \"{}\"", connected.Text(row, 0)), *from, 0});
    } else if (connected.IsNull(row, 2)) {
      answer.problems.push_back({"the positions of connected standbys are not shown to this role",
                                 "", "Connect as a member of pg_monitor."});
      return;
    }
  }
}

}  // namespace

ServerNeeds AskForNeeds(Connection& server) {
  ServerNeeds answer;
  const Result cluster = server.Query(
      "SELECT system_identifier, pg_size_bytes(current_setting('wal_segment_size')) "
      "FROM pg_control_system()");
  answer.system_identifier = std::stoull(cluster.Text(0, 0));
  answer.segment_bytes = static_cast<std::uint64_t>(cluster.Number(0, 1));
  answer.knows_nodes = HasView(server, "baton.cluster");
  if (answer.knows_nodes) AskNodes(server, answer);
  AskSlots(server, answer);
  AskConnected(server, answer);
  return answer;
}

}  // namespace baton::helper
