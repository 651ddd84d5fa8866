#include "helper/report/cluster_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/quantity.hpp"
#include "helper/report/table.hpp"

namespace baton::helper {
namespace {

using core::Status;
using nlohmann::json;

std::string Painted(const Palette& palette, Status status, std::string_view text) {
  switch (status) {
    case Status::kCritical:
      return palette.Paint(text, Tone::kError);
    case Status::kWarning:
      return palette.Paint(text, Tone::kWarning);
    case Status::kUnknown:
      return palette.Paint(text, Tone::kNote);
    case Status::kOk:
      break;
  }
  return std::string(text);
}

std::vector<const NodeFacts*> InOrder(const ClusterFacts& facts) {
  std::vector<const NodeFacts*> nodes;
  for (const NodeFacts& node : facts.nodes) nodes.push_back(&node);
  std::stable_sort(nodes.begin(), nodes.end(), [](const NodeFacts* one, const NodeFacts* other) {
    const auto is_primary = [](const NodeFacts* node) {
      return node->Answers() && node->row.role == "primary";
    };
    if (is_primary(one) != is_primary(other)) return is_primary(one);
    return one->row.name < other->row.name;
  });
  return nodes;
}

std::string Or(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

std::string Role(const NodeFacts& node) {
  return node.Answers() ? Or(node.row.role, "unknown") : "unknown";
}

std::string State(const NodeFacts& node) {
  return node.Answers() ? Or(node.row.state, "unknown") : "unreachable";
}

std::string Seen(const NodeFacts& node, const std::string& asked) {
  if (node.answers_here) return "now";
  if (!node.row.unseen) return "never";
  return fmt::format("{} ago by {}", core::DurationText(*node.row.unseen), asked);
}

bool IsNotOpen(const NodeFacts* node) {
  return node->Answers() && !node->row.gate.empty() && node->row.gate != "open";
}

std::string Gate(const NodeFacts& node) {
  if (!node.Answers() || node.row.gate.empty()) return "unknown";
  if (node.row.gate_reasons.empty()) return node.row.gate;
  return fmt::format("{}: {}", node.row.gate, fmt::join(node.row.gate_reasons, ", "));
}

std::vector<std::string> TableRow(const NodeFacts& node, const std::string& asked) {
  const ClusterRow& row = node.row;
  const bool is_primary = row.role == "primary";
  const char* const absent = is_primary ? "-" : "unknown";
  return {row.name,
          Or(node.address, "unknown"),
          Role(node),
          State(node),
          row.timeline == 0 ? "unknown" : std::to_string(row.timeline),
          row.lsn.IsNone() ? "unknown" : row.lsn.ToString(),
          row.replay_lag_bytes ? core::BytesText(*row.replay_lag_bytes) : absent,
          row.replay_lag ? core::DurationText(*row.replay_lag) : absent,
          Or(row.upstream, absent),
          Seen(node, asked)};
}

json TextOrNull(const std::string& text) { return text.empty() ? json() : json(text); }

json SecondsOrNull(const std::optional<std::chrono::microseconds>& time) {
  return time ? json(std::chrono::duration<double>(*time).count()) : json();
}

json LsnOrNull(core::Lsn lsn) { return lsn.IsNone() ? json() : json(lsn.ToString()); }

json NodeJson(const NodeFacts& node, const std::string& asked) {
  const ClusterRow& row = node.row;
  json entry = {
      {"name", row.name},
      {"address", TextOrNull(node.address)},
      {"reachable", node.Answers()},
      {"role", Role(node)},
      {"state", State(node)},
      {"last_role", TextOrNull(row.role)},
      {"last_state", TextOrNull(row.state)},
      {"timeline", row.timeline == 0 ? json() : json(row.timeline)},
      {"lsn", LsnOrNull(row.lsn)},
      {"replayed_lsn", LsnOrNull(row.replayed)},
      {"replay_lag", SecondsOrNull(row.replay_lag)},
      {"replay_lag_bytes", row.replay_lag_bytes ? json(*row.replay_lag_bytes) : json()},
      {"upstream", TextOrNull(row.upstream)},
      {"server_version", TextOrNull(row.server_version)},
      {"clock_difference", SecondsOrNull(row.clock_difference)},
      {"gate", TextOrNull(node.Answers() ? row.gate : "")},
      {"gate_reasons", node.answers_here && !row.gate.empty() ? json(row.gate_reasons) : json()},
      {"sees", row.sees ? json(*row.sees) : json()},
      {"seen_at", TextOrNull(row.seen_at)},
      {"error", TextOrNull(node.answers_here   ? ""
                           : row.error.empty() ? node.error_here
                                               : row.error)},
      {"known_from", node.answers_here ? row.name : asked}};
  return entry;
}

}  // namespace

std::vector<std::string> ClusterLines(const ClusterFacts& facts, const ClusterReport& report,
                                      const Palette& palette) {
  const std::size_t lead = std::min(report.answer.find_first_of(":;"), report.answer.size());
  std::vector<std::string> lines = {Painted(palette, report.status, report.answer.substr(0, lead)) +
                                    report.answer.substr(lead)};
  if (report.failover && report.failover->from_is_gone) lines.push_back(report.failover->Text());
  lines.emplace_back();
  const std::vector<const NodeFacts*> nodes = InOrder(facts);
  std::vector<std::string> heading = {"node", "address",   "role", "state",    "timeline",
                                      "lsn",  "lag bytes", "lag",  "upstream", "seen"};
  // A column of "open" alone would say nothing.
  const bool has_gates = std::any_of(nodes.begin(), nodes.end(), IsNotOpen);
  if (has_gates) heading.emplace_back("gate");
  std::vector<std::vector<std::string>> rows;
  for (const NodeFacts* const node : nodes) {
    rows.push_back(TableRow(*node, facts.asked));
    if (has_gates) rows.back().push_back(Gate(*node));
  }
  for (std::string& line : TableLines(heading, rows)) {
    lines.push_back(std::move(line));
  }
  if (!report.disagreements.empty()) {
    lines.insert(lines.end(), {"", "who does not see whom:"});
    for (const Disagreement& one : report.disagreements) lines.push_back("  " + one.Text());
  }
  if (!report.issues.empty()) lines.insert(lines.end(), {"", "issues:"});
  for (const Issue& issue : report.issues) {
    lines.push_back(fmt::format("  {} {}: {}: {}", issue.node, issue.check_name,
                                Painted(palette, issue.status, core::StatusText(issue.status)),
                                issue.message));
    if (!issue.hint.empty()) {
      lines.push_back(fmt::format("    {} {}", palette.Paint("hint:", Tone::kNote), issue.hint));
    }
  }
  return lines;
}

json ClusterJson(const ClusterFacts& facts, const ClusterReport& report) {
  json result = {{"answer", report.answer}, {"status", core::StatusText(report.status)},
                 {"asked", facts.asked},    {"failover", nullptr},
                 {"nodes", json::array()},  {"disagreements", json::array()},
                 {"issues", json::array()}};
  if (report.failover) {
    const Failover& failover = *report.failover;
    result["failover"] = {{"from", TextOrNull(failover.from)},
                          {"to", TextOrNull(failover.to)},
                          {"loss_bytes", failover.loss_bytes ? json(*failover.loss_bytes) : json()},
                          {"text", failover.Text()}};
  }
  for (const NodeFacts* const node : InOrder(facts)) {
    result["nodes"].push_back(NodeJson(*node, facts.asked));
  }
  for (const Disagreement& one : report.disagreements) {
    result["disagreements"].push_back({{"observer", TextOrNull(one.observer)},
                                       {"node", one.node},
                                       {"seen_by", one.seen_by},
                                       {"text", one.Text()}});
  }
  for (const Issue& issue : report.issues) {
    result["issues"].push_back({{"node", issue.node},
                                {"status", core::StatusText(issue.status)},
                                {"check_name", issue.check_name},
                                {"message", issue.message},
                                {"hint", issue.hint}});
  }
  return result;
}

}  // namespace baton::helper
