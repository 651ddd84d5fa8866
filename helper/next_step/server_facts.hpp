// What is to be known about one server of this host, asked within seconds and without a change.
#pragma once

#include "core/next_step.hpp"
#include "helper/next_step/local_servers.hpp"

namespace baton::helper {

// Where its data is, for one of which only the cluster is known; the same server may have been
// found in another way, too.  What cannot be learned is in `doubt`.
core::LocalServer LookAtServer(const FoundServer& found);

}  // namespace baton::helper
