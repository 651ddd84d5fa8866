// What a primary had not archived yet when it became a standby: with archive_mode on nothing
// archives there, and the new primary takes what it received for archived.
#pragma once

#include "core/lsn.hpp"

namespace baton {

// Whether this server archives by archive_command while it is a primary, and then only.
bool ArchivesByCommand();

// Where the first segment begins that waits for the archiver; none if none does.
core::Lsn OldestUnarchived();

// On a standby: hands the next file that waits to archive_command.  Returns whether nothing waits.
// A file that fails is tried again a while later.  Interruptible.
bool ArchiveLeft();

}  // namespace baton
