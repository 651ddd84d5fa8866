// WAL of the common history that only this node has and that is not in the archive yet: without
// it, nobody restores a backup from before the fork to a moment after it.
#pragma once

#include <string>
#include <vector>

#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

struct Unarchived {
  std::vector<std::string> segments;
  std::string because;  // why the first of them was not; empty if there are none
};

// Archives segments that end at the fork or before and wait for it, by this node's own
// archive_command, or by our own library, as its archiver would; those that could not be archived
// are returned.
Unarchived ArchiveCommonHistory(const Workplace& place);

}  // namespace baton::helper
