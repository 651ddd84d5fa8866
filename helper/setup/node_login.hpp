// How the other nodes get into this server: with TLS or without, by password or by certificate.
#pragma once

#include "helper/setup/setup.hpp"

namespace baton::helper {

// As the request has it, or else as the registry, an earlier run and pg_hba.conf have it.
NodeLogin ReadNodeLogin(Setup& setup);

// What the server lacks for it, and whether its certificate is what the request trusts; that one is
// looked at now, before anything is changed.
core::Problems FindLoginProblems(Setup& setup);

}  // namespace baton::helper
