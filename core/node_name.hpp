// What a node may be called.  One name serves as pg_baton.node_name, as application_name and as the
// name of the replication slot, so the rule is that of slots, the strictest of the three
// (ReplicationSlotValidateName in src/backend/replication/slot.c).
#pragma once

#include <string>
#include <string_view>

namespace baton::core {

// True for one to 63 characters of a-z, 0-9 and the underscore.
bool IsNodeName(std::string_view text);

// Throws kInvalidName, with detail and hint, unless `text` is a node name.
void RequireNodeName(std::string_view text);

}  // namespace baton::core
