// What a primary had not archived yet when it became a standby: with archive_mode on nothing
// archives there, and the new primary takes what it received for archived.
#pragma once

#include "core/lsn.hpp"

namespace baton {

// Whether this server archives while it is a primary, and then only, by a command or by our own
// library.
bool ArchivesWhatIsLeft();

// Where the first segment begins that waits for the archiver; none if none does.
core::Lsn OldestUnarchived();

// On a standby: archives the next file that waits, by archive_command or our own library.  Returns
// whether nothing waits.  A file that fails is tried again a while later.  Interruptible.
bool ArchiveLeft();

}  // namespace baton
