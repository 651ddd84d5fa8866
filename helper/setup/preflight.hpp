// What setup-primary looks at before it changes anything: where the server is, and what speaks
// against setting it up from here.
#pragma once

#include "core/problem.hpp"
#include "helper/setup/setup.hpp"

namespace baton::helper {

// Throws core::Refusal: roles, settings and extensions are a superuser's to change.
void RequireSuperuser(Setup& setup);

ServerPlaces ReadPlaces(Connection& server, const std::string& bindir);

// That it is this host's and this user's.
core::Problems FindPlaceProblems(Setup& setup);

core::Problems FindSetupProblems(Setup& setup);

}  // namespace baton::helper
