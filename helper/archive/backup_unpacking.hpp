// A base backup, unpacked where a restore test wants it: nothing in it points outside any more.
#pragma once

#include <string>

#include "helper/archive/backup_source.hpp"
#include "helper/archive/restore_scratch.hpp"
#include "helper/system/programs.hpp"

namespace baton::helper {

// Copies or unpacks all but the WAL, and places tablespaces in the scratch folder.  Throws with
// what cp or tar said.
void UnpackBackup(const BackupSource& source, const RestoreScratch& scratch);

// Runs pg_verifybackup over the copy; throws kRefused where it is not what its manifest says.
void VerifyBackup(const Programs& programs, const RestoreScratch& scratch);

// Makes the data directory one that recovery may begin in: no signal files of others, no WAL, no
// links but those of tablespaces in the scratch folder.
void Detach(const RestoreScratch& scratch);

}  // namespace baton::helper
