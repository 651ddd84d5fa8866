// The cluster at a glance, decided from plain values: is it healthy, what would a failover lose,
// what is wrong where, and who does not see whom.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/finding.hpp"
#include "helper/report/rows.hpp"

namespace baton::helper {

struct NodeFacts {
  // What the node says of itself if it answers here; otherwise what the asked node says of it.
  ClusterRow row;
  std::string address;
  bool answers_here = false;
  std::string error_here;  // why it does not; empty if it does
  std::string hint_here;
  std::vector<HealthRow> health;  // empty unless it answers here

  // By itself, or by the word of the asked node.
  bool Answers() const { return answers_here || row.reachable; }
};

struct ClusterFacts {
  std::string asked;  // name of the node that was asked about the others
  std::vector<NodeFacts> nodes;
};

struct Issue {
  std::string node;
  core::Status status = core::Status::kUnknown;
  std::string check_name;
  std::string message;
  std::string hint;
};

// Somebody does not see a node that somebody else sees.  An empty observer is this command.
struct Disagreement {
  std::string observer;
  std::string node;
  std::vector<std::string> seen_by;

  std::string Text() const;  // "a does not see c, b does"
};

// What a failover would lose now: the primary's WAL that the best standby has not received.
struct Failover {
  std::string to;                          // empty if no standby could take over
  std::string from;                        // the primary; empty if none is known
  bool from_is_gone = false;               // its position is the one that was last seen
  std::optional<std::int64_t> loss_bytes;  // none if not known

  std::string Text() const;
};

struct ClusterReport {
  core::Status status = core::Status::kUnknown;
  std::string answer;                // one line: what to think of the cluster
  std::optional<Failover> failover;  // none while several nodes answer as primary
  std::vector<Issue> issues;         // worst first
  std::vector<Disagreement> disagreements;
};

// Higher is worse: critical, warning, unknown, ok.  Unknown never hides behind ok.
int Severity(core::Status status);

ClusterReport Judge(const ClusterFacts& facts);

}  // namespace baton::helper
