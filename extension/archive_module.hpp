// archive_library = 'pg_baton': what the server's archiver calls for each file
// (src/backend/postmaster/pgarch.c).
//
// A child does the work, so that a file system that hangs keeps the archiver from nothing: not from
// a shutdown, which it would otherwise make endless, nor from new settings.  Further children
// archive the segments that wait next at the same time, so that the archive's disk does not flush
// for one after the other.
//
// The server is told of a file only when it is durable; what it does not ask for any more is given
// up.  Every failure is a warning in the server's log and counted in pg_stat_archiver.
#pragma once

namespace baton::archive_module {

// False, with a warning that says why, where there is no directory, or one that is refused.
bool IsConfigured();
// False if it failed, with a warning that says why.
bool ArchiveFile(const char* name, const char* path);
void ShutDown();

}  // namespace baton::archive_module
