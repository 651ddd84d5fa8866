#include "archive_target.hpp"

#include "pg/postgres.hpp"

#include "archive/store.hpp"
#include "core/archive_command.hpp"
#include "core/wal_segment.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "settings.hpp"

namespace baton {

ArchiveTarget ArchiveTargetNow() {
  return {setting::ArchiveDirectory(), setting::ArchiveCompression()};
}

bool ArchivesByOwnLibrary() {
  return XLogArchiveLibrary != nullptr && core::IsOwnArchiveLibrary(XLogArchiveLibrary);
}

Errand::Work ArchiveWork(const ArchiveTarget& target, const std::string& name,
                         const std::string& path) {
  core::SegmentOrigin origin;
  origin.system_identifier = pg::Call([] { return GetSystemIdentifier(); });
  origin.segment_bytes = static_cast<std::uint64_t>(wal_segment_size);
  origin.page_magic = XLOG_PAGE_MAGIC;
  return [target, name, path, origin, data = std::string(DataDir)] {
    // Links may have changed since the setting was looked at.
    archive::RequireOutside(target.directory, data);
    archive::Store(target.directory).Put(path, name, target.packing, origin);
    return std::string();
  };
}

Errand::Work CheckWork(const std::string& directory) {
  return [directory, data = std::string(DataDir)] {
    archive::RequireOutside(directory, data);
    return std::string();
  };
}

}  // namespace baton
