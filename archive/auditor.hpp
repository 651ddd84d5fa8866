// The audit of a WAL archive in a folder: everything that is in it, once, and what it means for a
// restore.  It changes nothing.
//
// First all names are read, of which no list is kept, and the few small files; then the segments,
// one at a time, timeline by timeline in the order of the WAL.  So memory does not grow with the
// archive, what is found comes in an order that does not depend on the file system's, and it can be
// handed on at once, which is why it goes to a callback: an archive may have as many faults as
// files.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "archive/open_file.hpp"
#include "core/archive_audit.hpp"

namespace baton::archive {

struct AuditRequest {
  fs::path folder;
  bool quick = false;  // names, sizes, histories; no segment is read, but the first for its size
  std::vector<core::BackupNote> backups;  // that are known besides those noted in the archive
  core::ArchivingServer server;
  std::map<core::TimelineId, core::TimelineHistory> histories;  // the server's
};

struct AuditHooks {
  std::function<void(const core::ArchiveFinding&)> found;
  // Called often, between pieces of 256 kB at least; what it throws ends the audit.
  std::function<void()> pause;
};

// Throws kNotFound or kFailed where the folder cannot be read at all.
void Audit(const AuditRequest& request, const AuditHooks& hooks);

}  // namespace baton::archive
