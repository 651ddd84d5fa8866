// The role by which the nodes reach each other: its password, attributes and grants.
#pragma once

#include <optional>
#include <string>

#include "core/node_role_plan.hpp"
#include "helper/setup/setup.hpp"

namespace baton::helper {

class NodeRole {
 public:
  // Looks at the role and the password file, and asks for the password where the request says so.
  explicit NodeRole(Setup& setup);

  const core::Problems& problems() const { return plan_.problems; }

  // Makes the role, or what it lacks.  Its password goes to the server as a SCRAM verifier, so that
  // no log can have it.
  void Ensure();

 private:
  void EnsurePassword();
  void EnsureGrants();

  Setup& setup_;
  bool exists_ = false;
  std::string stored_;    // in the password file; empty: none
  std::string password_;  // that is to be used; empty: none is known
  core::NodeRolePlan plan_;
};

// Makes baton_node a member of `role`.
void EnsureMembership(Setup& setup, const std::string& role, bool member_exists);

}  // namespace baton::helper
