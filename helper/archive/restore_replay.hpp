// The part of a restore test in which the archive has its say: a server replays what it brings, and
// is read.
#pragma once

#include "core/lsn.hpp"
#include "helper/archive/restore_request.hpp"
#include "helper/archive/restore_scratch.hpp"
#include "helper/output.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// `begun_on` is the timeline of the base backup, which lies in the scratch folder, detached from
// where it comes from.  Throws kRefused where it cannot be restored, or not as far as it has to be;
// kFailed where that cannot be found out.
void ReplayAndRead(const RestoreTestRequest& request, const Programs& programs,
                   const RestoreScratch& scratch, core::TimelineId begun_on, Output& output);

}  // namespace baton::helper
