#include "core/metrics.hpp"

#include <algorithm>
#include <chrono>

#include "core/checks.hpp"
#include "core/metric_family.hpp"

namespace baton::core {
namespace {

// PostgreSQL counts from 2000, Prometheus from 1970.
constexpr std::int64_t kSecondsFrom1970To2000 = 946'684'800;

std::optional<double> UnixSeconds(std::int64_t timestamp) {
  if (timestamp == 0) return std::nullopt;
  return static_cast<double>(timestamp + kSecondsFrom1970To2000 * 1'000'000) / 1e6;
}

std::optional<double> IsPrimary(Role role) {
  if (role == Role::kUnknown) return std::nullopt;
  return role == Role::kPrimary ? 1 : 0;
}

std::optional<double> Timeline(TimelineId timeline) {
  if (timeline == 0) return std::nullopt;
  return timeline;
}

std::string_view StateOf(const NodeFacts& facts) {
  return StateText(facts.role, facts.link, facts.replay, facts.promoting);
}

// The reader's own row of the cluster.
PeerRow OwnRow(const MetricsInput& input) {
  const Position& position = input.facts.position;
  PeerRow row;
  row.name = input.node_name;
  row.asked = true;
  row.reachable = true;
  row.role = input.facts.role;
  row.timeline = position.timeline;
  row.replay_lag = input.facts.replay_lag;
  if (row.role == Role::kStandby && !position.upstream_end.IsNone()) {
    row.replay_lag_bytes = position.upstream_end.BytesSince(position.replayed);
  }
  return row;
}

// Also where the registry, or what the caller took from it, has this node as well.
std::vector<PeerRow> AllNodes(const MetricsInput& input) {
  std::vector<PeerRow> nodes;
  if (!input.node_name.empty()) nodes.push_back(OwnRow(input));
  for (const PeerRow& peer : input.cluster) {
    if (input.node_name.empty() || peer.name.view() != input.node_name) nodes.push_back(peer);
  }
  return nodes;
}

std::string ThisNode(const MetricsInput& input) {
  MetricFamily info("pg_baton_node_info",
                    "This node, in the words of baton.node_status; always 1.");
  info.Add({{"node", input.node_name},
            {"role", RoleText(input.facts.role)},
            {"state", StateOf(input.facts)},
            {"server_version", input.server_version}},
           1);
  MetricFamily primary("pg_baton_is_primary", "1 if this node is a primary, 0 if a standby.");
  primary.Add({}, IsPrimary(input.facts.role));
  MetricFamily timeline("pg_baton_timeline", "Timeline of this node.");
  timeline.Add({}, Timeline(input.facts.position.timeline));
  return info.Text() + primary.Text() + timeline.Text();
}

// A reason that does not hold is a zero, so that a graph has no gaps and an alert ends at once.
std::string Gate(const std::optional<GateReasons>& reasons) {
  MetricFamily open("pg_baton_gate_open",
                    "1 if commits pass the write gate of this node, or would after a promotion.");
  MetricFamily why("pg_baton_gate_closed_reason", "1 for each reason why they do not.");
  if (reasons) {
    open.Add({}, *reasons == 0 ? 1 : 0);
    const auto hold = ReasonTexts(*reasons);
    for (const std::string_view reason : ReasonTexts(kAllReasons)) {
      const bool holds = std::find(hold.begin(), hold.end(), reason) != hold.end();
      why.Add({{"reason", reason}}, holds ? 1 : 0);
    }
  }
  return open.Text() + why.Text();
}

std::string Verdicts(const std::vector<Finding>& findings) {
  MetricFamily status("pg_baton_check_status",
                      "Status of a check of baton.health: 0 ok, 1 warning, 2 critical, 3 unknown.");
  MetricFamily warning("pg_baton_check_warning_threshold",
                       "From where on the check warns, in the unit of its number.");
  MetricFamily critical("pg_baton_check_critical_threshold",
                        "From where on the check is critical, in the unit of its number.");
  for (const Finding& finding : findings) {
    const Label check{"check", finding.check_name.view()};
    status.Add({check}, static_cast<double>(finding.status));
    warning.Add({check}, finding.warning_at);
    critical.Add({check}, finding.critical_at);
  }
  return status.Text() + warning.Text() + critical.Text();
}

std::string Numbers(const std::vector<Finding>& findings) {
  std::string text;
  for (const CheckInfo& info : Checks()) {
    if (info.unit == Unit::kNone) continue;
    MetricFamily family(MetricName(info), std::string(info.what) + ".");
    for (const Finding& finding : findings) {
      if (finding.check_name.view() == info.name) family.Add({}, finding.value_number);
    }
    text += family.Text();
  }
  return text;
}

// Of a node that does not answer only that is known, and since when: the rest of its row is what
// once was, which a graph would show as what is.
std::string Cluster(const std::vector<PeerRow>& nodes) {
  MetricFamily up("pg_baton_node_up",
                  "1 if the registered node answers this one, 0 if not, or not asked yet.");
  MetricFamily seen("pg_baton_node_last_seen_timestamp_seconds",
                    "When the registered node answered this one last.");
  MetricFamily primary("pg_baton_node_is_primary",
                       "1 if the node says that it is a primary, 0 if a standby.");
  MetricFamily timeline("pg_baton_node_timeline", "Timeline of the node.");
  MetricFamily lag("pg_baton_node_replay_lag_seconds",
                   "Age of the oldest commit that the node has not replayed.");
  MetricFamily lag_bytes("pg_baton_node_replay_lag_bytes",
                         "WAL of its upstream that the node has not replayed.");
  for (const PeerRow& row : nodes) {
    const Label node{"node", row.name.view()};
    const bool answers = row.asked && row.reachable;
    up.Add({node}, answers ? 1 : 0);
    seen.Add({node}, UnixSeconds(row.seen_at));
    if (!answers) continue;
    primary.Add({node}, IsPrimary(row.role));
    timeline.Add({node}, Timeline(row.timeline));
    lag.AddSeconds({node}, row.replay_lag);
    lag_bytes.AddBytes({node}, row.replay_lag_bytes);
  }
  return up.Text() + seen.Text() + primary.Text() + timeline.Text() + lag.Text() + lag_bytes.Text();
}

std::string Standbys(const std::vector<StandbyRow>& standbys) {
  MetricFamily connected("pg_baton_standby_connected",
                         "1 if the standby is connected to this node, 0 if it is registered only.");
  MetricFamily lag("pg_baton_standby_replay_lag_seconds",
                   "Age of the oldest commit here that the standby has not replayed.");
  MetricFamily lag_bytes("pg_baton_standby_replay_lag_bytes",
                         "WAL of this node that the standby has not replayed.");
  for (const StandbyRow& row : standbys) {
    const Label standby{"standby", row.name.view()};
    connected.Add({standby}, row.connected ? 1 : 0);
    lag.AddSeconds({standby}, row.replay_lag);
    lag_bytes.AddBytes({standby}, row.replay_lag_bytes);
  }
  return connected.Text() + lag.Text() + lag_bytes.Text();
}

std::string Slots(const std::vector<SlotRow>& slots) {
  MetricFamily active("pg_baton_slot_active", "1 if the replication slot is in use, 0 if not.");
  MetricFamily retained("pg_baton_slot_retained_bytes", "WAL that the slot holds back.");
  MetricFamily safe("pg_baton_slot_safe_bytes",
                    "WAL that can be written before the slot is in danger of losing some.");
  MetricFamily status("pg_baton_slot_status", "The slot's wal_status, in words; always 1.");
  for (const SlotRow& row : slots) {
    const Label slot{"slot", row.slot_name.view()};
    const std::string_view word = row.lost ? "lost" : row.wal_status.view();
    active.Add({slot}, row.active ? 1 : 0);
    retained.AddBytes({slot}, row.retained_bytes);
    safe.AddBytes({slot}, row.safe_bytes);
    if (!word.empty()) status.Add({slot, {"status", word}}, 1);
  }
  return active.Text() + retained.Text() + safe.Text() + status.Text();
}

}  // namespace

std::string MetricsText(const MetricsInput& input) {
  return ThisNode(input) + Gate(input.gate) + Verdicts(input.findings) + Numbers(input.findings) +
         Cluster(AllNodes(input)) + Standbys(input.standbys) + Slots(input.slots);
}

}  // namespace baton::core
