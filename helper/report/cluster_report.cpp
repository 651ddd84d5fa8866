#include "helper/report/cluster_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/quantity.hpp"

namespace baton::helper {
namespace {

using core::Status;

std::string LossText(std::int64_t bytes) { return bytes == 0 ? "0 bytes" : core::BytesText(bytes); }

std::string LastSeen(const NodeFacts& node) {
  if (!node.row.unseen) return "it was never seen";
  return fmt::format("last seen {} ago as {}, {}", core::DurationText(*node.row.unseen),
                     node.row.role, node.row.state);
}

std::string Reason(const std::string& error) {
  return error.empty() ? "" : fmt::format(" ({})", error);
}

Issue Unreachable(const NodeFacts& node, const std::string& asked) {
  Issue issue{node.row.name, Status::kWarning, "reachable", "", node.hint_here};
  if (node.row.reachable) {
    issue.status = Status::kUnknown;
    issue.message = fmt::format(
        "could not be asked from here{}; it answers {}, from which its row is known, but not its "
        "checks",
        Reason(node.error_here), asked);
  } else {
    issue.message = fmt::format("answers neither here{} nor {}{}; {}", Reason(node.error_here),
                                asked, Reason(node.row.error), LastSeen(node));
  }
  return issue;
}

std::vector<Issue> FindIssues(const ClusterFacts& facts) {
  std::vector<Issue> issues;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.answers_here) issues.push_back(Unreachable(node, facts.asked));
    for (const HealthRow& row : node.health) {
      if (row.status == Status::kOk) continue;
      issues.push_back({node.row.name, row.status, row.check_name, row.message, row.hint});
    }
  }
  std::stable_sort(issues.begin(), issues.end(), [](const Issue& one, const Issue& other) {
    return Severity(one.status) > Severity(other.status);
  });
  return issues;
}

// Nodes whose view of the others is of now, and this command, as observers of one node.
std::vector<Disagreement> DisagreementsOn(const NodeFacts& node, const ClusterFacts& facts) {
  std::vector<std::string> seen_by;
  std::vector<std::string> unseen_by;
  for (const NodeFacts& observer : facts.nodes) {
    if (observer.row.name == node.row.name || !observer.Answers() || !observer.row.sees) continue;
    const std::vector<std::string>& sees = *observer.row.sees;
    const bool seen = std::find(sees.begin(), sees.end(), node.row.name) != sees.end();
    (seen ? seen_by : unseen_by).push_back(observer.row.name);
  }
  (node.answers_here ? seen_by : unseen_by).push_back("");
  std::vector<Disagreement> found;
  if (seen_by.empty()) return found;
  for (const std::string& observer : unseen_by) found.push_back({observer, node.row.name, seen_by});
  return found;
}

std::vector<Disagreement> FindDisagreements(const ClusterFacts& facts) {
  std::vector<Disagreement> found;
  for (const NodeFacts& node : facts.nodes) {
    for (Disagreement& one : DisagreementsOn(node, facts)) found.push_back(std::move(one));
  }
  return found;
}

std::vector<const NodeFacts*> Primaries(const ClusterFacts& facts) {
  std::vector<const NodeFacts*> primaries;
  for (const NodeFacts& node : facts.nodes) {
    if (node.Answers() && node.row.role == "primary") primaries.push_back(&node);
  }
  return primaries;
}

// The primary that was there last: the newest timeline, then the most WAL.
const NodeFacts* LastPrimary(const ClusterFacts& facts) {
  const NodeFacts* last = nullptr;
  for (const NodeFacts& node : facts.nodes) {
    if (node.row.role != "primary") continue;
    if (last == nullptr || node.row.timeline > last->row.timeline ||
        (node.row.timeline == last->row.timeline && node.row.lsn > last->row.lsn)) {
      last = &node;
    }
  }
  return last;
}

// The standby that has most of the primary's history; one on an older timeline may have diverged.
const NodeFacts* BestStandby(const ClusterFacts& facts, const NodeFacts* primary) {
  const NodeFacts* best = nullptr;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.Answers() || node.row.role != "standby") continue;
    if (primary != nullptr && node.row.timeline != primary->row.timeline) continue;
    if (best == nullptr || node.row.timeline > best->row.timeline ||
        (node.row.timeline == best->row.timeline && node.row.lsn > best->row.lsn)) {
      best = &node;
    }
  }
  return best;
}

std::optional<Failover> FindFailover(const ClusterFacts& facts,
                                     const std::vector<const NodeFacts*>& primaries) {
  if (primaries.size() > 1) return std::nullopt;
  const NodeFacts* const primary = primaries.size() == 1 ? primaries.front() : LastPrimary(facts);
  Failover failover;
  failover.from_is_gone = primaries.empty();
  if (primary != nullptr) failover.from = primary->row.name;
  const NodeFacts* const best = BestStandby(facts, primary);
  if (best == nullptr) return failover;
  failover.to = best->row.name;
  if (primary != nullptr && !primary->row.lsn.IsNone() && !best->row.lsn.IsNone()) {
    failover.loss_bytes = primary->row.lsn.BytesSince(best->row.lsn);
  }
  return failover;
}

Status WorstOf(const ClusterReport& report) {
  Status worst = report.issues.empty() ? Status::kOk : report.issues.front().status;
  const auto raise = [&worst](Status to) {
    if (Severity(to) > Severity(worst)) worst = to;
  };
  for (const Disagreement& one : report.disagreements) {
    raise(one.observer.empty() ? Status::kUnknown : Status::kWarning);
  }
  if (report.failover && report.failover->to.empty()) raise(Status::kWarning);
  return worst;
}

std::string Verdict(const ClusterReport& report) {
  if (report.status == Status::kOk) return "healthy";
  const std::string lead(core::StatusText(report.status));
  if (!report.issues.empty() && report.issues.front().status == report.status) {
    const Issue& first = report.issues.front();
    const std::size_t more = report.issues.size() - 1;
    return fmt::format("{}: {} of {}: {}{}", lead, first.check_name, first.node, first.message,
                       more == 0   ? ""
                       : more == 1 ? " (and 1 more issue)"
                                   : fmt::format(" (and {} more issues)", more));
  }
  if (!report.disagreements.empty()) {
    return fmt::format("{}: {}", lead, report.disagreements.front().Text());
  }
  return lead;
}

}  // namespace

int Severity(Status status) {
  switch (status) {
    case Status::kOk:
      return 0;
    case Status::kUnknown:
      return 1;
    case Status::kWarning:
      return 2;
    case Status::kCritical:
      break;
  }
  return 3;
}

std::string Disagreement::Text() const {
  const auto named = [](const std::string& name) { return name.empty() ? "this command" : name; };
  std::vector<std::string> names;
  for (const std::string& name : seen_by) names.push_back(named(name));
  return fmt::format("{} does not see {}, {} {}", named(observer), node, fmt::join(names, " and "),
                     names.size() == 1 ? "does" : "do");
}

std::string Failover::Text() const {
  if (to.empty()) return "no standby could take over";
  if (from_is_gone) {
    if (!loss_bytes) return fmt::format("{} could take over; what it lacks is not known", to);
    return fmt::format("{} could take over; it lacks {} of what {} was last seen to have", to,
                       LossText(*loss_bytes), from);
  }
  if (!loss_bytes) return fmt::format("what failover to {} would lose is not known", to);
  return fmt::format("failover to {} would lose {}", to, LossText(*loss_bytes));
}

ClusterReport Judge(const ClusterFacts& facts) {
  ClusterReport report;
  report.issues = FindIssues(facts);
  report.disagreements = FindDisagreements(facts);
  const std::vector<const NodeFacts*> primaries = Primaries(facts);
  report.failover = FindFailover(facts, primaries);
  if (primaries.size() == 1) {
    report.status = WorstOf(report);
    report.answer = Verdict(report) + "; " + report.failover->Text();
    return report;
  }
  report.status = Status::kCritical;
  std::vector<std::string> names;
  for (const NodeFacts* const primary : primaries) names.push_back(primary->row.name);
  report.answer = primaries.empty() ? "critical: no node answers as primary"
                                    : fmt::format("critical: {} nodes answer as primary: {}",
                                                  names.size(), fmt::join(names, ", "));
  return report;
}

}  // namespace baton::helper
