// The role by which the nodes reach each other: its password, attributes and grants.
#pragma once

#include "helper/setup/setup.hpp"

namespace baton::helper {

// Makes the role, or what it lacks.  Its password is in the password file, or is asked for, or is
// made here; it goes to the server as a SCRAM verifier, so that no log can have it.
void EnsureNodeRole(Setup& setup);

// Makes baton_node a member of `role`.
void EnsureMembership(Setup& setup, const std::string& role, bool member_exists);

}  // namespace baton::helper
