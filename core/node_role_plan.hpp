// What the role by which nodes reach each other still needs, and what must not be done to it: other
// nodes may use it already.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/password_verifier.hpp"
#include "core/problem.hpp"

namespace baton::core {

struct NodeRoleFacts {
  std::string name;
  bool exists = false;
  bool can_login = false;
  bool can_replicate = false;
  bool is_expired = false;    // its VALID UNTIL is over
  int connection_limit = -1;  // -1: none
  std::string valid_until;    // as text; empty: for ever
  VerifierKind verifier = VerifierKind::kNone;
};

struct NodePasswordFacts {
  std::string passfile;
  bool is_known = false;  // from the password file, or typed
  bool was_typed = false;
  std::optional<bool> fits;    // the role's; nullopt: there is none, or that cannot be told
  bool new_asked_for = false;  // whatever the role has now is replaced
  bool is_needed = true;       // not where nodes log in by certificate
};

struct NodeRolePlan {
  bool creates = false;
  std::vector<std::string> attributes;  // of CREATE ROLE or ALTER ROLE
  std::vector<std::string> before;      // of ALTER ROLE, by which those and a first password go
  bool makes_password = false;          // there is none that could be used
  bool sets_password = false;
  std::string why_password;  // why it is set; empty if the role has none yet
  Problems problems;
};
NodeRolePlan PlanNodeRole(const NodeRoleFacts& role, const NodePasswordFacts& password);

}  // namespace baton::core
