// What promoting this server would mean now.  Whoever asks, SQL, helper or trigger file, gets the
// answer of these rules; baton.promote() refuses while one of them is critical.
#pragma once

#include <string>
#include <vector>

#include "core/finding.hpp"
#include "core/node_facts.hpp"

namespace baton::core {

// What came back when another registered node was asked who it is.
struct PeerAnswer {
  enum class Kind {
    kAnswered,  // role and position are valid
    kReached,   // a server is there, but would not say: it is starting, or the login failed
    kAbsent,    // nothing listens there, or the host says so
    kSilent,    // no answer within the time allowed, or the name is not known
  };
  std::string name;
  Kind kind = Kind::kSilent;
  bool is_upstream = false;  // this node receives, or last received, from it
  std::string error;         // why there is no answer
  Role role = Role::kUnknown;
  TimelineId timeline = 0;
  Lsn position;  // the larger of received and replayed, or a primary's current one
};

struct PromotionFacts {
  NodeFacts node;
  bool registry_readable = false;
  std::vector<PeerAnswer> peers;
};

// One finding a check.  On a server that is no standby the only row is `is_standby`, critical.
std::vector<Finding> CheckPromotion(const PromotionFacts& facts);

// The reasons against it, joined: the messages of all critical findings.  Empty if there are none.
std::string ReasonsAgainst(const std::vector<Finding>& findings);

}  // namespace baton::core
