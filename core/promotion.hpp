// What promoting this server would mean now.  Whoever asks, SQL, helper or trigger file, gets the
// answer of these rules; baton.promote() refuses while one of them is critical.
#pragma once

#include <string>
#include <vector>

#include "core/cluster_view.hpp"
#include "core/finding.hpp"
#include "core/gate.hpp"
#include "core/node_facts.hpp"
#include "core/reign.hpp"

namespace baton::core {

// What came back when another registered node was asked who it is.
struct PeerAnswer {
  enum class Kind {
    kAnswered,  // row is valid
    kReached,   // a server is there, but would not say: it is starting, or the login failed; or
                // what it said is not the answer of this node
    kAbsent,    // nothing listens there, or the host says so
    kSilent,    // no answer within the time allowed, or the name is not known
  };
  std::string name;
  Kind kind = Kind::kSilent;
  bool is_upstream = false;  // this node receives, or last received, from it
  std::string error;         // why there is no answer
  PeerRow row;
};

// What restore_command brought when it was asked for the WAL that is to come next.
struct ArchiveAnswer {
  enum class Kind {
    kNoCommand,    // none is set
    kNothing,      // neither WAL beyond what is here nor a newer timeline
    kSegment,      // the segment after, or around, the last byte that is here
    kNewTimeline,  // the history of the timeline after this one's
    kNoAnswer,     // that cannot be told; error says why
  };
  Kind kind = Kind::kNoCommand;
  std::string segment;      // name of the file that was asked for
  TimelineId timeline = 0;  // the newer one
  std::string error;
};

struct PromotionFacts {
  NodeFacts node;
  std::string node_name;  // empty if it has none
  Reign reign;            // of the primary whose WAL this node has
  bool registry_readable = false;
  std::vector<PeerAnswer> peers;
  GateReasons own_gate = 0;   // reasons for which this server's write gate would stay closed
  std::string own_gate_text;  // more about them: who fenced it, or what cannot be read
  ArchiveAnswer archive;
  std::string synchronous_standby_names;
  bool fences_when_isolated = false;  // pg_baton.isolation_policy
};

// One finding a check.  On a server that is no standby the only row is `is_standby`, critical.
std::vector<Finding> CheckPromotion(const PromotionFacts& facts);

// The reasons against it, joined: the messages of all critical findings.  Empty if there are none.
std::string ReasonsAgainst(const std::vector<Finding>& findings);

// Whether this check, and no other one, is critical.
bool IsOnlyOneAgainst(const std::vector<Finding>& findings, std::string_view check);

}  // namespace baton::core
