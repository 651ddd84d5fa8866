// The only real proof of an archive: a base backup is restored with it into a scratch server, which
// is started, read and removed.
#pragma once

#include "helper/archive/restore_request.hpp"
#include "helper/output.hpp"

namespace baton::helper {

// Returns when all of it is done and removed.  Throws kRefused or a Refusal before anything is
// made; kRefused also where the backup is damaged, or cannot be restored, or not as far as the
// archive goes; kFailed where that could not be found out; kInterrupted after SIGINT.  In each case
// the scratch folder is as it was.  A dry run ends after the checks, and says what would be done.
void RunRestoreTest(const RestoreTestRequest& request, Output& output);

}  // namespace baton::helper
