// A new base backup of a running server, for a restore test.
#pragma once

#include "helper/archive/restore_request.hpp"
#include "helper/archive/restore_scratch.hpp"
#include "helper/output.hpp"
#include "helper/server/connection.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Without its WAL: that has to come from the archive.  Throws kFailed with what pg_basebackup said.
void TakeBackup(Connection& server, const RestoreTestRequest& request, const Programs& programs,
                const RestoreScratch& scratch, Output& output);

}  // namespace baton::helper
